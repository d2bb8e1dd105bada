//! The audit trail: events of the log under a target of their own, documented in docs/logs.md as an interface.
use std::time::{Duration, UNIX_EPOCH};

/// The target of every such event.
pub const TARGET: &str = "audit";

/// The last second of the year 9999: RFC 3339 writes no later one.
const LAST: u64 = 253_402_300_799;

/// Seconds since the epoch, as people and logs read them: RFC 3339 in UTC.
pub fn utc(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(LAST));
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}
