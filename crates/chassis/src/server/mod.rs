//! Listeners and connections with their limits: `axum::serve` has none of them.
mod stream;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    http::StatusCode,
};
use futures_util::FutureExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
};
use tower::Service as _;

use self::stream::{GuardedStream, Phase};
use crate::metrics::{Counted, Metrics};

/// A request's head must fit into it, with room to spare over what the framing rules allow: so they can answer.
const READ_BUFFER_BYTES: usize = 32 * 1024;
/// Pause after a failed accept: out of descriptors, spinning would only make it worse.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Between the last accept and the end of idle connections: for requests that are on their way. Answers say
/// `Connection: close` meanwhile.
const SETTLE: Duration = Duration::from_millis(100);

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// What a listener allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_connections: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

/// A server that accepts until told to close.
pub(crate) struct Server {
    close: oneshot::Sender<Duration>,
    accepting: tokio::task::JoinHandle<Drained>,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drained {
    Completely,
    /// Connections were still open at the deadline.
    Cut,
}

/// Binds, naming address and setting when it fails.
pub(crate) async fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "the address is already in use".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied (ports below 1024 need a privilege)".to_owned(),
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        format!("cannot listen on {address}: {why}; {setting} chooses another")
    })
}

impl Server {
    /// Serves `router` on `listener` until [`Server::close`].
    pub(crate) fn start(listener: TcpListener, router: Router, limits: Limits, metrics: Option<Metrics>) -> Self {
        let (close, closing) = oneshot::channel();
        let accepting = tokio::spawn(accept(listener, router, limits, metrics, closing));
        Self { close, accepting }
    }

    /// Stops accepting and waits for what is in flight, at most until the deadline.
    pub(crate) async fn close(self, deadline: Duration) -> Drained {
        // The task listens until it gets this; a failed one has nothing left to close.
        let _ = self.close.send(deadline);
        self.accepting.await.unwrap_or(Drained::Cut)
    }
}

async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    metrics: Option<Metrics>,
    mut closing: oneshot::Receiver<Duration>,
) -> Drained {
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let mut failing = false;
    let deadline = loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            deadline = &mut closing => break deadline,
            next = next => next,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, peer))) => {
                failing = false;
                let held = (place, metrics.as_ref().map(Metrics::connection));
                connection(stream, Peer(peer), router.clone(), limits, &graceful, held);
            }
            (_, Err(error)) if is_about_one_connection(&error) => {}
            (_, Err(error)) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot accept connections; trying again until it works");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            (Err(_), Ok(_)) => {}
        }
    };
    // Whoever the kernel has already promised a connection gets one, and time to send what it came for.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
        let held = (place, metrics.as_ref().map(Metrics::connection));
        connection(stream, Peer(peer), router.clone(), limits, &graceful, held);
    }
    drop(listener);
    let deadline = deadline.unwrap_or_default();
    let settle = SETTLE.min(deadline);
    tokio::time::sleep(settle).await;
    match tokio::time::timeout(deadline.saturating_sub(settle), graceful.shutdown()).await {
        Ok(()) => Drained::Completely,
        Err(_) => Drained::Cut,
    }
}

fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    limits: Limits,
    graceful: &GracefulShutdown,
    held: (OwnedSemaphorePermit, Option<Counted>),
) {
    // Answers are small: waiting to fill a segment only adds latency.
    let _ = stream.set_nodelay(true);
    let phase = Phase::default();
    let stream = GuardedStream::new(stream, phase.clone(), limits.header_timeout, limits.idle_timeout);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        phase.turn();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let has_body = !request.body().is_end_stream();
        let (answer, phase) = (router.clone().call(request), phase.clone());
        async move {
            let answer = answer.await;
            if has_body && answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::PAYLOAD_TOO_LARGE) {
                phase.linger();
            }
            phase.turn();
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle_timeout)
        .max_buf_size(READ_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // How a client's connection ends is the client's business; debug shows it.
        if let Err(error) = watched.await {
            tracing::debug!(%error, peer = %peer.0, "connection ended early");
        }
        drop(held);
    });
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
