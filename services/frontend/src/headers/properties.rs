//! What holds for every header that anybody can send: the fuzz target of this module, as an ordinary test.
//! `PROPTEST_CASES=1000000 cargo test -p frontend properties` looks further.
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use chassis::server::Peer;
use http_body::SizeHint;
use proptest::prelude::*;

use super::*;

/// Fields that mean something to somebody on the way, and some that mean nothing.
const KNOWN: [&str; 34] = [
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
    KNOWN[..13].contains(&name)
        || matches!(name, "host" | "via" | "forwarded" | "x-real-ip")
        || name.starts_with("x-forwarded")
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

fn name() -> impl Strategy<Value = HeaderName> {
    let known = prop::sample::select(&KNOWN[..]).prop_map(HeaderName::from_static);
    let any = "[a-z0-9!#$%&'*+.^_`|~-]{1,20}".prop_map(|text| text.parse().expect("a token"));
    prop_oneof![4 => known, 1 => any]
}

/// Any bytes that hyper lets pass, with a liking for lists of field names, lengths and quotes.
fn value() -> impl Strategy<Value = HeaderValue> {
    let listed = prop::collection::vec(prop::sample::select(&KNOWN[..]), 1..4).prop_map(|names| names.join(" ,"));
    let odd = prop::sample::select(
        &["chunked", "gzip, chunked", "5", "5, 5", "close", "keep-alive, x-mine", "100-continue"][..],
    );
    let bytes =
        prop::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..], 0..40);
    prop_oneof![listed.prop_map(String::into_bytes), odd.prop_map(|text| text.as_bytes().to_vec()), bytes,]
        .prop_map(|bytes| HeaderValue::from_bytes(&bytes).expect("bytes of a header"))
}

fn fields() -> impl Strategy<Value = Vec<(HeaderName, HeaderValue)>> {
    prop::collection::vec((name(), value()), 0..24)
}

fn header_of(fields: &[(HeaderName, HeaderValue)]) -> HeaderMap {
    fields.iter().cloned().collect()
}

/// As a reader of the message would: what stands between commas in `Connection`.
fn listed(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).iter();
    let names = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    names.map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect()
}

fn values(headers: &HeaderMap, name: &str) -> Vec<Vec<u8>> {
    headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_client_sends_reaches_an_upstream_only_where_it_may(
        fields in fields(),
        host in prop_oneof![Just("edge.test:8443"), Just("evil\"host"), Just("[::1]:1")],
        length in prop_oneof![Just(None), Just(Some(0)), any::<u64>().prop_map(Some)],
    ) {
        let mut request = Request::new(());
        *request.headers_mut() = header_of(&fields);
        request.headers_mut().insert(header::HOST, HeaderValue::from_static(host));
        request.extensions_mut().insert(Peer(SocketAddr::from(([192, 0, 2, 7], 4711))));
        let sent = request.headers().clone();
        let (mut parts, ()) = request.into_parts();
        for_upstream(&mut parts, &HeaderValue::from_static("hello:80"), length);
        let seen = &parts.headers;

        prop_assert_eq!(values(seen, "host"), [b"hello:80"]);
        prop_assert_eq!(values(seen, "x-forwarded-for"), [b"192.0.2.7"]);
        prop_assert_eq!(values(seen, "x-forwarded-proto"), [b"http"]);
        prop_assert_eq!(values(seen, "via"), [b"1.1 flotilla"]);
        let forwarded = values(seen, "forwarded");
        let told = if host.contains('"') { String::new() } else { format!("host=\"{host}\";") };
        prop_assert_eq!(forwarded, [format!("for=192.0.2.7;{told}proto=http").into_bytes()]);
        let (lengths, codings) = (values(seen, "content-length"), values(seen, "transfer-encoding"));
        prop_assert!(lengths.len() + codings.len() <= 1, "{:?}", seen);
        match length {
            None => prop_assert_eq!(codings, [b"chunked"]),
            Some(0) => prop_assert!(lengths.iter().all(|length| length == b"0")),
            Some(length) => prop_assert_eq!(lengths, [length.to_string().into_bytes()]),
        }
        let listed = listed(&sent);
        for name in seen.keys().map(HeaderName::as_str).filter(|name| !OURS.contains(name)) {
            prop_assert!(!ends_here(name), "{}", name);
            prop_assert!(name == "x-request-id" || !listed.iter().any(|listed| listed == name), "{} is listed", name);
            prop_assert_eq!(values(seen, name), values(&sent, name), "it passes as it is");
        }
        for name in sent.keys().map(HeaderName::as_str) {
            let may_pass = !ends_here(name) && !listed.iter().any(|listed| listed == name);
            prop_assert!(!may_pass || seen.contains_key(name), "{} is missing", name);
        }
    }

    #[test]
    fn what_an_upstream_sends_reaches_the_client_only_where_it_may(
        fields in fields(),
        head in any::<bool>(),
        status in prop::sample::select(&[200_u16, 204, 304, 404, 503][..]),
        length in prop_oneof![Just(None), any::<u32>().prop_map(|length| Some(u64::from(length)))],
    ) {
        let method = if head { Method::HEAD } else { Method::GET };
        let status = StatusCode::from_u16(status).expect("a status");
        let sent = header_of(&fields);
        let mut seen = sent.clone();
        let body = length.map_or_else(SizeHint::new, SizeHint::with_exact);
        for_client(&mut seen, &method, status, &body);

        let lengths = values(&seen, "content-length");
        prop_assert!(lengths.len() <= 1 && !seen.contains_key("transfer-encoding"), "{:?}", seen);
        if framing::has_body(&method, status) {
            let said: Vec<_> = length.iter().map(|length| length.to_string().into_bytes()).collect();
            prop_assert_eq!(lengths, said, "the length is the body's own");
        }
        let listed = listed(&sent);
        for name in seen.keys().map(HeaderName::as_str).filter(|name| *name != "content-length") {
            prop_assert!(!KNOWN[..11].contains(&name) && !matches!(name, "server" | "x-request-id"), "{}", name);
            prop_assert!(!listed.iter().any(|listed| listed == name), "{} is listed", name);
            prop_assert_eq!(values(&seen, name), values(&sent, name), "it passes as it is");
        }
    }
}
