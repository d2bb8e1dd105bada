//! One HTTP/1.1 connection to whoever answers at an upstream's address, moved by the task of the request that it serves.
//!
//! As long as it serves one it has no task of its own, so a request and its answer cost no switch between tasks, and a
//! request that is given up closes its connection.
use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Waker},
    time::Duration,
};

use axum::http::{Request, Response, Uri, uri};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tokio::{net::TcpStream, task::unconstrained, time::timeout};
use tower::Service as _;

use crate::{
    concurrency::{QuickLimit, SLOW},
    dns::Resolver,
    fault::Fault,
    upload::Upload,
};

/// Bytes buffered per connection and direction, and so the largest head an upstream may answer with.
/// hyper's own limit (408 KiB) would let 25 big transfers use up the memory promise.
const BUFFER: usize = 32 * 1024;

/// Probes on unused connections find a peer that went away without a word (a lost node).
const TCP_KEEPALIVE: Duration = Duration::from_secs(5);

/// Makes connections to one upstream.
#[derive(Debug)]
pub(crate) struct Connector {
    tcp: HttpConnector<Resolver>,
    origin: Uri,
}

impl Connector {
    /// `within` is for finding the address, and again for connecting to it.
    pub(crate) fn new(authority: uri::Authority, within: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new(within));
        tcp.set_connect_timeout(Some(within));
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        tcp.set_keepalive_interval(Some(TCP_KEEPALIVE));
        tcp.set_keepalive_retries(Some(2));
        let mut origin = uri::Parts::default();
        origin.scheme = Some(uri::Scheme::HTTP);
        origin.authority = Some(authority);
        origin.path_and_query = Some(uri::PathAndQuery::from_static("/"));
        Self { tcp, origin: Uri::from_parts(origin).expect("scheme, authority and path make a URI") }
    }

    /// Makes one within the limit. While some are made, others come back: many requests that come at once need far fewer
    /// connections than they are, and an upstream's queue of new ones is short (Linux: 4096, many servers: 128).
    pub(crate) async fn connect(&self, limit: &QuickLimit) -> Result<Connection, Fault> {
        let mut permit = limit.acquire().await;
        let mut tcp = self.tcp.clone();
        let mut stream = pin!(tcp.call(self.origin.clone()));
        // A name server or a lost host may take its time: others are not to wait for that.
        let stream = if let Ok(stream) = timeout(SLOW, stream.as_mut()).await {
            stream
        } else {
            permit.is_slow();
            stream.await
        };
        let stream = stream.map_err(Fault::from_connector)?;
        let (requests, wire) =
            http1::Builder::new().max_buf_size(BUFFER).handshake(stream).await.map_err(Fault::Broken)?;
        Ok(Connection(Box::new(Open { requests, wire: Some(wire) })))
    }
}

/// A connection that is open, as far as we have looked.
pub(crate) struct Connection(Box<Open>);

struct Open {
    requests: http1::SendRequest<Upload>,
    /// Until it has ended.
    wire: Option<http1::Connection<TokioIo<TcpStream>, Upload>>,
}

/// Why a request got no answer.
pub(crate) enum Unanswered {
    /// The connection ended before the request's first byte: it can go another way, whatever its method.
    Unsent(Box<Request<Upload>>, hyper::Error),
    /// The upstream may have seen some of it.
    Failed(hyper::Error),
}

impl From<Unanswered> for Fault {
    fn from(unanswered: Unanswered) -> Self {
        let (Unanswered::Unsent(_, error) | Unanswered::Failed(error)) = unanswered;
        Self::from_connection(error)
    }
}

impl Connection {
    /// Sends a request and waits for the head of its answer. The body comes by [`Connection::advance`].
    pub(crate) async fn ask(&mut self, request: Request<Upload>) -> Result<Response<Incoming>, Unanswered> {
        // Not held back by the task's budget, for nobody would be woken to go on.
        let mut answer = pin!(unconstrained(self.0.requests.try_send_request(request)));
        let answered = poll_fn(|context| {
            self.advance(context);
            // It comes from the wire, and so by this task: nobody is to be woken for it.
            answer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        });
        answered.await.map_err(|mut error| match error.take_message() {
            Some(request) => Unanswered::Unsent(Box::new(request), error.into_error()),
            None => Unanswered::Failed(error.into_error()),
        })
    }

    /// Writes and reads what can be written and read. How a connection ended is told by the answer or its body.
    pub(crate) fn advance(&mut self, context: &mut Context<'_>) {
        if let Some(wire) = &mut self.0.wire
            && Pin::new(wire).poll(context).is_ready()
        {
            // Its end reaches whoever waits for an answer only when it is dropped.
            self.0.wire = None;
        }
    }

    /// Whether it could take another request, as far as the system has told us of its other end.
    pub(crate) fn is_free(&mut self) -> bool {
        self.advance(&mut Context::from_waker(Waker::noop()));
        self.0.wire.is_some() && self.0.requests.is_ready()
    }

    /// Leaves it to a task until it has ended, but no longer than so.
    pub(crate) fn finish(self, within: Duration) {
        if let Some(wire) = self.0.wire {
            tokio::spawn(timeout(within, wire));
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::time::{Instant, pause};

    use super::*;
    use crate::crowd::{crowd_before, small_listener};

    #[tokio::test]
    async fn a_host_that_does_not_answer_keeps_nobody_waiting_for_a_turn() {
        let listener = small_listener();
        let address = listener.local_addr().expect("bound");
        let _crowd = crowd_before(&listener).await;
        let within = Duration::from_secs(10);
        let connector = Connector::new(address.to_string().parse().expect("an authority"), within);
        pause();
        let began = Instant::now();
        let limit = QuickLimit::default();
        let faults = join_all((0..200).map(|_| connector.connect(&limit))).await;
        assert!(faults.iter().all(|fault| matches!(fault, Err(Fault::Unreachable(_)))));
        assert!(began.elapsed() < within * 3 / 2, "{:?}", began.elapsed());
    }
}
