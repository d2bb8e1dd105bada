//! Connections are kept and used again, and what may have been sent once is never sent twice unless that is harmless.
use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    crowd::{crowd_before, small_listener},
    edge::{BODY_LIMIT, Edge, PATIENT},
    upstream::{Received, Upstream, nowhere, receive},
    wire::{Head, Wire, soon},
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers the first request of its first connection, then closes on the second without a word; later connections answer.
async fn closing_under_a_request() -> Upstream {
    Upstream::playing(|connection, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
        wire.write(OK).await;
        let again = receive(&mut wire, &seen).await;
        if again && connection > 0 {
            wire.write(OK).await;
        }
    })
    .await
}

fn request(method: &str, body: &str) -> String {
    format!("{method} /secure HTTP/1.1\r\nhost: edge.test\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    for answer in [
        OK,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-mine: 1\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let hello = Upstream::answering(answer).await;
        let edge = Edge::before(&hello).await;
        for _ in 0..20 {
            assert!(edge.ask(&request("POST", "x")).await.whole);
            assert!(edge.get("/secure", "").await.whole);
        }
        assert_eq!(hello.connections(), 1, "{answer}");
    }
}

#[tokio::test]
async fn what_changes_something_is_never_sent_twice() {
    for (method, body) in [("POST", "x"), ("POST", ""), ("PUT", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "x")] {
        let mut hello = closing_under_a_request().await;
        let edge = Edge::before(&hello).await;
        assert_eq!(edge.get("/secure", "").await.status(), 200);
        let answer = edge.ask(&request(method, body)).await;
        assert_eq!(answer.status(), 502, "{method}");
        assert_eq!(hello.unseen(), 2, "{method}");
    }
}

