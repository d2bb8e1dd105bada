//! Where one request ends and the next begins: what two readers could see differently is refused, and nothing that
//! follows it on the connection is ever looked at (security 23, RFC 9112 sections 2.2, 5, 6 and 11.2).
use super::{Check, Subject, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![
        only_chunked_is_a_transfer_coding,
        what_follows_a_length_beside_a_coding_is_not_processed,
        a_body_in_chunks_is_the_last_of_its_connection,
        lengths_that_differ_are_refused,
        a_length_that_is_no_number_is_refused,
        a_chunk_without_a_proper_size_line_is_refused,
        a_line_that_is_not_one_is_refused,
        a_bare_line_feed_smuggles_nothing,
        what_is_not_http_1_is_refused,
        pipelined_requests_are_answered_in_order,
    ]
}

/// What an attacker hopes that somebody processes as a request of its own.
const SMUGGLED: &str = "GET /version HTTP/1.1\r\nHost: smuggled\r\n\r\n";

fn post(fields: &str, body: &str) -> String {
    format!("POST /login HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
}

async fn only_chunked_is_a_transfer_coding(subject: Subject) {
    for coding in ["chunked, chunked", "gzip, chunked", "identity, chunked"] {
        let bytes = post(&format!("Transfer-Encoding: {coding}\r\n"), &format!("0\r\n\r\n{SMUGGLED}"));
        subject.refuses(400, bytes).await;
    }
    // hyper finds no end of the body in these, and answers itself.
    for coding in ["gzip", "chunked, gzip", "xchunked", "chunked;q=1", "identity", "", "\"chunked\""] {
        let bytes = post(&format!("Transfer-Encoding: {coding}\r\n"), &format!("0\r\n\r\n{SMUGGLED}"));
        subject.ends_with(400, bytes).await;
    }
    let twice = post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &format!("0\r\n\r\n{SMUGGLED}"));
    subject.ends_with(400, twice).await;
}

async fn what_follows_a_length_beside_a_coding_is_not_processed(subject: Subject) {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: Chunked\r\nContent-Length: 0\r\n",
    ] {
        let answers = subject.tell(post(fields, &format!("0\r\n\r\n{SMUGGLED}"))).await;
        let [answer] = &answers[..] else { panic!("one answer is expected: {answers:?}") };
        assert!((400..500).contains(&answer.status), "{answer:?}");
        assert_eq!(answer.header("connection"), "close");
    }
}

async fn a_body_in_chunks_is_the_last_of_its_connection(subject: Subject) {
    let answers =
        subject.tell(post("Transfer-Encoding: chunked\r\n", &format!("2\r\n{{}}\r\n0\r\n\r\n{SMUGGLED}"))).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].header("connection"), "close");
}

async fn lengths_that_differ_are_refused(subject: Subject) {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
    ] {
        subject.ends_with(400, post(fields, &format!("hello{SMUGGLED}"))).await;
    }
}

async fn a_length_that_is_no_number_is_refused(subject: Subject) {
    for length in ["+5", "-5", "0x5", "5 5", "five", "", "5.0", "99999999999999999999"] {
        subject.ends_with(400, post(&format!("Content-Length: {length}\r\n"), &format!("hello{SMUGGLED}"))).await;
    }
}

async fn a_chunk_without_a_proper_size_line_is_refused(subject: Subject) {
    for chunks in [
        "2\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "2;a\n\r\n{}\r\n0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "ffffffffffffffff0\r\n",
        "2\r\n{}0\r\n\r\n",
    ] {
        let answers = subject
            .tell(post(
                "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n",
                &format!("{chunks}{SMUGGLED}"),
            ))
            .await;
        let [answer] = &answers[..] else { panic!("one answer is expected to {chunks:?}: {answers:?}") };
        assert!((400..500).contains(&answer.status), "{chunks:?}: {answer:?}");
    }
}

async fn a_line_that_is_not_one_is_refused(subject: Subject) {
    for field in
        ["X: a\0b", "X: a\r\n folded", "X: a\rY: b", "X : a", " X: a", "X\0: a", ": a", "X", "X\x01: a", "X: \x7f"]
    {
        subject.ends_with(400, format!("GET /version HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n{SMUGGLED}")).await;
    }
}

/// A single line feed may end a line (RFC 9112 section 2.2). Then it does so for everybody: the edge writes heads anew.
async fn a_bare_line_feed_smuggles_nothing(subject: Subject) {
    let mut wire = subject.connect().await;
    wire.send("GET /version HTTP/1.1\r\nHost: a\nConnection: close\r\n\r\n").await;
    let answers = wire.answers_until_closed().await;
    assert!(answers.len() == 1 && [200, 400].contains(&answers[0].status), "{answers:?}");
    let hidden = "GET /version HTTP/1.1\r\nHost: a\r\nX: b\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert_eq!(subject.tell(hidden).await.len(), 1);
}

async fn what_is_not_http_1_is_refused(subject: Subject) {
    for bytes in [
        "\x16\x03\x01\x02\x01\x01",
        "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        subject.ends_with(400, bytes).await;
    }
    // The preface of HTTP/2 is left without an answer.
    assert_eq!(subject.tell("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.len(), 0);
}

async fn pipelined_requests_are_answered_in_order(subject: Subject) {
    let ids: Vec<String> = (0..20).map(|number| format!("pipelined-{number}")).collect();
    let request = |id: &String| format!("GET /version HTTP/1.1\r\nHost: a\r\nX-Request-Id: {id}\r\n\r\n");
    let mut wire = subject.connect().await;
    wire.send(ids.iter().map(request).collect::<String>()).await;
    for id in ids {
        let answer = wire.answer().await;
        assert_eq!((answer.status, answer.header("x-request-id")), (200, &*id));
    }
}
