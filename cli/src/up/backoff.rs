//! How long to wait before a service that died is started again.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);

/// A service that was ready for this long has recovered: the next death is a new story.
const RECOVERED: Duration = Duration::from_secs(30);

/// Pauses that double.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: SHORTEST }
    }
}

impl Backoff {
    /// The pause after a life that was ready for `ready_for`, if it ever was.
    pub(super) fn pause(&mut self, ready_for: Option<Duration>) -> Duration {
        if ready_for.is_some_and(|time| time >= RECOVERED) {
            *self = Self::default();
        }
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..7).map(|_| backoff.pause(None).as_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    }

    #[test]
    fn a_healthy_while_is_forgiven() {
        let mut backoff = Backoff::default();
        backoff.pause(None);
        assert_eq!(backoff.pause(Some(RECOVERED / 2)), SHORTEST * 2);
        assert_eq!(backoff.pause(Some(RECOVERED)), SHORTEST);
        assert_eq!(backoff.pause(None), SHORTEST * 2);
    }
}
