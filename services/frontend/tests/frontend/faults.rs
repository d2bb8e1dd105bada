//! Upstreams that are down, slow, broken or cut short (fault matrix 6, 19 and 20).
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    edge::{BODY_LIMIT, Edge, HASTY, PATIENT},
    upstream::{Upstream, nowhere, receive},
    wire::Answer,
};

const CHUNKED_POST: &str = "POST /secure HTTP/1.1\r\nhost: edge.test\r\ntransfer-encoding: chunked\r\n\r\n";

/// A problem of ours that names the upstream and nothing of the cause.
fn assert_problem(answer: &Answer, status: u16, detail: &str) {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(answer.one("content-type"), "application/problem+json");
    assert!(answer.body.contains(&format!("\"detail\":\"{detail}\"")), "{}", answer.body);
    for cause in ["127.0.0.1", "refused", "os error", "hyper", "dns", "invalid"] {
        assert!(!answer.body.contains(cause), "{}", answer.body);
    }
}

#[tokio::test]
async fn an_upstream_that_is_down_is_a_fast_502() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    let start = Instant::now();
    assert_problem(&edge.get("/login", "").await, 502, "auth cannot be reached");
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(edge.get("/secure", "").await.status(), 200, "the other upstream is unaffected");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_503_to_retry() {
    let edge = Edge::new("http://auth.invalid", &nowhere(), HASTY, BODY_LIMIT).await;
    let answer = edge.get("/login", "").await;
    assert_problem(&answer, 503, "auth cannot be found at the moment");
    assert_eq!(answer.one("retry-after"), "2");
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_a_504() {
    let hello = Upstream::playing(|_, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
        wire.closed().await;
    })
    .await;
    let edge = Edge::hasty(&hello).await;
    assert_problem(&edge.get("/secure", "").await, 504, "hello did not answer in time");
}

#[tokio::test]
async fn what_is_no_http_is_a_502() {
    for answer in [
        "garbage\r\n\r\n",
        "HTTP/1.1 banana\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: 1\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        let hello = Upstream::playing(move |_, mut wire, seen| async move {
            receive(&mut wire, &seen).await;
            wire.write(answer).await;
        })
        .await;
        let edge = Edge::before(&hello).await;
        assert_problem(&edge.get("/secure", "").await, 502, "hello gave no valid answer");
    }
}

#[tokio::test]
async fn an_answer_that_would_end_with_its_connection_is_a_502() {
    let hello = Upstream::playing(|_, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
        wire.write("HTTP/1.1 200 OK\r\n\r\n{\"message\":\"Hel").await;
    })
    .await;
    let edge = Edge::before(&hello).await;
    assert_problem(&edge.get("/secure", "").await, 502, "hello gave no valid answer");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_head_is_a_502() {
    for (part, reset) in [("", false), ("", true), ("HTTP/1.1 200 OK\r\ncontent-", false), ("HTTP/1.1 200", true)] {
        let hello = Upstream::playing(move |_, mut wire, seen| async move {
            receive(&mut wire, &seen).await;
            wire.write(part).await;
            if reset {
                wire.reset();
            }
        })
        .await;
        let edge = Edge::before(&hello).await;
        assert_problem(&edge.get("/secure", "").await, 502, "hello gave no valid answer");
    }
}

/// Whether it comes with the head or after it.
#[tokio::test]
async fn a_body_that_is_broken_from_its_first_byte_is_a_502() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const SIZED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    for (head, body, reset) in [
        (CHUNKED, "zz\r\n", false),
        (CHUNKED, "\r\n", false),
        (CHUNKED, "-1\r\n", false),
        (CHUNKED, "fffffffffffffffff\r\n", false),
        (CHUNKED, "5;a=b\nHello", false),
        (CHUNKED, "5\r\n", false),
        (CHUNKED, "0\r\n", false),
        (CHUNKED, "", false),
        (SIZED, "", false),
        (CHUNKED, "", true),
        (SIZED, "", true),
    ] {
        for is_late in [false, true] {
            let hello = Upstream::playing(move |_, mut wire, seen| async move {
                receive(&mut wire, &seen).await;
                if is_late {
                    wire.write(head).await;
                    sleep(Duration::from_millis(30)).await; // a slow upstream, not a wait for a result
                    wire.write(body).await;
                } else {
                    wire.write(&format!("{head}{body}")).await;
                }
                if reset {
                    wire.reset();
                }
            })
            .await;
            let edge = Edge::before(&hello).await;
            let answer = edge.get("/secure", "").await;
            assert!(answer.status() == 502 && answer.whole, "{head:?} {body:?}, late {is_late}: {answer:?}");
            assert_problem(&answer, 502, "hello gave no valid answer");
        }
    }
}

