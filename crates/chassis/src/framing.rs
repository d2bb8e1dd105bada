//! Refuses requests that two readers could understand differently, or that are larger than a service needs.
//!
//! hyper has parsed the message; what it lets pass is judged here: `Host` (RFC 9112 section 3.2), transfer codings
//! (section 6.1), methods (RFC 9110 section 9), sizes (RFC 6585 section 5).
use std::net::Ipv6Addr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, uri::Authority},
};

use crate::{Problem, request_id::REQUEST_ID};

const MAX_TARGET_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Fields that a proxy adds or replaces. One of each does not count: what the frontend accepts, the service behind it has to
/// accept, too, with these in addition.
const PROXY_FIELDS: [HeaderName; 7] = [
    header::HOST,
    header::FORWARDED,
    header::VIA,
    REQUEST_ID,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];
/// Bytes of those that do not count, all together: three times a name of a host (255), an id (128), two addresses, and the
/// names of the fields.
const MAX_PROXY_BYTES: usize = 1536;
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Whether the answer to this request is the last on its connection: because of a transfer coding, or of a method that no
/// route has.
///
/// hyper goes by the coding alone where a length stands next to it, and hides the length: then nothing may follow on the
/// connection (RFC 9112 section 6.1), so nothing follows after any coding.
pub(crate) fn ends_connection(request: &Request) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING) || !is_usual(request.method())
}

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

/// The methods that routes are made of. The router answers any other with 405 and the methods that the path has.
fn is_usual(method: &Method) -> bool {
    method_label(method) != "other"
}

/// CONNECT names no path, so no router can answer it.
fn method(method: &Method) -> Option<Problem> {
    (*method == Method::CONNECT)
        .then(|| Problem::new(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, HeaderValue::from_static(METHODS)))
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
    let bytes = headers.iter().map(|(name, value)| field_bytes(name, value)).sum();
    are_too_large(headers, bytes).then(|| {
        let detail = format!("more than {MAX_HEADERS} header fields or {MAX_HEADER_BYTES} bytes of them");
        Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).detail(detail)
    })
}

fn are_too_large(headers: &HeaderMap, bytes: usize) -> bool {
    // Nearly all requests are far below.
    if headers.len() < MAX_HEADERS && bytes <= MAX_HEADER_BYTES {
        return false;
    }
    let by_a_proxy = PROXY_FIELDS.into_iter().filter_map(|name| Some(field_bytes(&name, headers.get(&name)?)));
    let (fields, bytes_of_them) = by_a_proxy.fold((0, 0), |(fields, all), bytes| (fields + 1, all + bytes));
    headers.len() - fields >= MAX_HEADERS || bytes - bytes_of_them.min(MAX_PROXY_BYTES) > MAX_HEADER_BYTES
}

fn field_bytes(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len()
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
    fn a_method_that_no_route_has_is_left_to_the_router_and_ends_the_connection() {
        for method in ["TRACE", "QUERY", "BREW", "get"] {
            let request = request(|r| r.header("host", "a").method(method));
            assert!(!refused(&request) && ends_connection(&request), "{method}");
        }
        let connect = request(|r| r.header("host", "a").method("CONNECT"));
        assert!(refused(&connect), "it names no path that a router could look for");
        assert!(!ends_connection(&request(|r| r.header("host", "a").method("DELETE"))));
    }

    /// With as many fields, and one whose value has as many bytes, as a client may send; and what the frontend adds.
    #[test]
    fn what_the_frontend_accepts_is_accepted_behind_it() {
        let long_name = "h".repeat(255);
        let forwarded = format!("for=\"[{}]\";host=\"{long_name}\";proto=https", "f".repeat(39));
        let (long_id, address) = ("i".repeat(128), "f".repeat(39));
        let by_the_frontend = [
            ("host", long_name.as_str()),
            ("x-forwarded-for", &address),
            ("x-forwarded-host", &long_name),
            ("x-forwarded-proto", "https"),
            ("forwarded", &forwarded),
            ("via", "1.1 flotilla"),
            ("x-request-id", &long_id),
        ];
        let behind = |sent: &[(String, String)]| {
            request(|mut r| {
                for (name, value) in sent {
                    r = r.header(name, value);
                }
                by_the_frontend.iter().fold(r, |r, (name, value)| r.header(*name, *value))
            })
        };
        let fields = |count| (0..count).map(|n| (format!("x-{n}"), "1".to_owned())).collect::<Vec<_>>();
        assert!(!refused(&behind(&fields(63))), "63 fields and Host");
        assert!(refused(&behind(&fields(64))));
        let bytes = |count: usize| [("x".to_owned(), "v".repeat(count - 1))];
        assert!(!refused(&behind(&bytes(MAX_HEADER_BYTES))));
        assert!(refused(&behind(&bytes(MAX_HEADER_BYTES + 1))));
    }

    #[test]
    fn what_a_proxy_may_add_is_not_free_without_a_limit() {
        let via = |count| request(|r| (0..count).fold(r.header("host", "a"), |r, _| r.header("via", "1.1 a")));
        assert!(!refused(&via(64)), "one of them does not count");
        assert!(refused(&via(65)));
        let long = |bytes: usize| request(|r| r.header("host", "a").header("via", "v".repeat(bytes)));
        assert!(!refused(&long(MAX_HEADER_BYTES)));
        assert!(refused(&long(MAX_HEADER_BYTES + MAX_PROXY_BYTES)));
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
