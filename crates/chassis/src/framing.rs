//! Refuses requests that two readers could understand differently, or that are larger than a service needs.
//!
//! hyper has parsed the message; what it lets pass is judged here: `Host` (RFC 9112 section 3.2), transfer codings
//! (section 6.1), methods (RFC 9110 section 9), sizes (RFC 6585 section 5).
use std::net::Ipv6Addr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header, uri::Authority},
};

use crate::Problem;

const MAX_TARGET_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// The problem to answer with, if the request is to be refused. The connection ends with it: what follows on it cannot be trusted.
pub(crate) fn refusal(request: &Request) -> Option<Problem> {
    let problem = method(request.method())
        .or_else(|| sizes(request))
        .or_else(|| host(request))
        .or_else(|| transfer_coding(request.headers()))?;
    Some(problem.header(header::CONNECTION, HeaderValue::from_static("close")))
}

/// The method as a label: a fixed set, whatever clients send.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn method(method: &Method) -> Option<Problem> {
    match *method {
        Method::TRACE | Method::CONNECT => {
            Some(Problem::new(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, HeaderValue::from_static(METHODS)))
        }
        _ if method_label(method) == "other" => {
            Some(Problem::new(StatusCode::NOT_IMPLEMENTED).detail("an unknown method"))
        }
        _ => None,
    }
}

fn sizes(request: &Request) -> Option<Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > MAX_TARGET_BYTES {
        return Some(
            Problem::new(StatusCode::URI_TOO_LONG)
                .detail(format!("the target is longer than {MAX_TARGET_BYTES} bytes")),
        );
    }
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    (headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES).then(|| {
        let detail = format!("more than {MAX_HEADERS} header fields or {MAX_HEADER_BYTES} bytes of them");
        Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).detail(detail)
    })
}

fn host(request: &Request) -> Option<Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let wrong = match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => return None,
        (None, None) if request.version() < Version::HTTP_11 => return None,
        (None, _) => "the Host header is missing",
        (Some(_), Some(_)) => "more than one Host header",
        (Some(_), None) => "the Host header is malformed",
    };
    Some(Problem::new(StatusCode::BAD_REQUEST).detail(wrong))
}

fn is_host(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    // What nearly everybody sends needs no parser.
    if bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte))
    {
        return true;
    }
    Authority::try_from(bytes).is_ok_and(|authority| {
        let (host, text) = (authority.host(), authority.as_str());
        let port = text.strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
        is_name_or_address(host) && (text == host || port.is_some_and(is_port))
    })
}

fn is_name_or_address(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty(),
    }
}

/// Digits only: a number's own parser takes a sign, too. Empty is allowed (RFC 3986 section 3.2.3).
fn is_port(port: &str) -> bool {
    port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn transfer_coding(headers: &HeaderMap) -> Option<Problem> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let wrong = match (codings.next(), codings.next()) {
        (None, _) => return None,
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            headers.get(header::CONTENT_LENGTH).map(|_| "Content-Length together with Transfer-Encoding")?
        }
        _ => "a transfer coding other than chunked",
    };
    Some(Problem::new(StatusCode::BAD_REQUEST).detail(wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(build: impl FnOnce(axum::http::request::Builder) -> axum::http::request::Builder) -> Request {
        build(axum::http::Request::builder().uri("/")).body(axum::body::Body::empty()).expect("a request")
    }

    fn refused(request: &Request) -> bool {
        refusal(request).is_some()
    }

    #[test]
    fn exactly_one_well_formed_host_is_needed() {
        assert!(!refused(&request(|r| r.header("host", "localhost:8080"))));
        assert!(!refused(&request(|r| r.header("host", "[::1]:8080"))));
        assert!(refused(&request(|r| r)));
        assert!(refused(&request(|r| r.header("host", "a").header("host", "a"))));
        for malformed in ["", "a b", "a/b", "user@a", "a,b c", "a:b", "a:70000", "a:+80", "[x]", ":80"] {
            assert!(refused(&request(|r| r.header("host", malformed))), "{malformed}");
        }
        assert!(!refused(&request(|r| r.version(Version::HTTP_10))), "HTTP/1.0 has no Host");
    }

    #[test]
    fn only_chunked_by_itself_is_a_transfer_coding() {
        let with = |codings: &[&str], length: bool| {
            refused(&request(|mut r| {
                r = r.header("host", "a");
                for coding in codings {
                    r = r.header("transfer-encoding", *coding);
                }
                if length { r.header("content-length", "3") } else { r }
            }))
        };
        assert!(!with(&["chunked"], false));
        assert!(with(&["chunked, chunked"], false));
        assert!(with(&["gzip, chunked"], false));
        assert!(with(&["chunked", "chunked"], false));
        assert!(with(&["chunked"], true));
    }

    #[test]
    fn methods_outside_the_usual_are_refused() {
        for method in ["TRACE", "CONNECT", "BREW"] {
            assert!(refused(&request(|r| r.header("host", "a").method(method))), "{method}");
        }
    }

    #[test]
    fn too_many_or_too_large_headers_are_refused() {
        let many = request(|mut r| {
            for n in 0..64 {
                r = r.header(format!("x-{n}"), "1");
            }
            r.header("host", "a")
        });
        assert!(refused(&many));
        assert!(refused(&request(|r| r.header("host", "a").header("cookie", "c".repeat(16 * 1024)))));
        assert!(refused(&request(|r| r.header("host", "a").uri(format!("/{}", "p".repeat(8 * 1024))))));
    }
}