/// As the first event of a stream may.
#[tokio::test]
async fn a_body_that_begins_late_does_not_hold_its_head_back() {
    let begin = std::sync::Arc::new(tokio::sync::Notify::new());
    let told = std::sync::Arc::clone(&begin);
    let hello = Upstream::playing(move |_, mut wire, seen| {
        let told = std::sync::Arc::clone(&told);
        async move {
            receive(&mut wire, &seen).await;
            wire.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").await;
            told.notified().await;
            wire.write("Hello").await;
        }
    })
    .await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    let head = client.head().await.expect("the head, although nothing of the body has come");
    begin.notify_one();
    assert_eq!(client.body(&head).await, ("Hello".to_owned(), true));
}

#[tokio::test]
async fn an_upstream_that_leads_back_to_the_edge_is_a_508() {
    // Its own address is known only when it listens: so another one stands in between.
    let mut hello = Upstream::saying("", "{}").await;
    let edge = Edge::before(&hello).await;
    edge.get("/secure", "via: 1.1 cdn.example\r\n").await;
    let passed_on = hello.request().await.head;
    let via = format!("via: {}\r\n", passed_on.one("via"));
    assert_problem(&edge.get("/secure", &via).await, 508, "hello leads back to this service");
    assert_eq!(hello.unseen(), 0);
}

#[tokio::test]
async fn a_cut_answer_never_looks_whole() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nHello",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nHello\r\nzz\r\n",
    ] {
        for reset in [false, true] {
            let hello = Upstream::playing(move |_, mut wire, seen| async move {
                receive(&mut wire, &seen).await;
                wire.write(answer).await;
                if reset {
                    wire.reset();
                }
            })
            .await;
            let edge = Edge::before(&hello).await;
            let mut client = edge.send("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
            // A reset may overtake the head; then there is a 502, or nothing at all.
            let Some(head) = client.head().await else { continue };
            let (_, whole) = client.body(&head).await;
            assert!(!whole || head.line.contains("502"), "{answer:?}, reset {reset}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_pauses_too_long_is_cut() {
    let hello = Upstream::playing(|_, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
        wire.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nHello").await;
        wire.closed().await;
    })
    .await;
    let edge = Edge::hasty(&hello).await;
    let answer = edge.get("/secure", "").await;
    assert_eq!((answer.status(), answer.body.as_str(), answer.whole), (200, "Hello", false));
}

#[tokio::test]
async fn an_upstream_comes_back_by_itself() {
    let hello = Upstream::playing(|connection, mut wire, seen| async move {
        if connection == 0 {
            return;
        }
        receive(&mut wire, &seen).await;
        wire.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    })
    .await;
    let edge = Edge::before(&hello).await;
    let first = edge.ask("POST /secure HTTP/1.1\r\nhost: edge.test\r\ncontent-length: 1\r\n\r\nx").await;
    assert_eq!(first.status(), 502);
    assert_eq!(edge.get("/secure", "").await.body, "ok");
}

#[tokio::test]
async fn a_request_body_that_stops_coming_is_the_clients_408() {
    let hello = Upstream::playing(|_, mut wire, seen| async move {
        receive(&mut wire, &seen).await;
    })
    .await;
    let edge = Edge::hasty(&hello).await;
    let mut client = edge.send(CHUNKED_POST).await;
    client.write("5\r\nfirst\r\n").await;
    assert_problem(&client.answer().await, 408, "the request's body stopped coming");
}

#[tokio::test]
async fn a_request_body_that_moves_is_waited_for() {
    let deadlines = frontend::Deadlines { head: Duration::from_secs(1), ..PATIENT };
    let hello = Upstream::saying("", "ok").await;
    let edge = Edge::new(&nowhere(), &hello.url, deadlines, BODY_LIMIT).await;
    let mut client = edge.send(CHUNKED_POST).await;
    for _ in 0..15 {
        client.write("1\r\nx\r\n").await;
        sleep(Duration::from_millis(100)).await; // a slow client, not a wait for a result
    }
    client.write("0\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "ok");
}

#[tokio::test]
async fn a_request_body_over_the_limit_is_a_413() {
    let hello = Upstream::saying("", "ok").await;
    let edge = Edge::new(&nowhere(), &hello.url, PATIENT, 10).await;
    let answer = edge.ask(&format!("{CHUNKED_POST}14\r\n01234567890123456789\r\n0\r\n\r\n")).await;
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn a_request_body_that_breaks_off_does_not_look_whole_to_the_upstream() {
    for request in [
        format!("{CHUNKED_POST}5\r\nHello\r\n"),
        "POST /secure HTTP/1.1\r\nhost: edge.test\r\ncontent-length: 10\r\n\r\nHello".to_owned(),
    ] {
        let mut hello = Upstream::playing(|_, mut wire, seen| async move {
            receive(&mut wire, &seen).await;
        })
        .await;
        let edge = Edge::before(&hello).await;
        drop(edge.send(&request).await);
        // Either the request never got there, or it is seen to be cut.
        if let Ok(received) = tokio::time::timeout(Duration::from_secs(1), hello.request()).await {
            assert!(!received.whole, "{received:?}");
        }
    }
}
