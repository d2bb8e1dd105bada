//! Latencies, counted by size: percentiles of millions of them in a few kilobytes, with an error below 0.1 %.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Three digits: nobody reads more.
const DIGITS: u8 = 3;

/// Durations in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self::with_digits(DIGITS)
    }
}

impl Latencies {
    /// With fewer digits it takes less memory: for the points of a plot.
    pub(super) fn with_digits(digits: u8) -> Self {
        Self(Histogram::new(digits).expect("between 0 and 5 digits"))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX);
        // It grows as needed; what is beyond all growing is counted at its end.
        if self.0.record(micros.max(1)).is_err() {
            self.0.saturating_record(micros);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        // It fails only where it cannot grow, and it grows by itself.
        let _ = self.0.add(&other.0);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// So many of a hundred were at most this long; zero where there are none.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        // The value stands for all that are counted with it; the largest of them must not exceed the largest of all.
        Duration::from_micros(self.0.value_at_percentile(percent).min(self.0.max()))
    }

    pub(crate) fn mean(&self) -> Duration {
        Duration::from_secs_f64(self.0.mean().max(0.0) / 1e6)
    }

    pub(crate) fn min(&self) -> Duration {
        Duration::from_micros(if self.0.is_empty() { 0 } else { self.0.min() })
    }

    pub(crate) fn max(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|millis| latencies.record(Duration::from_millis(millis)));
        latencies
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let latencies = of(1..=1000);
        let near = |percent, millis: u64| {
            let found = latencies.percentile(percent).as_secs_f64();
            let wanted = Duration::from_millis(millis).as_secs_f64();
            assert!((found / wanted - 1.0).abs() < 0.002, "p{percent}: {found}");
        };
        near(50.0, 500);
        near(99.0, 990);
        near(99.9, 999);
        assert_eq!((latencies.count(), latencies.min().as_millis()), (1000, 1));
        assert!(latencies.percentile(100.0) <= latencies.max());
    }

    #[test]
    fn sums_are_as_if_counted_together() {
        let mut sum = of(1..=500);
        sum.add(&of(501..=1000));
        assert_eq!(sum.percentile(75.0), of(1..=1000).percentile(75.0));
        let mut coarse = Latencies::with_digits(2);
        coarse.add(&of(1..=1000));
        let share = coarse.percentile(50.0).as_secs_f64() / 0.5;
        assert!((share - 1.0).abs() < 0.01, "{share}");
    }

    #[test]
    fn nothing_is_zero_and_hours_are_kept() {
        assert_eq!(Latencies::default().percentile(99.0), Duration::ZERO);
        assert_eq!(Latencies::default().mean(), Duration::ZERO);
        let hour = of([3_600_000]);
        assert_eq!(hour.max().as_secs(), 3600);
    }
}
