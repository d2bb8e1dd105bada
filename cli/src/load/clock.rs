//! The time of a run: counted from its start, and ended early by whoever has a [`Stop`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Ends a run before its time. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Asked before every request: cheaper than the channel.
    stopped: AtomicBool,
    at: watch::Sender<Option<Instant>>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { stopped: AtomicBool::new(false), at: watch::Sender::new(None) }))
    }

    /// No request is begun any more; what is in flight is waited for a little.
    pub(crate) fn stop(&self) {
        self.0.at.send_if_modified(|at| at.is_none() && at.insert(Instant::now()).elapsed() >= Duration::ZERO);
        self.0.stopped.store(true, Ordering::Release);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    pub(super) fn at(&self) -> Option<Instant> {
        *self.0.at.borrow()
    }

    /// Waits for it.
    pub(super) async fn stopped(&self) {
        // The sender is kept by `self`.
        let _ = self.0.at.subscribe().wait_for(Option::is_some).await;
    }
}

/// When a run began, and its stop.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    pub(super) start: Instant,
    pub(super) stop: Stop,
}

impl Clock {
    /// Since the start; zero before it.
    pub(super) fn at(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.at(Instant::now())
    }

    /// When the last request was to be begun: at this time, or at the stop if that was earlier.
    pub(super) fn end(&self, planned: Duration) -> Duration {
        // Asked after every answer: the flag is cheaper than the lock.
        let stopped = if self.stop.is_stopped() { self.stop.at() } else { None };
        stopped.map_or(planned, |stopped| self.at(stopped).min(planned))
    }

    /// Waits so long, or until the run is stopped.
    pub(super) async fn sleep_until(&self, at: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(at) => (),
            () = self.stop.stopped() => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_waiting_and_keeps_its_time() {
        let clock = Clock { start: Instant::now(), stop: Stop::new() };
        assert_eq!((clock.stop.is_stopped(), clock.stop.at()), (false, None));
        let waiting = clock.clone();
        let waiter = tokio::spawn(async move { waiting.sleep_until(waiting.start + Duration::from_mins(1)).await });
        tokio::time::sleep(Duration::from_secs(2)).await;
        clock.stop.stop();
        waiter.await.unwrap();
        assert_eq!(clock.elapsed().as_secs(), 2);
        tokio::time::sleep(Duration::from_secs(1)).await;
        clock.stop.stop();
        assert_eq!(clock.at(clock.stop.at().unwrap()).as_secs(), 2, "the first one counts");
        assert_eq!([1, 9].map(|planned| clock.end(Duration::from_secs(planned)).as_secs()), [1, 2]);
    }
}
