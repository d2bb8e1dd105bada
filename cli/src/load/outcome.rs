//! What came of a run: the one source of table, JSON, HTML and verdict.

use std::time::Duration;

use jiff::Timestamp;

use super::course::Point;
use super::plan::Plan;
use super::session::Renewals;
use super::tally::Tally;

/// Percentiles that are reported, and their names.
pub(crate) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p95", 95.0), ("p99", 99.0), ("p99.9", 99.9)];

/// What somebody did during a run.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) at: Duration,
    pub(crate) text: String,
}

/// All that is known after a run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    pub(crate) started: Timestamp,
    /// The time in which requests were begun.
    pub(crate) elapsed: Duration,
    pub(crate) interrupted: bool,
    pub(crate) total: Tally,
    /// Requests that were due and never sent. They are among the failures.
    pub(crate) unsent: u64,
    pub(crate) points: Vec<Point>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) renewals: Option<Renewals>,
}

impl Outcome {
    /// Good answers a second: those that came within the time of the run, in an open loop those asked for within it.
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.total.good() - self.total.late, self.elapsed)
    }

    /// Requests that failed, of a hundred.
    pub(crate) fn failed_percent(&self) -> f64 {
        percent(self.total.failed_count(), self.total.requests())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}
