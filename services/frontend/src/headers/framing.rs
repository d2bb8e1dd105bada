//! Where a message ends (RFC 9112 section 6). What came in is judged here; what goes out is said anew from the body itself,
//! so that we and the next reader cannot disagree on it.
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// How a message said it would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// No `Transfer-Encoding`.
    None,
    /// Exactly `chunked`.
    Chunked,
    /// Anything else: we would have to decode it to pass it on.
    Other,
}

/// Reads `Transfer-Encoding`.
fn coding(headers: &HeaderMap) -> Coding {
    let mut values = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Coding::None,
        (Some(only), None) if only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => Coding::Chunked,
        _ => Coding::Other,
    }
}

/// The length of the body a request's header announces; `None` for one in chunks (RFC 9112 section 6.3).
/// hyper has refused a `Content-Length` that contradicts itself.
pub(crate) fn announced_length(headers: &HeaderMap) -> Result<Option<u64>, UnknownCoding> {
    match coding(headers) {
        Coding::Other => Err(UnknownCoding),
        Coding::Chunked => Ok(None),
        Coding::None => Ok(headers.get(header::CONTENT_LENGTH).map_or(Some(0), length_in)),
    }
}

/// A transfer coding we would have to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownCoding;

/// `None` for what only hyper can read, such as `5, 5`: the body then goes on in chunks.
fn length_in(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.parse().ok()
}

/// Whether an answer to this request has a body (RFC 9110 section 6.4.1).
pub(crate) fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Whether an answer says where it ends. One that ends with its connection does not: a cut would look like the end.
pub(crate) fn is_framed(headers: &HeaderMap, method: &Method, status: StatusCode) -> bool {
    !has_body(method, status)
        || match coding(headers) {
            Coding::None => headers.contains_key(header::CONTENT_LENGTH),
            Coding::Chunked => true,
            Coding::Other => false,
        }
}

/// The length an answer to HEAD, or a 304, tells of the body it does not have (RFC 9110 section 8.6).
pub(super) fn length_without_body(headers: &HeaderMap, method: &Method, status: StatusCode) -> Option<u64> {
    if has_body(method, status) || status == StatusCode::NO_CONTENT {
        return None;
    }
    headers.get(header::CONTENT_LENGTH).and_then(length_in)
}

/// Says where a request's body ends: hyper would send a GET's body of unknown length as no body.
pub(super) fn set_for_request(headers: &mut HeaderMap, length: Option<u64>) {
    match length {
        Some(length) => set_length(headers, length),
        None => {
            headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

pub(super) fn set_length(headers: &mut HeaderMap, length: u64) {
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_chunked_alone_is_understood() {
        assert_eq!(coding(&headers(&[])), Coding::None);
        assert_eq!(coding(&headers(&[("transfer-encoding", " Chunked ")])), Coding::Chunked);
        for odd in ["gzip, chunked", "chunked, chunked", "identity", "", "xchunked"] {
            assert_eq!(coding(&headers(&[("transfer-encoding", odd)])), Coding::Other, "{odd}");
        }
        assert_eq!(
            coding(&headers(&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")])),
            Coding::Other
        );
    }

    #[test]
    fn a_requests_header_announces_its_body() {
        assert_eq!(announced_length(&headers(&[])), Ok(Some(0)));
        assert_eq!(announced_length(&headers(&[("content-length", "5")])), Ok(Some(5)));
        assert_eq!(announced_length(&headers(&[("content-length", "5"), ("content-length", "5")])), Ok(Some(5)));
        assert_eq!(announced_length(&headers(&[("content-length", "5, 5")])), Ok(None));
        assert_eq!(announced_length(&headers(&[("transfer-encoding", "chunked")])), Ok(None));
        assert_eq!(announced_length(&headers(&[("transfer-encoding", "chunked"), ("content-length", "5")])), Ok(None));
        assert_eq!(announced_length(&headers(&[("transfer-encoding", "gzip")])), Err(UnknownCoding));
    }

    #[test]
    fn an_answer_that_ends_with_its_connection_is_not_framed() {
        assert!(!is_framed(&headers(&[]), &Method::GET, StatusCode::OK));
        assert!(!is_framed(&headers(&[("transfer-encoding", "gzip")]), &Method::GET, StatusCode::OK));
        assert!(is_framed(&headers(&[("transfer-encoding", "chunked")]), &Method::GET, StatusCode::OK));
        assert!(is_framed(&headers(&[("content-length", "0")]), &Method::GET, StatusCode::OK));
        assert!(is_framed(&headers(&[]), &Method::HEAD, StatusCode::OK));
        assert!(is_framed(&headers(&[]), &Method::GET, StatusCode::NO_CONTENT));
    }

    #[test]
    fn the_length_of_a_body_that_is_not_sent_is_kept() {
        let told = headers(&[("content-length", "42")]);
        assert_eq!(length_without_body(&told, &Method::HEAD, StatusCode::OK), Some(42));
        assert_eq!(length_without_body(&told, &Method::GET, StatusCode::NOT_MODIFIED), Some(42));
        assert_eq!(length_without_body(&told, &Method::GET, StatusCode::OK), None);
        assert_eq!(length_without_body(&told, &Method::GET, StatusCode::NO_CONTENT), None);
    }
}
