//! The course of a run: the threads' pages put together, quarter of a second by quarter of a second.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::crew::{QUARTER, Said};
use super::failure::Kind;
use super::histogram::Latencies;
use super::shares::Shares;
use super::tally::Tally;

/// A second has so many quarters.
pub(super) const A_SECOND: usize = 4;
/// What a plot can show. When there are more, two become one.
const MAX_POINTS: usize = 480;
/// Enough for a plot, in less memory.
const POINT_DIGITS: u8 = 2;

/// A stretch of a run.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) from: Duration,
    pub(crate) length: Duration,
    pub(crate) latencies: Latencies,
    pub(crate) good: u64,
    pub(crate) failures: Vec<(Kind, u64)>,
    pub(crate) shares: Shares,
}

/// What has happened so far.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) total: Tally,
    pub(crate) points: Vec<Point>,
    /// What a point is made of now, in quarters.
    span: usize,
    /// In the last point.
    filled: usize,
    quarters: u64,
    recent: VecDeque<Tally>,
    paths: usize,
}

impl Course {
    pub(super) fn new(paths: usize) -> Self {
        Self {
            total: Tally::new(paths),
            points: Vec::new(),
            span: 1,
            filled: 0,
            quarters: 0,
            recent: VecDeque::new(),
            paths,
        }
    }

    pub(super) fn push(&mut self, tally: Tally) {
        self.total.add(&tally);
        self.plot(&tally);
        self.quarters += 1;
        self.recent.push_back(tally);
        if self.recent.len() > A_SECOND {
            self.recent.pop_front();
        }
    }

    /// Counted so far, in whole quarters of a second.
    pub(crate) fn elapsed(&self) -> Duration {
        QUARTER * u32::try_from(self.quarters).unwrap_or(u32::MAX)
    }

    /// Whether a whole second has just been counted.
    pub(crate) fn is_full_second(&self) -> bool {
        self.quarters > 0 && self.quarters.is_multiple_of(A_SECOND as u64)
    }

    /// The last second, or what there is of it, and its length.
    pub(crate) fn last_second(&self) -> (Tally, Duration) {
        let mut sum = Tally::new(self.paths);
        self.recent.iter().for_each(|tally| sum.add(tally));
        (sum, QUARTER * u32::try_from(self.recent.len()).unwrap_or(1))
    }

    fn plot(&mut self, tally: &Tally) {
        if self.points.len() == MAX_POINTS && self.filled == self.span {
            self.coarsen();
        }
        if self.points.is_empty() || self.filled == self.span {
            self.points.push(Point::at(self.elapsed()));
            self.filled = 0;
        }
        self.filled += 1;
        let more = Point::of(tally, self.elapsed());
        self.points.last_mut().expect("one was pushed").add(&more);
    }

    fn coarsen(&mut self) {
        let pairs = self.points.chunks(2).map(|pair| {
            let mut sum = pair[0].clone();
            pair[1..].iter().for_each(|other| sum.add(other));
            sum
        });
        self.points = pairs.collect();
        self.span *= 2;
        self.filled = self.span;
    }
}

impl Point {
    fn at(from: Duration) -> Self {
        Self {
            from,
            length: Duration::ZERO,
            latencies: Latencies::with_digits(POINT_DIGITS),
            good: 0,
            failures: Vec::new(),
            shares: Shares::default(),
        }
    }

    fn of(tally: &Tally, from: Duration) -> Self {
        let failures = tally.failures.iter().map(|failed| (failed.kind, failed.count)).collect();
        let (latencies, shares) = (tally.latencies(), tally.shares.clone());
        Self { from, length: QUARTER, latencies, good: tally.good(), failures, shares }
    }

    fn add(&mut self, other: &Self) {
        self.length += other.length;
        self.latencies.add(&other.latencies);
        self.good += other.good;
        self.shares.add(&other.shares);
        for (kind, count) in &other.failures {
            match self.failures.iter_mut().find(|(known, _)| known == kind) {
                Some((_, sum)) => *sum += count,
                None => self.failures.push((*kind, *count)),
            }
        }
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failures.iter().map(|(_, count)| count).sum()
    }
}

