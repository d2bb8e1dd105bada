//! What is counted: one tally for each thread and quarter of a second, and sums of them.

use std::time::Duration;

use http::HeaderMap;

use super::failure::{Example, Kind};
use super::histogram::Latencies;
use super::shares::Shares;

/// What became of the requests to one path.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathTally {
    /// Of the good answers.
    pub(crate) latencies: Latencies,
    pub(crate) failed: u64,
}

/// Counts, of a thread or of all, of a quarter of a second or of the whole run.
///
/// Every request that was begun ends in exactly one of two places: among the good answers of its path, or as a failure.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// By the path's index in the mix.
    pub(crate) paths: Vec<PathTally>,
    /// In an open loop: from when a request was really sent, not from when it was due.
    pub(crate) service_times: Latencies,
    pub(crate) shares: Shares,
    pub(crate) statuses: Vec<(u16, u64)>,
    pub(crate) failures: Vec<Failed>,
    pub(crate) connections_opened: u64,
    pub(crate) body_bytes: u64,
    /// Good answers that do not count for the rate: they came, or in an open loop were asked for, after the run's time.
    pub(crate) late: u64,
    /// When the last request ended, since the start of the run.
    pub(crate) last_end: Duration,
}

/// Failures of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) kind: Kind,
    pub(crate) count: u64,
    pub(crate) first: Option<Example>,
}

impl Tally {
    pub(super) fn new(paths: usize) -> Self {
        Self {
            paths: vec![PathTally::default(); paths],
            service_times: Latencies::default(),
            shares: Shares::default(),
            statuses: Vec::new(),
            failures: Vec::new(),
            connections_opened: 0,
            body_bytes: 0,
            late: 0,
            last_end: Duration::ZERO,
        }
    }

    /// An answer, good or bad, from whoever its fields name.
    pub(super) fn answered(&mut self, status: u16, fields: &HeaderMap, body_bytes: u64, at: Duration) {
        self.shares.count(fields);
        add_to(&mut self.statuses, status, 1);
        self.body_bytes += body_bytes;
        self.last_end = at;
    }

    pub(super) fn failed(&mut self, path: usize, kind: Kind, first: impl FnOnce() -> Option<Example>) {
        self.paths[path].failed += 1;
        self.named(kind, 1, first);
    }

    pub(super) fn named(&mut self, kind: Kind, count: u64, first: impl FnOnce() -> Option<Example>) {
        match self.failures.iter_mut().find(|failed| failed.kind == kind) {
            Some(failed) => failed.count += count,
            None => self.failures.push(Failed { kind, count, first: first() }),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (path, more) in self.paths.iter_mut().zip(&other.paths) {
            path.latencies.add(&more.latencies);
            path.failed += more.failed;
        }
        self.service_times.add(&other.service_times);
        self.shares.add(&other.shares);
        other.statuses.iter().for_each(|(status, count)| add_to(&mut self.statuses, *status, *count));
        other.failures.iter().for_each(|failed| self.add_failed(failed));
        self.connections_opened += other.connections_opened;
        self.body_bytes += other.body_bytes;
        self.late += other.late;
        self.last_end = self.last_end.max(other.last_end);
    }

    fn add_failed(&mut self, more: &Failed) {
        let Some(known) = self.failures.iter_mut().find(|failed| failed.kind == more.kind) else {
            self.failures.push(more.clone());
            return;
        };
        known.count += more.count;
        let earlier = match (&known.first, &more.first) {
            (Some(known), Some(more)) => more.at < known.at,
            (known, more) => known.is_none() && more.is_some(),
        };
        if earlier {
            known.first.clone_from(&more.first);
        }
    }

    /// Of all paths together.
    pub(crate) fn latencies(&self) -> Latencies {
        let mut all = Latencies::default();
        self.paths.iter().for_each(|path| all.add(&path.latencies));
        all
    }

    pub(crate) fn good(&self) -> u64 {
        self.paths.iter().map(|path| path.latencies.count()).sum()
    }

    pub(crate) fn failed_count(&self) -> u64 {
        self.failures.iter().map(|failed| failed.count).sum()
    }

    /// Requests that came to an end.
    pub(crate) fn requests(&self) -> u64 {
        self.good() + self.failed_count()
    }
}

fn add_to(statuses: &mut Vec<(u16, u64)>, status: u16, more: u64) {
    match statuses.iter_mut().find(|(known, _)| *known == status) {
        Some((_, count)) => *count += more,
        None => statuses.push((status, more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(second: u64) -> Example {
        let text = || String::from("-");
        Example {
            at: Duration::from_secs(second),
            method: text(),
            path: text(),
            request_id: text(),
            served_by: None,
            detail: text(),
        }
    }

    #[test]
    fn a_sum_keeps_the_earliest_example_of_a_kind() {
        let mut sum = Tally::new(1);
        for (second, kind) in [(7, Kind::Closed), (3, Kind::Closed), (5, Kind::Status(503))] {
            let mut tally = Tally::new(1);
            tally.failed(0, kind, || Some(example(second)));
            tally.failed(0, kind, || Some(example(second + 1)));
            sum.add(&tally);
        }
        let seen: Vec<_> =
            sum.failures.iter().map(|it| (it.kind, it.count, it.first.as_ref().unwrap().at.as_secs())).collect();
        assert_eq!(seen, [(Kind::Closed, 4, 3), (Kind::Status(503), 2, 5)]);
        assert_eq!((sum.failed_count(), sum.paths[0].failed), (6, 6));
    }

    #[test]
    fn good_and_failed_are_all() {
        let mut tally = Tally::new(2);
        tally.paths[1].latencies.record(Duration::from_millis(1));
        tally.failed(0, Kind::Refused, || None);
        tally.named(Kind::Unsent, 3, || None);
        assert_eq!((tally.good(), tally.failed_count(), tally.requests()), (1, 4, 5));
    }
}
