//! One connection, from the moment it is accepted to its end.
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::{HeaderValue, Response, header},
};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::Watcher,
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, timeout_at},
};
use tower::Service as _;

use super::{
    Peer, Serving, StrictTransport,
    acceptor::{Acceptor, Scheme},
    admission::{Admitted, Slot},
    request_memory::BodyMemory,
    stream::{Allowed, AnswerBody, GuardedStream, Phase},
};
use crate::metrics::Counted;

/// A request's headers must fit into it, with room to spare over what the framing rules allow: so they can answer.
const READ_BUFFER_BYTES: usize = 32 * 1024;

/// What a connection occupies as long as it lasts.
pub(super) type Held = (Admitted, Option<Counted>);

/// Makes the connection ready for HTTP, and speaks it to the end.
pub(super) async fn serve<A: Acceptor>(
    serving: Serving<A>,
    stream: TcpStream,
    peer: Peer,
    held: Held,
    watcher: Watcher,
    mut draining: watch::Receiver<()>,
) {
    let accepted = Instant::now();
    // Answers are small: waiting to fill a segment only adds latency.
    let _ = stream.set_nodelay(true);
    let slot = Arc::clone(held.0.slot());
    let end = accepted + serving.timeouts.header_timeout;
    let ready = {
        let mut accepting = pin!(timeout_at(end, async {
            stream.readable().await?;
            slot.proceeds();
            slot.set_handshake(true);
            serving.acceptor.accept(stream, peer.0).await
        }));
        let waiting = poll_fn(|context| {
            let polled = accepting.as_mut().poll(context);
            if polled.is_pending() {
                slot.waits();
            }
            polled
        });
        tokio::select! {
            biased;
            ready = waiting => ready,
            () = poll_fn(|context| slot.poll_closed(context)) => return,
            _ = draining.changed() => return,
        }
    };
    drop(draining);
    slot.proceeds();
    slot.set_handshake(false);
    match ready {
        Ok(Ok(stream)) => speak(serving, stream, accepted, peer, held, watcher).await,
        // How a client's connection ends is the client's business; debug shows it.
        Ok(Err(error)) => tracing::debug!(%error, peer = %peer.0, "connection not begun"),
        Err(_) => tracing::debug!(peer = %peer.0, "connection not begun in time"),
    }
}

/// Speaks HTTP until the connection ends.
async fn speak<A: Acceptor>(
    serving: Serving<A>,
    stream: A::Stream,
    accepted: Instant,
    peer: Peer,
    held: Held,
    watcher: Watcher,
) {
    let Serving { strict, router, timeouts, .. } = serving;
    let phase = Phase::default();
    let (slot, memory) = (Arc::clone(held.0.slot()), held.0.memory());
    let allowed =
        Allowed { head: timeouts.header_timeout, unread: timeouts.idle_timeout, memory: memory.heads.clone() };
    let stream = GuardedStream::new(stream, phase.clone(), Arc::clone(&slot), allowed, accepted);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let has_body = !request.body().is_end_stream();
        phase.begin(request.body().size_hint().lower());
        slot.serves();
        let mut request = if has_body {
            request.map(|body| Body::new(AwaitedBody { body, slot: Arc::clone(&slot) }))
        } else {
            request.map(Body::new)
        };
        request.extensions_mut().insert(peer);
        if has_body {
            request.extensions_mut().insert(BodyMemory::new(memory.bodies.clone(), Arc::clone(&slot)));
        }
        if A::SCHEME == Scheme::Https {
            request.extensions_mut().insert(Scheme::Https);
        }
        let strict = strict.clone().filter(|_| StrictTransport::concerns(&request));
        let (answer, phase, slot) = (router.clone().call(request), phase.clone(), Arc::clone(&slot));
        async move {
            let mut answer = answer.await?;
            let is_refused = answer.status().is_client_error() || answer.status().is_server_error();
            if has_body && is_refused {
                phase.linger();
            }
            if let Some(strict) = strict {
                strict.stamp(answer.headers_mut());
            }
            if slot.is_pressed() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<Response<AnswerBody>, std::convert::Infallible>(answer.map(|body| AnswerBody::new(body, phase)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeouts.idle_timeout)
        .max_buf_size(READ_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, peer = %peer.0, "connection ended early");
    }
    drop(held);
}

/// The body of a request: the connection waits for its client while the next part of it is awaited.
struct AwaitedBody {
    body: Incoming,
    slot: Arc<Slot>,
}

impl Drop for AwaitedBody {
    fn drop(&mut self) {
        self.slot.proceeds();
    }
}

impl http_body::Body for AwaitedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_pending() {
            self.slot.waits();
        } else {
            self.slot.proceeds();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