/// Puts pages in order: a quarter is whole when every thread has told of it, or of a later one.
#[derive(Debug)]
pub(super) struct Assembly {
    pages: BTreeMap<u64, Tally>,
    /// By thread: the first quarter that it may still tell of; none when it is done.
    expected: Vec<Option<u64>>,
    next: u64,
    paths: usize,
}

impl Assembly {
    pub(super) fn new(threads: usize, paths: usize) -> Self {
        Self { pages: BTreeMap::new(), expected: vec![Some(0); threads], next: 0, paths }
    }

    pub(super) fn take(&mut self, said: Said) {
        match said {
            Said::Page { thread, quarter, tally } => {
                // A thread that was late may tell of a quarter that is closed already.
                let quarter = quarter.max(self.next);
                self.pages.entry(quarter).or_insert_with(|| Tally::new(self.paths)).add(&tally);
                self.expected[thread] = Some(quarter + 1);
            }
            Said::Done { thread } => self.expected[thread] = None,
        }
    }

    /// The next whole quarter.
    pub(super) fn whole(&mut self) -> Option<Tally> {
        let begun = self.expected.iter().flatten().min().copied();
        let last = self.pages.keys().next_back().map_or(0, |last| last + 1);
        if self.next >= begun.unwrap_or(last) {
            return None;
        }
        let tally = self.pages.remove(&self.next).unwrap_or_else(|| Tally::new(self.paths));
        self.next += 1;
        Some(tally)
    }

    pub(super) fn is_done(&self) -> bool {
        self.expected.iter().all(Option::is_none) && self.pages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(good: u64) -> Tally {
        let mut tally = Tally::new(1);
        (0..good).for_each(|_| tally.paths[0].latencies.record(Duration::from_millis(1)));
        tally
    }

    fn page(thread: usize, quarter: u64, good: u64) -> Said {
        Said::Page { thread, quarter, tally: Box::new(tally(good)) }
    }

    #[test]
    fn a_quarter_is_whole_when_all_threads_have_told_of_it() {
        let mut assembly = Assembly::new(2, 1);
        assembly.take(page(0, 0, 1));
        assembly.take(page(0, 1, 2));
        assert!(assembly.whole().is_none());
        assembly.take(page(1, 1, 4));
        assert_eq!([assembly.whole(), assembly.whole()].map(|it| it.unwrap().good()), [1, 6]);
        assert!(assembly.whole().is_none() && !assembly.is_done());
        assembly.take(Said::Done { thread: 0 });
        assembly.take(page(1, 2, 8));
        assembly.take(Said::Done { thread: 1 });
        assert_eq!(assembly.whole().unwrap().good(), 8);
        assert!(assembly.whole().is_none() && assembly.is_done());
    }

    #[test]
    fn a_long_run_is_kept_in_coarser_points_and_loses_nothing() {
        let mut course = Course::new(1);
        for _ in 0..2 * MAX_POINTS + 3 {
            course.push(tally(2));
        }
        assert!(course.points.len() <= MAX_POINTS, "{}", course.points.len());
        assert_eq!(course.points.iter().map(|point| point.good).sum::<u64>(), course.total.good());
        let mut expected = Duration::ZERO;
        for point in &course.points {
            assert_eq!(point.from, expected);
            expected += point.length;
        }
        assert_eq!(expected, course.elapsed());
    }

    #[test]
    fn the_last_second_is_four_quarters() {
        let mut course = Course::new(1);
        (1..=6).for_each(|good| course.push(tally(good)));
        let (second, length) = course.last_second();
        assert_eq!((second.good(), length.as_millis()), (3 + 4 + 5 + 6, 1000));
        assert!(!course.is_full_second());
    }
}
