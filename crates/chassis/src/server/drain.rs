//! The end of a listener: nothing is accepted any more, and what has begun comes to its end.
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

/// Between the last accept and the end of idle connections: for requests that are on their way. Answers say
/// `Connection: close` meanwhile.
const SETTLE: Duration = Duration::from_millis(100);

/// For connections that were accepted last and are not ready for HTTP yet.
const LAST_HANDSHAKES: Duration = Duration::from_secs(1);

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drained {
    Completely,
    /// Connections were still open at the deadline.
    Cut,
}

/// Waits until every connection has ended, at most for `limit`. `handshakes` is held by those that are not ready for HTTP.
pub(super) async fn drain(limit: Duration, handshakes: watch::Sender<()>, graceful: GracefulShutdown) -> Drained {
    let end = Instant::now() + limit;
    let _ = timeout_at(end.min(Instant::now() + LAST_HANDSHAKES), handshakes.closed()).await;
    drop(handshakes);
    sleep_until(end.min(Instant::now() + SETTLE)).await;
    match timeout_at(end, graceful.shutdown()).await {
        Ok(()) => Drained::Completely,
        Err(_) => Drained::Cut,
    }
}
