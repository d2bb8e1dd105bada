//! The machine's clock, compared with the time that passes. A clock that was set, or a machine that was suspended, is logged and
//! shown in the metrics: tokens, keys and certificates are judged by that clock.
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::metrics::{CounterBy, Metrics};

/// How often the two are compared.
const PERIOD: Duration = Duration::from_secs(5);
/// A time service corrects smaller differences step by step, and verifiers tolerate them.
const JUMP: Duration = Duration::from_secs(2);
/// If reading both takes longer, the process was stopped in between, and the reading says nothing.
const LONGEST_READING: Duration = Duration::from_millis(100);

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    wall: SystemTime,
    steady: Instant,
}

impl Reading {
    #[expect(clippy::disallowed_methods, reason = "the clock of the machine is what is watched here")]
    fn take() -> Option<Self> {
        let steady = Instant::now();
        let wall = SystemTime::now();
        (steady.elapsed() < LONGEST_READING).then_some(Self { wall, steady })
    }

    /// How far the machine's clock moved since then, other than by the time that passed.
    fn offset(&self, now: &Self) -> Offset {
        let expected = self.wall + now.steady.saturating_duration_since(self.steady);
        match now.wall.duration_since(expected) {
            Ok(ahead) => Offset { direction: "ahead", by: ahead },
            Err(error) => Offset { direction: "back", by: error.duration() },
        }
    }
}

/// A difference between the machine's clock and the time that passed.
#[derive(Debug, PartialEq, Eq)]
struct Offset {
    direction: &'static str,
    by: Duration,
}

impl Offset {
    fn is_jump(&self) -> bool {
        self.by >= JUMP
    }

    fn seconds(&self) -> f64 {
        let seconds = self.by.as_secs_f64();
        if self.direction == "back" { -seconds } else { seconds }
    }
}

/// Watches the machine's clock as long as the process lives.
pub(crate) fn watch(metrics: &Metrics) {
    let jumps = metrics.counter_by("direction", "clock_jumps", "Times that the machine's clock was set, by direction");
    let Some(start) = Reading::take() else { return };
    metrics.gauge_of("clock_offset_seconds", "How far the machine's clock was moved since the start", move || {
        Reading::take().map(|now| start.offset(&now).seconds())
    });
    tokio::spawn(compare(start, jumps));
}

async fn compare(mut before: Reading, jumps: CounterBy) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(now) = Reading::take() else { continue };
        let offset = before.offset(&now);
        if offset.is_jump() {
            let (direction, seconds) = (offset.direction, offset.by.as_secs());
            jumps.count(direction);
            tracing::warn!(direction, seconds, "the clock jumped: it was set, or the machine was suspended");
        }
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn offset(passed: Duration, wall: impl Fn(SystemTime) -> SystemTime) -> Offset {
        let before = Reading { wall: SystemTime::UNIX_EPOCH + DAY * 10, steady: Instant::now() };
        let now = Reading { wall: wall(before.wall), steady: before.steady + passed };
        before.offset(&now)
    }

    #[test]
    fn a_clock_that_was_set_is_told_from_time_that_passed() {
        assert!(!offset(DAY, |wall| wall + DAY).is_jump(), "a slow process is no jump");
        assert!(!offset(PERIOD, |wall| wall + PERIOD + Duration::from_millis(1999)).is_jump());
        let ahead = offset(PERIOD, |wall| wall + PERIOD + DAY);
        assert_eq!(ahead, Offset { direction: "ahead", by: DAY });
        let back = offset(PERIOD, |wall| wall + PERIOD - DAY);
        assert_eq!(back, Offset { direction: "back", by: DAY });
        assert!(ahead.is_jump() && back.is_jump());
        assert!((back.seconds() + 86_400.0).abs() < 0.001);
    }
}
