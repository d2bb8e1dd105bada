//! The table of contents: which upstream answers what, and that nothing else reaches one.
use crate::{
    edge::{BODY_LIMIT, Edge, PATIENT},
    upstream::Upstream,
};

struct Suite {
    edge: Edge,
    auth: Upstream,
    hello: Upstream,
}

async fn suite() -> Suite {
    let auth = Upstream::saying("x-served-by: auth\r\n", "{}").await;
    let hello = Upstream::saying("x-served-by: hello\r\n", "{}").await;
    let edge = Edge::new(&auth.url, &hello.url, PATIENT, BODY_LIMIT).await;
    Suite { edge, auth, hello }
}

#[tokio::test]
async fn every_path_reaches_its_upstream() {
    let mut suite = suite().await;
    for (path, upstream, there) in [
        ("/", "hello", "/"),
        ("/secure", "hello", "/secure"),
        ("/admin", "hello", "/admin"),
        ("/whoami", "hello", "/whoami"),
        ("/hello/openapi.json", "hello", "/openapi.json"),
        ("/login", "auth", "/login"),
        ("/refresh", "auth", "/refresh"),
        ("/logout", "auth", "/logout"),
        ("/.well-known/jwks.json", "auth", "/.well-known/jwks.json"),
        ("/.well-known/oauth-authorization-server", "auth", "/.well-known/oauth-authorization-server"),
        ("/auth/openapi.json", "auth", "/openapi.json"),
    ] {
        for query in ["", "?a=1&b=%2F..%2F", "?"] {
            let answer = suite.edge.get(&format!("{path}{query}"), "").await;
            assert_eq!((answer.status(), answer.one("x-served-by")), (200, upstream), "{path}{query}");
            let received = if upstream == "auth" { suite.auth.request().await } else { suite.hello.request().await };
            assert_eq!(received.head.line, format!("GET {there}{query} HTTP/1.1"));
        }
    }
}

#[tokio::test]
async fn every_method_passes() {
    let mut suite = suite().await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in ["/", "/secure"] {
            let request = format!("{method} {path} HTTP/1.1\r\nhost: edge.test\r\naccept: text/html\r\n\r\n");
            assert_eq!(suite.edge.ask(&request).await.status(), 200);
            assert_eq!(suite.hello.request().await.head.line, format!("{method} {path} HTTP/1.1"));
        }
    }
}

#[tokio::test]
async fn a_method_that_no_route_has_reaches_no_upstream() {
    let suite = suite().await;
    for method in ["QUERY", "TRACE", "BREW", "get"] {
        for (path, allowed) in [
            ("/", "GET,HEAD"),
            ("/secure", "GET,HEAD"),
            ("/login", "GET,POST"),
            ("/refresh", "POST"),
            ("/auth/openapi.json", "GET,HEAD"),
        ] {
            let answer = suite.edge.ask(&format!("{method} {path} HTTP/1.1\r\nhost: edge.test\r\n\r\n")).await;
            assert_eq!((answer.status(), answer.one("allow")), (405, allowed), "{method} {path}");
        }
    }
    assert_eq!((suite.auth.connections(), suite.hello.connections()), (0, 0));
}

#[tokio::test]
async fn whoami_can_be_hidden() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::without_whoami(&hello).await;
    for method in ["GET", "HEAD", "POST"] {
        let mut client = edge.send(&format!("{method} /whoami HTTP/1.1\r\nhost: edge.test\r\n\r\n")).await;
        let head = client.head().await.expect("a head");
        assert!(head.line.contains(" 404 "), "{method}: {}", head.line);
    }
    assert_eq!(hello.connections(), 0);
    assert_eq!(edge.get("/secure", "").await.status(), 200);
}

#[tokio::test]
async fn an_upstreams_refusal_passes_as_it_is() {
    let refusal =
        "HTTP/1.1 405 Method Not Allowed\r\nallow: GET,HEAD\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nno";
    let hello = Upstream::answering(refusal).await;
    let edge = Edge::before(&hello).await;
    let answer = edge.ask("DELETE /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    assert_eq!((answer.status(), answer.one("allow"), answer.body.as_str()), (405, "GET,HEAD", "no"));
}

#[tokio::test]
async fn no_other_path_reaches_an_upstream() {
    let suite = suite().await;
    for path in [
        "/nothing",
        "/openapi.json",
        "/version",
        "/secure/",
        "/secure/..",
        "/admin/",
        "/%61dmin",
        "/secure/../login",
        "/./secure",
        "//secure",
        "/%73ecure",
        "/..",
        "/../secure",
        "/%2e%2e/secure",
        "/.%2e/secure",
        "/ui/../secure",
        "/ui/%2e%2e%2fsecure",
        "/ui/..%5csecure",
        "/ui/..;/secure",
        "/auth/../hello/openapi.json",
        "/auth/openapi.json/../../login",
        "/auth/login",
        "/auth",
        "/secure%00",
        "/secure%0d%0ax:1",
        "/secure;x=1",
        "/.well-known/",
        "*",
    ] {
        let answer = suite.edge.get(path, "").await;
        assert!(matches!(answer.status(), 400 | 404), "{path}: {answer:?}");
    }
    assert_eq!((suite.auth.connections(), suite.hello.connections()), (0, 0));
}
