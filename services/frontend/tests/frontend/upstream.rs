//! Upstreams that do as a test tells them, byte by byte.
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use crate::wire::{Head, Wire, soon};

pub(crate) struct Upstream {
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<Received>,
    accepting: JoinHandle<()>,
}

/// A request as the upstream saw it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) head: Head,
    pub(crate) body: String,
    pub(crate) whole: bool,
}

/// Where a script puts what it received.
pub(crate) type Seen = mpsc::UnboundedSender<Received>;

/// An address where nobody listens.
pub(crate) fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

impl Upstream {
    /// Plays `script` on every connection; it gets the connection's number, from 0.
    pub(crate) async fn playing<S, F>(script: S) -> Self
    where
        S: Fn(usize, Wire, Seen) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (seen, requests) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                tokio::spawn(script(counter.fetch_add(1, SeqCst), Wire::new(stream), seen.clone()));
            }
        });
        Self { url, connections, requests, accepting }
    }

    /// Answers every request with the same bytes and keeps the connection.
    pub(crate) async fn answering(answer: &'static str) -> Self {
        Self::playing(move |_, mut wire, seen| async move {
            while receive(&mut wire, &seen).await {
                wire.write(answer).await;
            }
        })
        .await
    }

    /// Answers with a body and fields, each ending in `\r\n`.
    pub(crate) async fn saying(fields: &str, body: &str) -> Self {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}content-length: {}\r\n\r\n{body}", body.len());
        Self::answering(answer.leak()).await
    }

    /// The next request.
    pub(crate) async fn request(&mut self) -> Received {
        soon(self.requests.recv()).await.expect("a request")
    }

    /// How many requests have come that the test has not looked at.
    pub(crate) fn unseen(&mut self) -> usize {
        std::iter::from_fn(|| self.requests.try_recv().ok()).count()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Reads one request and shows it to the test; `false` when the connection ended before one.
pub(crate) async fn receive(wire: &mut Wire, seen: &Seen) -> bool {
    let Some(head) = wire.head().await else { return false };
    let (body, whole) = wire.body(&head).await;
    // A test that does not look is done with its receiver.
    let _ = seen.send(Received { head, body, whole });
    true
}
