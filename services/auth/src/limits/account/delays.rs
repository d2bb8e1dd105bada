//! How long the delays are.
use std::time::SystemTime;

use super::super::Throttled;
use crate::users::seconds;

/// This number of failures of one client in a row are free.
const FREE: i64 = 4;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 60;
/// After this time without a failure a client's count starts again; in seconds.
pub(crate) const FORGOTTEN_AFTER: i64 = 15 * 60;
/// This number of other clients may fail with the same name before all of them have to wait.
const FREE_CLIENTS: i64 = 4;
/// Each further client makes all of them wait longer by this; in seconds. So about one guess in this time is possible.
const SECONDS_BY_CLIENT: i64 = 5;
/// More clients make the delay no longer, so they need not be counted.
pub(super) const MOST_CLIENTS: i64 = FREE_CLIENTS + LONGEST_DELAY / SECONDS_BY_CLIENT;

/// Seconds that a client waits after this number of failures in a row.
pub(super) fn own_delay(failures: i64) -> i64 {
    match failures - FREE {
        ..=0 => 0,
        // 2^6 is above the longest already.
        costly => (1_i64 << (costly - 1).min(6)).min(LONGEST_DELAY),
    }
}

/// Seconds that a client waits while this number of other clients fail with the same name.
pub(super) fn crowd_delay(others: i64) -> i64 {
    ((others - FREE_CLIENTS) * SECONDS_BY_CLIENT).clamp(0, LONGEST_DELAY)
}

/// A delay that ends later than any delay can is a clock's mistake, here or on another replica: it delays no client.
pub(super) fn still_blocked(until: i64, now: SystemTime) -> Result<(), Throttled> {
    match u32::try_from(until.saturating_sub(seconds(now))) {
        Ok(wait) if (1..=LONGEST_DELAY).contains(&i64::from(wait)) => Err(Throttled(wait)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_elsewhere_locks_nobody_out() {
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        assert_eq!(still_blocked(1_000_060, now), Err(Throttled(60)));
        assert_eq!(still_blocked(1_000_000, now), Ok(()));
        assert_eq!(still_blocked(1_003_600, now), Ok(()));
    }

    #[test]
    fn a_clients_delay_doubles_after_four_failures_and_ends_at_a_minute() {
        let delays: Vec<i64> = (1..=13).map(own_delay).collect();
        assert_eq!(delays, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(own_delay(i64::MAX), LONGEST_DELAY);
    }

    #[test]
    fn more_clients_make_guessing_no_faster_until_each_waits_a_minute() {
        assert_eq!((crowd_delay(0), crowd_delay(4), crowd_delay(5)), (0, 0, 5));
        assert_eq!((crowd_delay(MOST_CLIENTS - 1), crowd_delay(MOST_CLIENTS)), (55, LONGEST_DELAY));
        assert_eq!(crowd_delay(MOST_CLIENTS + 1000), LONGEST_DELAY);
    }
}
