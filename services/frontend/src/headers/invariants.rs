//! What holds for every header that anybody can send. Asserted for generated headers ([`super::properties`]) and for
//! whatever a fuzzer finds (`fuzz/`, target `headers`).
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use chassis::server::Peer;
use http_body::SizeHint;

use super::{for_client, for_upstream, framing};

/// Fields that mean something to somebody on the way, and some that mean nothing.
pub(super) const KNOWN: [&str; 35] = [
    "close",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-authentication-info",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "expect",
    "content-length",
    "host",
    "server",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-anything",
    "x-forwarded",
    "x-real-ip",
    "x-request-id",
    "traceparent",
    "tracestate",
    "authorization",
    "cookie",
    "set-cookie",
    "accept",
    "x-mine",
    "x-served-by",
    "strict-transport-security",
    "www-authenticate",
];

/// Those that never pass as they came, on the way in.
fn ends_here(name: &str) -> bool {
    // As a program reads it that gets fields as variables.
    let read = name.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
    KNOWN[..14].contains(&name)
        || name == "host"
        || matches!(read.as_str(), "via" | "forwarded" | "x-real-ip")
        || read.starts_with("x-forwarded")
}

/// What the edge says itself, whatever was sent.
const OURS: [&str; 8] = [
    "host",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "content-length",
    "transfer-encoding",
];

/// Of a request that a client at 192.0.2.7 sent over plain HTTP with this header, what reaches the upstream is checked.
/// `length` is what its body was announced with; `None` stands for chunks.
pub(super) fn assert_for_request(sent: &HeaderMap, length: Option<u64>) {
    let mut request = Request::new(());
    *request.headers_mut() = sent.clone();
    request.extensions_mut().insert(Peer(SocketAddr::from(([192, 0, 2, 7], 4711))));
    let (mut parts, ()) = request.into_parts();
    for_upstream(&mut parts, &HeaderValue::from_static("hello:80"), length);
    let seen = &parts.headers;

    assert_eq!(values(seen, "host"), [b"hello:80"]);
    assert_eq!(values(seen, "x-forwarded-for"), [b"192.0.2.7"]);
    assert_eq!(values(seen, "x-forwarded-proto"), [b"http"]);
    assert_eq!(values(seen, "via"), [b"1.1 flotilla"]);
    assert_eq!(values(seen, "forwarded"), [forwarded(sent).into_bytes()]);
    let (lengths, codings) = (values(seen, "content-length"), values(seen, "transfer-encoding"));
    assert!(lengths.len() + codings.len() <= 1, "{seen:?}");
    match length {
        None => assert_eq!(codings, [b"chunked"]),
        Some(0) => assert!(codings.is_empty() && lengths.iter().all(|length| length == b"0"), "{seen:?}"),
        Some(length) => assert_eq!(lengths, [length.to_string().into_bytes()]),
    }
    let listed = listed(sent);
    for name in seen.keys().map(HeaderName::as_str).filter(|name| !OURS.contains(name)) {
        assert!(!ends_here(name), "{name}");
        assert!(name == "x-request-id" || !listed.iter().any(|listed| listed == name), "{name} is listed");
        assert_eq!(values(seen, name), values(sent, name), "it passes as it is");
    }
    for name in sent.keys().map(HeaderName::as_str) {
        let may_pass = !ends_here(name) && !listed.iter().any(|listed| listed == name);
        assert!(!may_pass || seen.contains_key(name), "{name} is missing");
    }
}

/// Of an answer with this header to a request with this method, what reaches the client is checked. `length` is the
/// body's own, where it is known.
pub(super) fn assert_for_answer(sent: &HeaderMap, method: &Method, status: StatusCode, length: Option<u64>) {
    let mut seen = sent.clone();
    let body = length.map_or_else(SizeHint::new, SizeHint::with_exact);
    for_client(&mut seen, method, status, &body);

    let lengths = values(&seen, "content-length");
    assert!(lengths.len() <= 1 && !seen.contains_key("transfer-encoding"), "{seen:?}");
    if framing::has_body(method, status) {
        let said: Vec<_> = length.iter().map(|length| length.to_string().into_bytes()).collect();
        assert_eq!(lengths, said, "the length is the body's own");
    }
    let listed = listed(sent);
    for name in seen.keys().map(HeaderName::as_str).filter(|name| *name != "content-length") {
        assert!(!KNOWN[..12].contains(&name) && !matches!(name, "server" | "x-request-id"), "{name}");
        assert!(!listed.iter().any(|listed| listed == name), "{name} is listed");
        assert_eq!(values(&seen, name), values(sent, name), "it passes as it is");
    }
}

/// `Forwarded`, with the host the client named if it is one that can be named.
fn forwarded(sent: &HeaderMap) -> String {
    let nameable = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte);
    let host = sent.get(header::HOST).map(HeaderValue::as_bytes);
    let host = host.filter(|host| (1..=255).contains(&host.len()) && host.iter().all(nameable));
    let told = host.map(|host| format!("host=\"{}\";", String::from_utf8_lossy(host))).unwrap_or_default();
    format!("for=192.0.2.7;{told}proto=http")
}

/// As a reader of the message would: what stands between commas in `Connection`.
fn listed(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).iter();
    let names = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    names.map(|name| String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase()).collect()
}

fn values(headers: &HeaderMap, name: &str) -> Vec<Vec<u8>> {
    headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
}

/// Any bytes as a message: the first says of which kind, the lines after it are its fields. What is no field is left out,
/// as hyper lets none of that pass; it lets 100 pass at most.
#[cfg_attr(not(fuzzing), expect(unreachable_pub, reason = "the fuzz target calls it from outside"))]
pub fn assert_for_bytes(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else { return };
    let sent: HeaderMap = text.split(|byte| *byte == b'\n').filter_map(field).take(100).collect();
    if kind & 1 == 0 {
        // What cannot be read is refused before.
        if let Ok(length) = framing::announced_length(&sent) {
            assert_for_request(&sent, length);
        }
        return;
    }
    let method = if kind & 2 == 0 { Method::GET } else { Method::HEAD };
    let status = [200, 204, 304, 404][usize::from(kind >> 2 & 3)];
    let status = StatusCode::from_u16(status).expect("a status");
    if framing::is_framed(&sent, &method, status) {
        assert_for_answer(&sent, &method, status, (kind & 16 == 0).then_some(u64::from(kind >> 5)));
    }
}

fn field(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name, value))
}
