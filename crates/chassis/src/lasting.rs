//! How long a switch or a fault lasts: always with an end, so that nobody leaves a pod broken by accident.
use std::time::Duration;

use tokio::time::Instant;

/// What "for a while" means when nobody says.
const DEFAULT_SECONDS: u64 = 60;
/// An hour is the longest lesson.
const MAX_SECONDS: u64 = 3600;

/// The end of something that starts now; the error names the field and what is allowed.
pub(crate) fn end(for_seconds: Option<u64>, now: Instant) -> Result<Instant, String> {
    let seconds = for_seconds.unwrap_or(DEFAULT_SECONDS);
    if (1..=MAX_SECONDS).contains(&seconds) {
        Ok(now + Duration::from_secs(seconds))
    } else {
        Err(format!("for_seconds is out of range; allowed: 1 to {MAX_SECONDS}"))
    }
}

/// Whole seconds until the end, rounded up: while it lasts it never shows 0.
pub(crate) fn seconds_left(end: Instant, now: Instant) -> u64 {
    u64::try_from((end - now).as_millis().div_ceil(1000)).unwrap_or(MAX_SECONDS)
}
