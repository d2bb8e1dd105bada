//! The time of day, as a value that is handed in: the only place that reads the ambient clock.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Where `now` comes from. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "somebody has to read the clock, and it is this function")]
    pub fn system() -> Self {
        Self::from_fn(SystemTime::now)
    }

    /// A clock that stands still, for tests.
    pub fn fixed(at: SystemTime) -> Self {
        Self::from_fn(move || at)
    }

    /// A clock of one's own, for instance one that a test moves.
    pub fn from_fn(read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The time this clock shows.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

/// Time since 1970-01-01 UTC; zero for a clock set before it, so that such a clock refuses tokens and does not panic.
pub(crate) fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_still_and_its_clones_agree() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let clock = Clock::fixed(at);
        assert_eq!(clock.now(), at);
        assert_eq!(clock.clone().now(), at);
    }

    #[test]
    fn the_system_clock_is_past_the_day_this_was_written() {
        assert!(since_epoch(Clock::system().now()) > Duration::from_secs(1_763_000_000));
    }

    #[test]
    fn a_time_before_1970_counts_as_1970() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(since_epoch(before), Duration::ZERO);
    }
}
