//! Bodies pass as they come, in both directions, and no faster than they are read.
use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncWriteExt as _, copy, sink},
    net::TcpListener,
    sync::Notify,
    time::timeout,
};

use crate::{
    edge::{BODY_LIMIT, Edge, PATIENT},
    upstream::{Upstream, nowhere, receive},
    wire::soon,
};

const CHUNKED_POST: &str = "POST /secure HTTP/1.1\r\nhost: edge.test\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn the_first_part_of_an_answer_arrives_before_the_last_is_sent() {
    let go_on = Arc::new(Notify::new());
    let wait = Arc::clone(&go_on);
    let hello = Upstream::playing(move |_, mut wire, seen| {
        let wait = Arc::clone(&wait);
        async move {
            receive(&mut wire, &seen).await;
            wire.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n").await;
            wait.notified().await;
            wire.write("4\r\nlast\r\n0\r\n\r\n").await;
        }
    })
    .await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    client.head().await.expect("an answer");
    assert_eq!(client.chunk().await.expect("a chunk"), "first");
    go_on.notify_one();
    assert_eq!(client.chunk().await.expect("a chunk"), "last");
    assert_eq!(client.chunk().await.expect("the end"), "");
}

#[tokio::test]
async fn the_first_part_of_a_request_arrives_before_the_last_is_sent() {
    let arrived = Arc::new(Notify::new());
    let tell = Arc::clone(&arrived);
    let hello = Upstream::playing(move |_, mut wire, _| {
        let tell = Arc::clone(&tell);
        async move {
            wire.head().await.expect("a request");
            assert_eq!(wire.chunk().await.expect("a chunk"), "first");
            tell.notify_one();
            assert_eq!(wire.chunk().await.expect("a chunk"), "last");
            assert_eq!(wire.chunk().await.expect("the end"), "");
            wire.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send(CHUNKED_POST).await;
    client.write("5\r\nfirst\r\n").await;
    soon(arrived.notified()).await;
    client.write("4\r\nlast\r\n0\r\n\r\n").await;
    assert_eq!(client.answer().await.body, "ok");
}

#[tokio::test]
async fn a_client_is_invited_to_send_only_once_the_upstream_is_reached() {
    let mut hello = Upstream::saying("", "ok").await;
    let edge = Edge::before(&hello).await;
    let head = "POST /secure HTTP/1.1\r\nhost: edge.test\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let mut client = edge.send(head).await;
    assert!(client.head().await.expect("an invitation").line.starts_with("HTTP/1.1 100"));
    client.write("Hello").await;
    assert_eq!(client.answer().await.body, "ok");
    assert_eq!(hello.request().await.body, "Hello");
    let refused = edge.ask(&head.replace("/secure", "/login")).await;
    assert_eq!(refused.status(), 502, "auth is nowhere, and nothing was sent");
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_request_reaches_the_client() {
    let hello = Upstream::playing(|_, mut wire, _| async move {
        wire.head().await.expect("a request");
        wire.write("HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig").await;
    })
    .await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send(CHUNKED_POST).await;
    client.write("5\r\nfirst\r\n").await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.body.as_str()), (413, "big"));
}

/// As programs do that send all of a request before they read any of its answer, to an upstream that does not wait for the
/// end of it: more of both than the sockets between them hold.
#[tokio::test]
async fn a_client_may_send_all_of_its_request_before_it_reads_the_answer() {
    const LENGTH: usize = 32 * 1024 * 1024;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let hello = tokio::spawn(async move {
        let (mut requests, mut answers) = listener.accept().await.expect("a connection").0.into_split();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
        let answering = async {
            answers.write_all(head.as_bytes()).await?;
            answers.write_all(&vec![b'y'; LENGTH]).await
        };
        let mut nowhere = sink();
        let reading = copy(&mut requests, &mut nowhere);
        tokio::try_join!(answering, reading)
    });
    let edge = Edge::new(&nowhere(), &url, PATIENT, BODY_LIMIT).await;
    let mut client =
        edge.send(&format!("POST /secure HTTP/1.1\r\nhost: edge.test\r\ncontent-length: {LENGTH}\r\n\r\n")).await;
    soon(client.write(vec![b'x'; LENGTH])).await;
    let answer = client.answer().await;
    assert_eq!((answer.status(), answer.body.len()), (200, LENGTH));
    hello.abort();
}

#[tokio::test]
async fn an_upstream_that_does_not_read_slows_the_client_down() {
    const PART: usize = 1024 * 1024;
    let hello = Upstream::playing(|_, mut wire, _| async move {
        wire.head().await.expect("a request");
        std::future::pending::<()>().await;
    })
    .await;
    let edge = Edge::before(&hello).await;
    let mut client = edge.send(CHUNKED_POST).await;
    let part = format!("{PART:x}\r\n{}\r\n", "x".repeat(PART));
    // The sockets between us hold some megabytes; beyond that only the edge's memory could.
    for _ in 0..96 {
        if timeout(Duration::from_millis(500), client.try_write(part.as_bytes())).await.is_err() {
            return;
        }
    }
    panic!("96 MiB went nowhere");
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_request_along() {
    let gone = Arc::new(Notify::new());
    let tell = Arc::clone(&gone);
    let mut hello = Upstream::playing(move |_, mut wire, seen| {
        let tell = Arc::clone(&tell);
        async move {
            receive(&mut wire, &seen).await;
            wire.closed().await;
            tell.notify_one();
        }
    })
    .await;
    let edge = Edge::before(&hello).await;
    let client = edge.send("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    hello.request().await;
    drop(client);
    soon(gone.notified()).await;
}
