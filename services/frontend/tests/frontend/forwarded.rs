//! Proxies in front of the edge: whose word on a client is taken, and what of it is passed on (security 24).
use crate::{edge::Edge, upstream::Upstream, wire::Head};

/// What hello sees of a request with these fields, where the peer (127.0.0.1) is or is not among the proxies.
async fn seen_by_hello(proxies: &str, fields: &str) -> Head {
    let mut hello = Upstream::saying("", "{}").await;
    let edge = Edge::behind(proxies, &hello).await;
    assert_eq!(edge.get("/secure", fields).await.status(), 200);
    hello.request().await.head
}

#[tokio::test]
async fn a_trusted_proxy_says_who_its_client_is_and_how_it_came() {
    for fields in [
        "x-forwarded-for: 203.0.113.7\r\nx-forwarded-proto: https\r\n",
        "x-forwarded-for: 6.6.6.6, 203.0.113.7, 10.1.2.3\r\nx-forwarded-proto: https\r\n",
        "forwarded: for=6.6.6.6;proto=http, for=203.0.113.7;proto=https\r\n",
        "x-forwarded-for: 203.0.113.7\r\nforwarded: for=203.0.113.7;proto=https\r\n",
    ] {
        let head = seen_by_hello("127.0.0.1, 10.0.0.0/8", fields).await;
        assert_eq!(head.one("x-forwarded-for"), "203.0.113.7", "{fields}");
        assert_eq!(head.one("x-forwarded-proto"), "https", "{fields}");
        assert_eq!(head.one("forwarded"), "for=203.0.113.7;host=\"edge.test\";proto=https", "{fields}");
        assert_eq!(head.one("via"), "1.1 flotilla");
        assert!(
            head.fields.iter().all(|(_, value)| !value.contains("6.6.6.6") && !value.contains("10.1.2.3")),
            "{head:?}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_says_nothing_or_nonsense_is_the_client_itself() {
    for fields in [
        "",
        "x-forwarded-for: nonsense\r\nx-forwarded-proto: gopher\r\n",
        "x-forwarded-for: 203.0.113.7\r\nforwarded: for=6.6.6.6\r\n",
        "forwarded: for=6.6.6.6;by=\", for=203.0.113.7\r\n",
    ] {
        let head = seen_by_hello("127.0.0.1", fields).await;
        assert_eq!(head.one("x-forwarded-for"), "127.0.0.1", "{fields}");
        assert_eq!(head.one("forwarded"), "for=127.0.0.1;host=\"edge.test\";proto=http", "{fields}");
    }
}

#[tokio::test]
async fn who_is_not_trusted_says_nothing() {
    let fields = "x-forwarded-for: 6.6.6.6\r\nforwarded: for=6.6.6.6;proto=https\r\nx-forwarded-proto: https\r\n";
    let head = seen_by_hello("10.0.0.0/8, ::1", fields).await;
    assert_eq!(head.one("x-forwarded-for"), "127.0.0.1");
    assert_eq!(head.one("x-forwarded-proto"), "http");
    assert_eq!(head.one("forwarded"), "for=127.0.0.1;host=\"edge.test\";proto=http");
}

#[tokio::test]
async fn a_trusted_proxy_does_not_choose_the_host() {
    let head =
        seen_by_hello("127.0.0.1", "x-forwarded-host: evil.test\r\nforwarded: for=203.0.113.7;host=evil.test\r\n")
            .await;
    assert_eq!(head.one("x-forwarded-host"), "edge.test");
    assert!(!head.one("forwarded").contains("evil"));
}

#[tokio::test]
async fn browsers_insist_on_tls_where_a_trusted_proxy_ends_it() {
    const STRICT: &str = "strict-transport-security";
    let https = ["x-forwarded-proto: https\r\n", "forwarded: for=203.0.113.7;proto=https\r\n"];
    let http = ["", "x-forwarded-proto: http\r\n"];
    let all = https.map(|fields| ("127.0.0.1", fields, true)).into_iter();
    let all = all.chain(http.map(|fields| ("127.0.0.1", fields, false)));
    for (proxies, fields, insists) in all.chain(https.map(|fields| ("10.0.0.0/8", fields, false))) {
        let hello = Upstream::saying("", "{}").await;
        let edge = Edge::behind(proxies, &hello).await;
        for path in ["/secure", "/nowhere"] {
            let answer = edge.get(path, fields).await;
            let expected = if insists { vec!["max-age=86400"] } else { vec![] };
            assert_eq!(answer.head.all(STRICT), expected, "{proxies} {fields} {path}");
        }
    }
}
