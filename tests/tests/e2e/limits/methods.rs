//! Methods outside the usual (security 25).
use super::{Check, Subject, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![trace_and_connect_are_not_allowed, an_unknown_method_is_not_implemented, a_method_is_written_in_capitals]
}

async fn trace_and_connect_are_not_allowed(subject: Subject) {
    for target in ["TRACE /", "TRACE /secure", "CONNECT /", "CONNECT example.org:443"] {
        let request = format!("{target} HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n");
        let answer = subject.refuses(405, request).await;
        assert!(answer.header("allow").starts_with("GET, HEAD"), "{answer:?}");
        assert!(!answer.body.contains("session"), "nothing is echoed: {answer:?}");
    }
}

async fn an_unknown_method_is_not_implemented(subject: Subject) {
    for method in ["BREW", "PROPFIND", "LINK", "X"] {
        subject.refuses(501, format!("{method} /version HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    }
}

async fn a_method_is_written_in_capitals(subject: Subject) {
    for method in ["get", "Get", "trace"] {
        subject.refuses(501, format!("{method} /version HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    }
}
