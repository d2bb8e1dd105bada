//! How large a request may be (security 22): its target, its head, its body.
use super::{Check, Subject, checks};

const KIB: usize = 1024;

pub(crate) fn checks() -> Vec<Check> {
    checks![
        a_long_target_is_refused,
        a_target_up_to_the_limit_is_read,
        more_than_64_fields_are_refused,
        more_than_16_kib_of_fields_are_refused,
        a_head_of_a_megabyte_is_not_kept,
        a_body_announced_too_large_is_refused_unread,
        a_refusal_does_not_reset_a_client_that_goes_on_sending,
    ]
}

/// For services that read bodies.
pub(crate) fn checks_of_bodies() -> Vec<Check> {
    checks![chunks_that_grow_too_large_are_refused, a_body_up_to_the_limit_is_read]
}

/// A request with as many header fields, `Host` among them.
fn with_fields(count: usize) -> String {
    format!("GET /version HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: 1\r\n".repeat(count - 1))
}

async fn a_long_target_is_refused(subject: Subject) {
    subject.refuses(414, format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000))).await;
    subject.refuses(414, format!("GET /version?{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000))).await;
}

async fn a_target_up_to_the_limit_is_read(subject: Subject) {
    let mut wire = subject.connect().await;
    wire.send(format!("GET /version?{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(8000))).await;
    assert_eq!(wire.answer().await.status, 200);
}

async fn more_than_64_fields_are_refused(subject: Subject) {
    let mut wire = subject.connect().await;
    wire.send(with_fields(64)).await;
    assert_eq!(wire.answer().await.status, 200, "64 are allowed");
    subject.refuses(431, with_fields(65)).await;
    // More than hyper makes room for: it answers itself.
    subject.ends_with(431, with_fields(200)).await;
}

async fn more_than_16_kib_of_fields_are_refused(subject: Subject) {
    let with = |bytes: usize| format!("GET /version HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "c".repeat(bytes));
    let mut wire = subject.connect().await;
    wire.send(with(15 * KIB)).await;
    assert_eq!(wire.answer().await.status, 200, "15 KiB are allowed");
    subject.refuses(431, with(17 * KIB)).await;
}

/// hyper answers itself, or closes on a client that goes on talking.
async fn a_head_of_a_megabyte_is_not_kept(subject: Subject) {
    let head = format!("GET /version HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "c".repeat(KIB * KIB));
    for answer in subject.tell(head).await {
        assert_eq!(answer.status, 431, "{answer:?}");
    }
}

async fn a_body_announced_too_large_is_refused_unread(subject: Subject) {
    let mut wire = subject.connect().await;
    let length = 65 * KIB;
    wire.send(format!("POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")).await;
    let answer = wire.answer().await;
    assert_eq!(answer.status, 413);
    answer.problem();
    assert!(answer.has("x-request-id"));
}

/// A reset could reach the client before it has read why it was refused.
async fn a_refusal_does_not_reset_a_client_that_goes_on_sending(subject: Subject) {
    let (length, part) = (60 * KIB, "x".repeat(20 * KIB));
    let mut wire = subject.connect().await;
    wire.send(format!("POST /nope HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{part}")).await;
    assert_eq!(wire.answer().await.status, 404);
    for _ in 0..2 {
        assert!(wire.takes(&part).await, "the connection was reset");
    }
}

async fn chunks_that_grow_too_large_are_refused(subject: Subject) {
    let chunk = format!("400\r\n{}\r\n", "a".repeat(KIB));
    let head =
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = subject.refuses(413, format!("{head}{}", chunk.repeat(65))).await;
    assert_eq!(answer.header("connection"), "close");
}

async fn a_body_up_to_the_limit_is_read(subject: Subject) {
    let credentials = r#"{"username":"user","password":"password"}"#;
    let body = format!("{credentials}{}", " ".repeat(64 * KIB - credentials.len()));
    let head = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    let mut wire = subject.connect().await;
    wire.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
    assert_eq!(wire.answer().await.status, 200);
}
