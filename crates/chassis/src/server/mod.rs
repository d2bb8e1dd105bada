//! Listeners and connections with their limits: `axum::serve` has none of them.
mod acceptor;
mod listener;
mod stream;
mod strict_transport;

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
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch},
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};
use tower::Service as _;

use self::stream::{GuardedStream, Phase};
pub use self::{
    acceptor::{Acceptor, Plain, Scheme},
    listener::{Listener, bind},
    strict_transport::StrictTransport,
};
use crate::metrics::{Counted, Metrics};

/// A request's head must fit into it, with room to spare over what the framing rules allow: so they can answer.
const READ_BUFFER_BYTES: usize = 32 * 1024;
/// Pause after a failed accept: out of descriptors, spinning would only make it worse.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Between the last accept and the end of idle connections: for requests that are on their way. Answers say
/// `Connection: close` meanwhile.
const SETTLE: Duration = Duration::from_millis(100);

/// For connections that were accepted last and are not ready for HTTP yet.
const LAST_HANDSHAKES: Duration = Duration::from_secs(1);

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

impl Server {
    /// Serves `router` on `listener` until [`Server::close`].
    pub(crate) fn start<A: Acceptor>(
        listener: Listener,
        acceptor: A,
        router: Router,
        limits: Limits,
        metrics: Option<Metrics>,
    ) -> Self {
        let (close, closing) = oneshot::channel();
        let strict = acceptor.strict_transport().map(StrictTransport::lasting);
        let serving = Serving { acceptor, strict, router, limits, metrics };
        let accepting = tokio::spawn(serving.accept(listener, closing));
        Self { close, accepting }
    }

    /// Stops accepting and waits for what is in flight, at most until the deadline.
    pub(crate) async fn close(self, deadline: Duration) -> Drained {
        // The task listens until it gets this; a failed one has nothing left to close.
        let _ = self.close.send(deadline);
        self.accepting.await.unwrap_or(Drained::Cut)
    }
}

/// What every connection of a listener needs. Cheap to clone.
#[derive(Clone)]
struct Serving<A> {
    acceptor: A,
    strict: Option<StrictTransport>,
    router: Router,
    limits: Limits,
    metrics: Option<Metrics>,
}

/// What a connection occupies as long as it lasts.
type Held = (OwnedSemaphorePermit, Option<Counted>);

impl<A: Acceptor> Serving<A> {
    async fn accept(self, listener: Listener, mut closing: oneshot::Receiver<Duration>) -> Drained {
        let places = Arc::new(Semaphore::new(self.limits.max_connections));
        let graceful = GracefulShutdown::new();
        // Whoever is not ready for HTTP yet listens to it until it is gone; nothing is ever said.
        let (last_call, unready) = watch::channel(());
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
                    self.serve(stream, Peer(peer), place, graceful.watcher(), unready.clone());
                }
                (_, Err(error)) if is_about_one_connection(&error) => {}
                (_, Err(error)) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "cannot accept connections; trying again until it works");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
                (Err(_), Ok(_)) => {}
            }
        };
        // Whoever the kernel has already promised a connection gets one, and time to send what it came for.
        while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
            self.serve(stream, Peer(peer), place, graceful.watcher(), unready.clone());
        }
        drop((listener, unready));
        drain(deadline.unwrap_or_default(), last_call, graceful).await
    }

    fn serve(
        &self,
        stream: TcpStream,
        peer: Peer,
        place: OwnedSemaphorePermit,
        watcher: Watcher,
        mut unready: watch::Receiver<()>,
    ) {
        let held = (place, self.metrics.as_ref().map(Metrics::connection));
        let serving = self.clone();
        tokio::spawn(async move {
            // Answers are small: waiting to fill a segment only adds latency.
            let _ = stream.set_nodelay(true);
            let accepting = timeout(serving.limits.header_timeout, serving.acceptor.accept(stream, peer.0));
            let accepted = tokio::select! {
                biased;
                accepted = accepting => accepted,
                _ = unready.changed() => return,
            };
            drop(unready);
            match accepted {
                Ok(Ok(stream)) => serving.speak(stream, peer, held, watcher).await,
                // How a client's connection ends is the client's business; debug shows it.
                Ok(Err(error)) => tracing::debug!(%error, peer = %peer.0, "connection not begun"),
                Err(_) => tracing::debug!(peer = %peer.0, "connection not begun in time"),
            }
        });
    }

    /// Speaks HTTP until the connection ends.
    async fn speak(self, stream: A::Stream, peer: Peer, held: Held, watcher: Watcher) {
        let Self { strict, router, limits, .. } = self;
        let phase = Phase::default();
        let stream = GuardedStream::new(stream, phase.clone(), limits.header_timeout, limits.idle_timeout);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            phase.turn();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            if A::SCHEME == Scheme::Https {
                request.extensions_mut().insert(Scheme::Https);
            }
            let strict = strict.clone().filter(|_| StrictTransport::concerns(&request));
            let has_body = !request.body().is_end_stream();
            let (answer, phase) = (router.clone().call(request), phase.clone());
            async move {
                let mut answer = answer.await;
                if has_body && answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::PAYLOAD_TOO_LARGE) {
                    phase.linger();
                }
                if let (Some(strict), Ok(answer)) = (strict, &mut answer) {
                    strict.stamp(answer.headers_mut());
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
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, peer = %peer.0, "connection ended early");
        }
        drop(held);
    }
}

/// Nobody is accepted any more: lets what has begun come to its end.
async fn drain(deadline: Duration, last_call: watch::Sender<()>, graceful: GracefulShutdown) -> Drained {
    let end = Instant::now() + deadline;
    let _ = timeout_at(end.min(Instant::now() + LAST_HANDSHAKES), last_call.closed()).await;
    drop(last_call);
    sleep_until(end.min(Instant::now() + SETTLE)).await;
    match timeout_at(end, graceful.shutdown()).await {
        Ok(()) => Drained::Completely,
        Err(_) => Drained::Cut,
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
