//! Requests take turns over several connections, and no connection is kept for ever: whoever answers at the upstream's
//! address, now or later, gets a share.
use std::{sync::Arc, time::Duration};

use frontend::Spread;
use tokio::sync::Semaphore;

use crate::{
    edge::Edge,
    upstream::{Received, Upstream, receive},
};

#[tokio::test]
async fn requests_take_turns_over_connections_that_are_kept() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::spreading(&hello, Spread { lanes: 3, ..Spread::default() }).await;
    for (sent, connections) in [(1, 1), (2, 2), (3, 3), (4, 3), (5, 3), (6, 3)] {
        assert_eq!(edge.get("/secure", "").await.status(), 200);
        assert_eq!(hello.connections(), connections, "after {sent} requests");
    }
}

#[tokio::test]
async fn a_connection_is_replaced_at_its_age() {
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::spreading(&hello, Spread { lanes: 1, renewed_after: Duration::ZERO, ..Spread::default() }).await;
    for connections in 1..=5 {
        assert_eq!(edge.get("/secure", "").await.status(), 200);
        assert_eq!(hello.connections(), connections);
    }
}

/// Answers each request when it is told to.
async fn waiting_for(leave: &Arc<Semaphore>) -> Upstream {
    let leave = Arc::clone(leave);
    Upstream::playing(move |_, mut wire, seen| {
        let leave = Arc::clone(&leave);
        async move {
            while receive(&mut wire, &seen).await {
                leave.acquire().await.expect("open").forget();
                wire.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn more_than_may_be_under_way_wait_for_their_turn() {
    let leave = Arc::new(Semaphore::new(0));
    let mut hello = waiting_for(&leave).await;
    let edge = Edge::spreading(&hello, Spread { at_once: Some(2), ..Spread::default() }).await;
    let asked = async {
        let get = || edge.get("/secure", "");
        let (a, b, c) = tokio::join!(get(), get(), get());
        [a, b, c].map(|answer| answer.status())
    };
    let watched = async {
        hello.request().await;
        hello.request().await;
        // Who has a body does not wait, and by its coming the third would have come, too.
        let mut post = edge.send("POST /secure HTTP/1.1\r\nhost: edge.test\r\ncontent-length: 2\r\n\r\n{}").await;
        assert_eq!(hello.request().await.body, "{}");
        assert_eq!(hello.unseen(), 0);
        leave.add_permits(4);
        assert_eq!(post.answer().await.status(), 200);
        hello.request().await;
    };
    let (statuses, ()) = tokio::join!(asked, watched);
    assert_eq!(statuses, [200; 3]);
}

/// However many a slow upstream has already.
#[tokio::test]
async fn who_waits_for_a_slow_upstream_keeps_nobody_out() {
    let leave = Arc::new(Semaphore::new(0));
    let mut hello = waiting_for(&leave).await;
    let edge = Edge::before(&hello).await;
    let mut clients = Vec::new();
    for _ in 0..200 {
        clients.push(edge.send("GET /secure HTTP/1.1\r\nhost: edge.test\r\n\r\n").await);
    }
    for _ in 0..200 {
        hello.request().await;
    }
    leave.add_permits(200);
    for mut client in clients {
        assert_eq!(client.answer().await.status(), 200);
    }
}

/// Answers requests for some paths at once, and those for others when it is told to.
async fn slow_at(slow: &'static [&'static str], leave: &Arc<Semaphore>) -> Upstream {
    let leave = Arc::clone(leave);
    Upstream::playing(move |_, mut wire, seen| {
        let leave = Arc::clone(&leave);
        async move {
            while let Some(head) = wire.head().await {
                let _ = seen.send(Received { head: head.clone(), body: String::new(), whole: true });
                if slow.iter().any(|path| head.line.contains(&format!(" {path} "))) {
                    leave.acquire().await.expect("open").forget();
                }
                wire.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
            }
        }
    })
    .await
}

/// Fault row 29: while requests wait for one thing, those that do not need it are answered, with the least memory, too.
#[tokio::test]
async fn fault_29_requests_that_wait_keep_no_other_route_waiting() {
    for requests in [8, 32] {
        for (slow, others) in [
            (&["/secure", "/admin"][..], &["/", "/whoami", "/hello/openapi.json", "/login", "/refresh"][..]),
            (&["/login"], &["/.well-known/jwks.json", "/auth/openapi.json", "/refresh", "/logout", "/", "/secure"]),
            (&["/refresh", "/logout"], &["/.well-known/jwks.json", "/login", "/"]),
            (&["/", "/whoami"], &["/secure", "/admin", "/login"]),
        ] {
            let leave = Arc::new(Semaphore::new(0));
            let (auth, hello) = (slow_at(slow, &leave).await, slow_at(slow, &leave).await);
            let edge = Edge::limited(&auth, &hello, requests).await;
            let mut waiting = Vec::new();
            for number in 0..100 {
                let path = slow[number % slow.len()];
                waiting.push(edge.send(&format!("GET {path} HTTP/1.1\r\nhost: edge.test\r\n\r\n")).await);
            }
            for path in others {
                assert_eq!(edge.get(path, "").await.status(), 200, "{path} while {slow:?} wait, {requests} at once");
            }
            leave.add_permits(100);
            for mut client in waiting {
                assert_eq!(client.answer().await.status(), 200);
            }
        }
    }
}