/// A login creates a session, a refresh uses up a token, whatever the method is.
#[tokio::test]
async fn what_has_effects_is_never_sent_twice() {
    for path in ["/login", "/refresh", "/logout"] {
        for method in ["GET", "HEAD", "POST"] {
            let mut auth = closing_under_a_request().await;
            let edge = Edge::new(&auth.url, &nowhere(), PATIENT, BODY_LIMIT).await;
            assert_eq!(edge.get("/.well-known/jwks.json", "").await.status(), 200);
            let mut client = edge.send(&request(method, "").replace("/secure", path)).await;
            let head = client.head().await.expect("a head");
            assert!(head.line.contains(" 502 "), "{method} {path}: {}", head.line);
            assert_eq!(auth.unseen(), 2, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_answer_without_a_body_leaves_its_connection_to_the_next() {
    let hello = Upstream::answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").await;
    let edge = Edge::before(&hello).await;
    for _ in 0..5 {
        let mut client = edge.send(&request("HEAD", "")).await;
        assert_eq!(client.head().await.expect("a head").one("content-length"), "5");
    }
    assert_eq!(hello.connections(), 1);
}

/// What is left of the answer would be read as the next one.
#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_an_answer_leaves_its_connection_to_nobody() {
    let mut hello = Upstream::playing(|connection, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
        if connection > 0 {
            wire.write(OK).await;
            return;
        }
        wire.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
        wire.closed().await;
        let _ = seen.send(Received {
            head: Head { line: "closed".to_owned(), fields: Vec::new() },
            body: String::new(),
            whole: true,
        });
    })
    .await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send(&request("GET", "")).await;
    client.exactly(10).await.expect("some of it");
    drop(client);
    hello.request().await;
    assert_eq!(hello.request().await.head.line, "closed");
    assert_eq!(edge.get("/secure", "").await.body, "ok");
}

/// A kept connection that closed while nobody used it: not a byte went over it.
#[tokio::test]
async fn what_was_not_sent_yet_goes_over_another_connection() {
    let (close, closed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, tell) = (Arc::clone(&close), Arc::clone(&closed));
    let mut hello = Upstream::playing(move |_, mut wire, seen| {
        let (told, tell) = (Arc::clone(&told), Arc::clone(&tell));
        async move {
            receive(&mut wire, &seen).await;
            wire.write(OK).await;
            told.notified().await;
            drop(wire);
            tell.notify_one();
        }
    })
    .await;
    let edge = Edge::before(&hello).await;
    for _ in 0..3 {
        assert_eq!(edge.ask(&request("POST", "x")).await.status(), 200);
        close.notify_one();
        soon(closed.notified()).await;
    }
    assert_eq!((hello.connections(), hello.unseen()), (3, 3));
}

#[tokio::test]
async fn a_get_is_sent_again_when_its_connection_closed_under_it() {
    let mut hello = closing_under_a_request().await;
    let edge = Edge::before(&hello).await;
    assert_eq!(edge.get("/secure", "").await.status(), 200);
    let answer = edge.get("/secure", "x-mine: 1\r\n").await;
    assert_eq!((answer.status(), answer.body.as_str()), (200, "ok"));
    let sent: Vec<_> = [hello.request().await, hello.request().await, hello.request().await].into();
    assert_eq!(sent[1].head.fields, sent[2].head.fields, "the same request");
    assert_eq!(sent[2].head.one("x-mine"), "1");
}

/// Of an upstream that has died all kept connections are dead, whether we know it yet or not.
#[tokio::test]
async fn what_is_sent_again_goes_over_a_new_connection() {
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let met = Arc::clone(&both);
    let mut hello = Upstream::playing(move |connection, mut wire, seen| {
        let met = Arc::clone(&met);
        async move {
            receive(&mut wire, &seen).await;
            if connection < 2 {
                // Both are needed, so that both are kept.
                met.wait().await;
            }
            wire.write(OK).await;
            // The next request ends the first two, as if their host had died unnoticed.
            receive(&mut wire, &seen).await;
        }
    })
    .await;
    let edge = Edge::before(&hello).await;
    let (one, other) = tokio::join!(edge.get("/secure", ""), edge.get("/secure", ""));
    assert_eq!((one.status(), other.status(), hello.connections()), (200, 200, 2));
    assert_eq!(edge.get("/secure", "").await.status(), 200);
    assert_eq!((hello.connections(), hello.unseen()), (3, 4), "a kept one, and then a new one");
}

/// Who waits for a new connection takes an old one that another request has no need of any more.
#[tokio::test]
async fn a_request_goes_over_whichever_connection_is_there_first() {
    let hello = small_listener();
    let address = hello.local_addr().expect("bound");
    let edge = Edge::new(&nowhere(), &format!("http://{address}"), PATIENT, BODY_LIMIT).await;
    let mut first = edge.send(&request("GET", "")).await;
    let mut wire = Wire::new(soon(hello.accept()).await.expect("a connection").0);
    let _nobody_gets_in = crowd_before(&hello).await;
    wire.head().await.expect("the first request");
    let mut second = edge.send(&request("POST", "x")).await;
    wire.write(OK).await;
    assert_eq!(first.answer().await.status(), 200);
    let head = wire.head().await.expect("the second request, on the same connection");
    assert_eq!(wire.body(&head).await, ("x".to_owned(), true));
    wire.write(OK).await;
    assert_eq!(second.answer().await.status(), 200);
}

#[tokio::test]
async fn a_get_is_sent_at_most_twice() {
    let mut hello = Upstream::playing(|_, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
    })
    .await;
    let edge = Edge::before(&hello).await;
    assert_eq!(edge.get("/secure", "").await.status(), 502);
    assert_eq!(hello.unseen(), 2);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_meets_nobody_elses_request() {
    let late = Arc::new(Notify::new());
    let wait = Arc::clone(&late);
    let hello = Upstream::playing(move |connection, mut wire, seen| {
        let wait = Arc::clone(&wait);
        async move {
            receive(&mut wire, &seen).await;
            if connection == 0 {
                wait.notified().await;
                // Whether this can still be written does not matter.
                let _ = wire.try_write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nstale").await;
                return;
            }
            wire.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfresh").await;
        }
    })
    .await;
    let edge = Edge::hasty(&hello).await;
    assert_eq!(edge.get("/secure", "").await.status(), 504);
    late.notify_one();
    assert_eq!(edge.get("/secure", "").await.body, "fresh");
    assert_eq!(hello.connections(), 2);
}

#[tokio::test]
async fn more_than_one_answer_meets_nobody_elses_request() {
    let hello = Upstream::answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
    )
    .await;
    let edge = Edge::before(&hello).await;
    for _ in 0..5 {
        let answer = edge.ask(&request("GET", "")).await;
        assert_ne!(answer.body, "evil");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_an_upstream_nobody_asked_for() {
    let hello = Upstream::saying("", "{}").await;
    let auth = Upstream::saying("", "{}").await;
    let edge = Edge::new(&auth.url, &hello.url, PATIENT, BODY_LIMIT).await;
    edge.get("/secure", "").await;
    assert_eq!((auth.connections(), hello.connections()), (0, 1));
}
