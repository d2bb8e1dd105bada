//! Methods outside the usual (security 25).
use super::{Check, Subject, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![
        trace_and_connect_are_not_allowed,
        a_method_that_a_path_does_not_have_is_not_allowed,
        no_method_makes_a_path_known,
    ]
}

async fn trace_and_connect_are_not_allowed(subject: Subject) {
    for target in ["TRACE /version", "CONNECT /", "CONNECT example.org:443"] {
        let request = format!("{target} HTTP/1.1\r\nHost: a\r\nCookie: session=1\r\n\r\n");
        let answer = subject.refuses(405, request).await;
        assert!(answer.header("allow").starts_with("GET"), "{answer:?}");
        assert!(!answer.body.contains("session"), "nothing is echoed: {answer:?}");
    }
}

/// `Allow` names the methods of the path (RFC 9110 section 15.5.6). Methods are written in capitals.
async fn a_method_that_a_path_does_not_have_is_not_allowed(subject: Subject) {
    for method in ["QUERY", "BREW", "PROPFIND", "LINK", "X", "get", "Get", "trace"] {
        let answer = subject.refuses(405, format!("{method} /version HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(answer.header("allow"), "GET,HEAD", "{method}: {answer:?}");
    }
}

async fn no_method_makes_a_path_known(subject: Subject) {
    for method in ["QUERY", "TRACE", "BREW"] {
        subject.refuses(404, format!("{method} /nope HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    }
}
