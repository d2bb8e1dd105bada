//! `Host`: exactly one, well formed (security 23, RFC 9112 section 3.2).
use super::{Check, Subject, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![
        a_missing_host_is_refused,
        two_hosts_are_refused,
        a_malformed_host_is_refused,
        a_host_with_a_malformed_port_is_refused,
        a_well_formed_host_is_taken,
        http_1_0_needs_no_host,
    ]
}

async fn a_missing_host_is_refused(subject: Subject) {
    subject.refuses(400, "GET /version HTTP/1.1\r\n\r\n").await;
    subject.refuses(400, "GET http://hello/version HTTP/1.1\r\n\r\n").await;
}

async fn two_hosts_are_refused(subject: Subject) {
    for second in ["a", "b", ""] {
        subject.refuses(400, format!("GET /version HTTP/1.1\r\nHost: a\r\nHost: {second}\r\n\r\n")).await;
    }
    subject.refuses(400, "GET /version HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").await;
}

async fn a_malformed_host_is_refused(subject: Subject) {
    for host in ["", "a b", "a/b", "a?b", "a#b", "user@a", "http://a", "[::1", ":80", "a:80:80", "a%zz"] {
        subject.refuses(400, format!("GET /version HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    }
}

async fn a_host_with_a_malformed_port_is_refused(subject: Subject) {
    for host in ["a:b", "a:99999", "a:-1", "[::1]:x"] {
        subject.refuses(400, format!("GET /version HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    }
}

async fn a_well_formed_host_is_taken(subject: Subject) {
    let mut wire = subject.connect().await;
    for host in ["a", "a.example:8080", "127.0.0.1", "[::1]:80", "a-b_c.example."] {
        wire.send(format!("GET /version HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(wire.answer().await.status, 200, "{host}");
    }
}

async fn http_1_0_needs_no_host(subject: Subject) {
    let answer = subject.ends_with(200, "GET /version HTTP/1.0\r\n\r\n").await;
    answer.json();
}
