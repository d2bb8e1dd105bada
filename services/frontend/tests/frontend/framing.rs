//! Where messages end: said anew on each side, from the body itself.
use crate::{
    edge::Edge,
    upstream::{Received, Upstream},
};

const POST: &str = "POST /secure HTTP/1.1\r\nhost: edge.test\r\n";

async fn seen_by_hello(request: String) -> Received {
    let mut hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    assert_eq!(edge.ask(&request).await.status(), 200);
    hello.request().await
}

#[tokio::test]
async fn a_body_of_known_length_keeps_it() {
    let received = seen_by_hello(format!("{POST}content-length: 5\r\n\r\nHello")).await;
    assert_eq!(received.head.one("content-length"), "5");
    assert!(!received.head.has("transfer-encoding"));
    assert_eq!(received.body, "Hello");
}

#[tokio::test]
async fn a_length_said_twice_is_said_once() {
    let received = seen_by_hello(format!("{POST}content-length: 5\r\ncontent-length: 5\r\n\r\nHello")).await;
    assert_eq!(received.head.one("content-length"), "5");
}

#[tokio::test]
async fn an_empty_body_that_was_announced_stays_announced() {
    let received = seen_by_hello(format!("{POST}content-length: 0\r\n\r\n")).await;
    assert_eq!(received.head.one("content-length"), "0");
}

#[tokio::test]
async fn no_body_stays_no_body() {
    let received = seen_by_hello("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n".to_owned()).await;
    assert!(!received.head.has("content-length") && !received.head.has("transfer-encoding"));
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_in_chunks_whatever_the_method() {
    for method in ["POST", "GET", "DELETE"] {
        let head = format!("{method} /secure HTTP/1.1\r\nhost: edge.test\r\ntransfer-encoding: chunked\r\n\r\n");
        let received = seen_by_hello(format!("{head}3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n")).await;
        assert_eq!(received.head.one("transfer-encoding"), "chunked", "{method}");
        assert!(!received.head.has("content-length"), "{method}");
        assert_eq!(received.body, "Hello", "{method}");
        assert!(received.whole, "{method}");
    }
}

#[tokio::test]
async fn a_length_beside_chunks_never_reaches_an_upstream() {
    let request = format!("{POST}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n");
    let mut hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    assert_eq!(edge.ask(&request).await.status(), 200, "chassis would refuse it");
    let received = hello.request().await;
    assert!(!received.head.has("content-length"), "{received:?}");
    assert_eq!(received.body, "Hello");
}

#[tokio::test]
async fn another_transfer_coding_is_not_forwarded() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    let answer = edge.ask(&format!("{POST}transfer-encoding: gzip, chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n")).await;
    assert_eq!(answer.status(), 501);
    assert_eq!(hello.connections(), 0);
}

#[tokio::test]
async fn trailers_end_at_the_edge() {
    let mut hello = Upstream::playing(|_, mut wire, seen| async move {
        let head = wire.head().await.expect("a request");
        let body = wire.until("\r\n0\r\n").await.expect("the last chunk") + &wire.until("\r\n").await.expect("its end");
        wire.write(
            "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n",
        )
        .await;
        let _ = seen.send(Received { head, body, whole: true });
    })
    .await;
    let edge = Edge::before(&hello).await;
    let head = format!("{POST}te: trailers\r\ntrailer: x-forwarded-for\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut client = edge.send(&format!("{head}1\r\nx\r\n0\r\nx-forwarded-for: 6.6.6.6\r\n\r\n")).await;
    assert_eq!(client.head().await.expect("an answer").one("transfer-encoding"), "chunked");
    assert_eq!(client.until("0\r\n\r\n").await.expect("an end"), "2\r\n{}\r\n0\r\n\r\n");
    assert_eq!(hello.request().await.body, "1\r\nx\r\n0\r\n\r\n");
}

#[tokio::test]
async fn an_answer_of_unknown_length_comes_in_chunks() {
    let hello =
        Upstream::answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n").await;
    let edge = Edge::before(&hello).await;
    let answer = edge.get("/secure", "").await;
    assert_eq!(answer.one("transfer-encoding"), "chunked");
    assert!(!answer.head.has("content-length"));
    assert_eq!((answer.body.as_str(), answer.whole), ("Hello", true));
}

#[tokio::test]
async fn an_answer_to_head_tells_the_length_and_has_no_body() {
    let hello = Upstream::answering("HTTP/1.1 200 OK\r\ncontent-length: 42\r\n\r\n").await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send("HEAD /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    assert_eq!(client.head().await.expect("an answer").one("content-length"), "42");
    client.write("HEAD /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    assert!(client.head().await.expect("the next answer, not a body").line.contains("200"));
}

#[tokio::test]
async fn a_length_that_is_not_told_is_not_invented() {
    let hello = Upstream::answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send("HEAD /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    assert!(!client.head().await.expect("an answer").has("content-length"));
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    for answer in ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n"] {
        let hello = Upstream::answering(answer).await;
        let edge = Edge::before(&hello).await;
        let mut client = edge.send("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
        let head = client.head().await.expect("an answer");
        assert!(answer.starts_with(&head.line), "{head:?}");
        assert!(!head.has("transfer-encoding") && !head.has("content-length"), "{head:?}");
    }
}

#[tokio::test]
async fn interim_answers_are_not_taken_for_the_answer() {
    let hello = Upstream::answering(
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    )
    .await;
    let edge = Edge::before(&hello).await;
    let answer = edge.get("/secure", "").await;
    assert_eq!((answer.status(), answer.body.as_str()), (200, "{}"));
}
