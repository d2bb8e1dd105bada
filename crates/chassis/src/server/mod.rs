//! Listeners and connections with their limits: `axum::serve` has none of them.
mod acceptor;
mod admission;
mod buffers;
mod connection;
mod drain;
mod head;
mod listener;
pub(crate) mod request_memory;
mod stream;
mod strict_transport;

use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use futures_util::FutureExt as _;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::{
    net::TcpStream,
    sync::{oneshot, watch},
    task::unconstrained,
    time::sleep,
};

pub use self::{
    acceptor::{Acceptor, Plain, Scheme},
    listener::{Listener, bind},
    strict_transport::StrictTransport,
};
pub(crate) use self::{admission::Capacity, drain::Drained};
use self::{
    admission::{Admission, Admitted},
    drain::drain,
};
use crate::metrics::Metrics;

/// Pause after a failed accept: out of descriptors, spinning would only make it worse.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// How long a listener waits for clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

/// A server that accepts until told to close.
pub(crate) struct Server {
    close: oneshot::Sender<Duration>,
    accepting: tokio::task::JoinHandle<Drained>,
}

impl Server {
    /// Serves `router` on `listener` until [`Server::close`].
    pub(crate) fn start<A: Acceptor>(
        listener: Listener,
        acceptor: A,
        router: Router,
        capacity: Capacity,
        timeouts: Timeouts,
        metrics: Option<Metrics>,
    ) -> Self {
        let (close, closing) = oneshot::channel();
        let strict = acceptor.strict_transport().map(StrictTransport::lasting);
        let is_memory_limited = capacity.memory.bodies.is_limited();
        let serving = Serving { acceptor, strict, router, timeouts, is_memory_limited, metrics };
        let accepting = tokio::spawn(serving.accept(listener, Admission::new(capacity), closing));
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
    timeouts: Timeouts,
    is_memory_limited: bool,
    metrics: Option<Metrics>,
}

impl<A: Acceptor> Serving<A> {
    async fn accept(
        self,
        listener: Listener,
        admission: Admission,
        mut closing: oneshot::Receiver<Duration>,
    ) -> Drained {
        let graceful = GracefulShutdown::new();
        // Connections that are not ready for HTTP yet hold a receiver; nothing is ever sent.
        let (handshakes, draining) = watch::channel(());
        let (mut failing, mut pending) = (false, None);
        let limit = loop {
            let accepted = tokio::select! {
                biased;
                limit = &mut closing => break limit,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    failing = false;
                    let admitted = tokio::select! {
                        biased;
                        limit = &mut closing => {
                            pending = Some((stream, peer));
                            break limit;
                        }
                        admitted = admission.admit(peer.ip()) => admitted,
                    };
                    if let Some(admitted) = admitted {
                        self.serve(stream, Peer(peer), admitted, graceful.watcher(), draining.clone());
                    } else {
                        tracing::debug!(%peer, "connection refused: the client has its share");
                    }
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "cannot accept connections; trying again until it works");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        };
        // The kernel has already promised a connection to these clients: they get one, and time to send what they came for.
        // All of them, so the runtime must not ask this task to yield after a number of them.
        let mut next = || pending.take().map(Ok).or_else(|| unconstrained(listener.accept()).now_or_never());
        while let Some(accepted) = next() {
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_about_one_connection(&error) => continue,
                Err(_) => break,
            };
            let Some(admitted) = admission.try_admit(peer.ip()) else { break };
            self.serve(stream, Peer(peer), admitted, graceful.watcher(), draining.clone());
        }
        drop((listener, draining));
        drain(limit.unwrap_or_default(), handshakes, graceful).await
    }

    fn serve(
        &self,
        stream: TcpStream,
        peer: Peer,
        admitted: Admitted,
        watcher: Watcher,
        draining: watch::Receiver<()>,
    ) {
        if self.is_memory_limited {
            buffers::bound(&stream);
        }
        let held = (admitted, self.metrics.as_ref().map(Metrics::connection));
        tokio::spawn(connection::serve(self.clone(), stream, peer, held, watcher, draining));
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
