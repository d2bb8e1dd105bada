//! What passes the edge in a header, and what does not (security 24).
use crate::{edge::Edge, upstream::Upstream, wire::Head};

/// What hello sees of a request with these fields.
async fn seen_by_hello(fields: &str) -> Head {
    let mut hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    assert_eq!(edge.get("/secure", fields).await.status(), 200);
    hello.request().await.head
}

/// What a client sees of an answer with these fields.
async fn seen_by_the_client(fields: &str) -> Head {
    let hello = Upstream::saying(fields, "{}").await;
    let edge = Edge::before(&hello).await;
    edge.get("/secure", "").await.head
}

#[tokio::test]
async fn fields_of_the_clients_connection_stay_on_it() {
    for (name, value) in [
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authenticate", "Basic"),
        ("proxy-authorization", "Basic dTpw"),
        ("te", "trailers"),
        ("trailer", "x-sum"),
        ("upgrade", "websocket"),
        ("http2-settings", "AAMAAABkAAQAAP__"),
        ("expect", "100-continue"),
    ] {
        let head = seen_by_hello(&format!("{name}: {value}\r\n")).await;
        assert!(!head.has(name), "{head:?}");
    }
}

#[tokio::test]
async fn fields_of_the_upstreams_connection_stay_on_it() {
    for (name, value) in [
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authenticate", "Basic"),
        ("proxy-authentication-info", "x"),
        ("te", "trailers"),
        ("trailer", "x-sum"),
        ("upgrade", "h2c"),
        ("server", "teapot/1.0"),
        ("x-request-id", "of-the-upstream"),
        ("connection", "upgrade"),
    ] {
        let head = seen_by_the_client(&format!("{name}: {value}\r\n")).await;
        assert!(!head.has(name), "{head:?}");
    }
}

#[tokio::test]
async fn what_the_client_lists_in_connection_stays_on_it() {
    let head = seen_by_hello("connection: X-Mine, close\r\nx-mine: 1\r\nx-other: 2\r\n").await;
    assert!(!head.has("x-mine"));
    assert_eq!(head.one("x-other"), "2");
}

#[tokio::test]
async fn what_the_upstream_lists_in_connection_stays_on_it() {
    let head = seen_by_the_client("connection: x-mine\r\nx-mine: 1\r\nx-other: 2\r\n").await;
    assert!(!head.has("x-mine"));
    assert_eq!(head.one("x-other"), "2");
}

#[tokio::test]
async fn what_we_say_of_the_client_cannot_be_listed_away() {
    let list = "connection: x-forwarded-for, forwarded, host, via, x-request-id, content-length\r\nx-request-id: 7\r\n";
    let head = seen_by_hello(list).await;
    for name in ["x-forwarded-for", "forwarded", "host", "via", "x-request-id"] {
        head.one(name);
    }
}

#[tokio::test]
async fn forged_forwarding_fields_are_replaced() {
    let head = seen_by_hello(
        "x-forwarded-for: 6.6.6.6\r\nx-forwarded-for: 6.6.6.7\r\nx-forwarded-host: evil.test\r\n\
         x-forwarded-proto: https\r\nx-forwarded-port: 666\r\nx-forwarded-prefix: /evil\r\nx-real-ip: 6.6.6.6\r\n\
         forwarded: for=6.6.6.6\r\nvia: 1.1 evil\r\n",
    )
    .await;
    assert_eq!(head.one("x-forwarded-for"), "127.0.0.1");
    assert_eq!(head.one("x-forwarded-host"), "edge.test");
    assert_eq!(head.one("x-forwarded-proto"), "http");
    assert_eq!(head.one("forwarded"), "for=127.0.0.1;host=\"edge.test\";proto=http");
    assert_eq!(head.one("via"), "1.1 flotilla");
    assert!(head.fields.iter().all(|(_, value)| !value.contains("6.6.6") && !value.contains("evil")), "{head:?}");
    assert!(!head.has("x-real-ip") && !head.has("x-forwarded-port") && !head.has("x-forwarded-prefix"));
}

#[tokio::test]
async fn everything_else_passes_to_the_upstream() {
    let head = seen_by_hello(
        "authorization: Bearer a.b.c\r\nx-request-id: 0192\r\ntraceparent: 00-1-2-01\r\ntracestate: a=1\r\n\
         cookie: a=1\r\naccept: application/json\r\nx-twice: 1\r\nx-twice: 2\r\n",
    )
    .await;
    assert_eq!(head.one("authorization"), "Bearer a.b.c");
    assert_eq!(head.one("x-request-id"), "0192");
    assert_eq!(head.one("traceparent"), "00-1-2-01");
    assert_eq!(head.one("tracestate"), "a=1");
    assert_eq!(head.one("cookie"), "a=1");
    assert_eq!(head.all("x-twice"), ["1", "2"]);
}

#[tokio::test]
async fn who_answered_reaches_the_client_unchanged() {
    let head = seen_by_the_client(
        "x-served-by: hello-7\r\nx-service-version: 9.9.9\r\nwww-authenticate: Bearer\r\nset-cookie: a=1\r\n\
         set-cookie: b=2\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
    )
    .await;
    assert_eq!(head.one("x-served-by"), "hello-7");
    assert_eq!(head.one("x-service-version"), "9.9.9");
    assert_eq!(head.one("www-authenticate"), "Bearer");
    assert_eq!(head.all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(head.one("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
}

#[tokio::test]
async fn an_upstream_is_called_by_its_own_name() {
    let mut hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    edge.get("/secure", "").await;
    let host = hello.url.trim_start_matches("http://").to_owned();
    assert_eq!(hello.request().await.head.one("host"), host);
}

#[tokio::test]
async fn a_client_cannot_choose_the_upstream() {
    let mut hello = Upstream::saying("", "hello").await;
    let other = Upstream::saying("", "other").await;
    let edge = Edge::before(&hello).await;
    let target = format!("{}/secure?x=1", other.url);
    let host = other.url.trim_start_matches("http://");
    let answer = edge.ask(&format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
    assert_eq!(answer.body, "hello");
    assert_eq!(hello.request().await.head.line, "GET /secure?x=1 HTTP/1.1");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn an_old_client_is_spoken_for_in_the_new_version() {
    let mut hello = Upstream::saying("", "hello").await;
    let edge = Edge::before(&hello).await;
    let answer = edge.ask("GET /secure HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.head.line, "HTTP/1.0 200 OK");
    let head = hello.request().await.head;
    assert_eq!(head.line, "GET /secure HTTP/1.1");
    assert_eq!(head.one("via"), "1.0 flotilla");
    assert!(!head.has("x-forwarded-host"));
}
