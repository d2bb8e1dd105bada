//! When a connection may send its next request: in a closed loop as soon as it has its answer, in an open one when a
//! request is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::clock::Clock;
use super::schedule::Schedule;

/// How long after the end requests are still sent that were due and found no connection.
const OVERRUN: Duration = Duration::from_secs(1);
/// A request that was due longer ago found no connection; one that was due just now is on its way to one.
pub(super) const JUST_NOW: Duration = Duration::from_millis(100);
/// The longest that the metronome sleeps: it may be stopped.
const NAP: Duration = Duration::from_millis(50);

/// Permission to send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Now, and its latency counts from now.
    Now,
    /// It was due then, and its latency counts from then: what it had to wait for a connection counts, too. Without that
    /// a server that stands still would be asked less, and look better (coordinated omission).
    Due(Instant),
}

/// Who may send when.
#[derive(Debug)]
pub(super) enum Pace {
    Closed(ClosedLoop),
    Open(Arc<OpenLoop>),
}

impl Pace {
    /// Whether a connection is needed from the start.
    pub(super) fn wants_at_start(&self, connection: usize) -> bool {
        match self {
            Self::Closed(pace) => pace.wants(connection, Duration::ZERO),
            Self::Open(_) => true,
        }
    }

    /// The next turn of a connection; `None` when there is none any more.
    pub(super) async fn next(&self, connection: usize, clock: &Clock) -> Option<Turn> {
        match self {
            Self::Closed(pace) => pace.next(connection, clock).await,
            Self::Open(pace) => pace.next(clock).await,
        }
    }
}

/// Each connection asks as long as the schedule wants so many connections, and together no more than the limit.
#[derive(Debug)]
pub(super) struct ClosedLoop {
    schedule: Schedule,
    limit: u64,
    begun: AtomicU64,
}

impl ClosedLoop {
    pub(super) fn new(schedule: Schedule, limit: Option<u64>) -> Self {
        Self { schedule, limit: limit.unwrap_or(u64::MAX), begun: AtomicU64::new(0) }
    }

    fn wants(&self, connection: usize, at: Duration) -> bool {
        self.schedule.level(at) > above(connection)
    }

    async fn next(&self, connection: usize, clock: &Clock) -> Option<Turn> {
        loop {
            let now = clock.elapsed();
            if clock.stop.is_stopped() || now >= self.schedule.length() {
                return None;
            }
            if self.wants(connection, now) {
                let within = self.limit == u64::MAX || self.begun.fetch_add(1, Ordering::Relaxed) < self.limit;
                return within.then_some(Turn::Now);
            }
            let later = self.schedule.exceeds(above(connection), now)?;
            clock.sleep_until(clock.start + later).await;
        }
    }
}

/// Requests fall due by the schedule, and are given to connections in that order.
#[derive(Debug)]
pub(super) struct OpenLoop {
    schedule: Schedule,
    total: u64,
    /// Requests that are due and not taken; and at the end one for each connection, to end it.
    due: Semaphore,
    fallen_due: AtomicU64,
    taken: AtomicU64,
    given: AtomicU64,
    /// What has waited long is not sent any more.
    closing: AtomicBool,
}

impl OpenLoop {
    pub(super) fn new(schedule: Schedule, limit: Option<u64>) -> Self {
        let total = schedule.total().min(limit.unwrap_or(u64::MAX));
        Self {
            schedule,
            total,
            due: Semaphore::new(0),
            fallen_due: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            given: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        }
    }

    async fn next(&self, clock: &Clock) -> Option<Turn> {
        self.due.acquire().await.ok()?.forget();
        let number = self.taken.fetch_add(1, Ordering::AcqRel);
        if clock.stop.is_stopped() || number >= self.fallen_due.load(Ordering::Acquire) {
            return None;
        }
        let due = clock.start + self.schedule.due(number);
        if self.closing.load(Ordering::Acquire) && due.elapsed() > JUST_NOW {
            return None;
        }
        self.given.fetch_add(1, Ordering::AcqRel);
        Some(Turn::Due(due))
    }

    /// How many were due and never sent. Those that were due just before a stop are none of them: they were on their way
    /// to a connection.
    pub(super) fn unsent(&self, clock: &Clock) -> u64 {
        let fallen_due = self.fallen_due.load(Ordering::Acquire);
        let owed = clock.stop.at().map_or(fallen_due, |stopped| {
            let before = clock.at(stopped).checked_sub(JUST_NOW);
            before.map_or(0, |at| self.schedule.due_by(at).min(fallen_due))
        });
        owed.saturating_sub(self.given.load(Ordering::Acquire))
    }

    /// Lets requests fall due until all have, or until the run is stopped; then ends the connections. The timers of the
    /// runtime tick in milliseconds, so this has a thread of its own, which sleeps more precisely.
    pub(super) fn keep_time(&self, clock: &Clock, connections: usize) {
        let mut fallen_due = 0;
        while fallen_due < self.total && !clock.stop.is_stopped() {
            if clock.start > Instant::now() {
                nap(clock.start);
                continue;
            }
            let now_due = self.schedule.due_by(clock.elapsed()).min(self.total);
            if now_due > fallen_due {
                self.fallen_due.store(now_due, Ordering::Release);
                self.due.add_permits(permits(now_due - fallen_due));
                fallen_due = now_due;
            }
            if fallen_due < self.total {
                nap(clock.start + self.schedule.due(fallen_due));
            }
        }
        let last = clock.start + self.schedule.length() + OVERRUN;
        while self.due.available_permits() > 0 && Instant::now() < last && !clock.stop.is_stopped() {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.closing.store(true, Ordering::Release);
        self.due.add_permits(connections);
    }
}

/// A connection works while the level is above this: the first one above 0, the second above 1.
#[expect(clippy::cast_precision_loss, reason = "connections are few")]
fn above(connection: usize) -> f64 {
    connection as f64
}

fn permits(count: u64) -> usize {
    usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS / 2)
}

fn nap(until: Instant) {
    std::thread::sleep(until.saturating_duration_since(Instant::now()).min(NAP));
}

/// Linux lets a thread oversleep by 50 µs, unless told otherwise.
pub(super) fn sleep_precisely() {
    #[cfg(target_os = "linux")]
    {
        // Without it requests go out a little late, and that counts as their latency.
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    }
}

#[cfg(test)]
mod tests;
