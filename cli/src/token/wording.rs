//! Points in time as people say them: the local time, and how far away it is.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What "now" and "here" are, so that tests can be somewhere.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
}

impl Place {
    /// Here and now.
    pub(super) fn here() -> anyhow::Result<Self> {
        Ok(Self { now: Timestamp::try_from(token::Clock::system().now())?, zone: TimeZone::system() })
    }

    /// `seconds` after 1970 in local time, or `None` where no calendar reaches.
    pub(super) fn local(&self, seconds: i64) -> Option<String> {
        let local = Timestamp::from_second(seconds).ok()?.to_zoned(self.zone.clone());
        Some(local.strftime("%Y-%m-%d %H:%M:%S %:z").to_string())
    }

    /// `expires in 14m 32s`, `expired 3m ago`.
    pub(super) fn expiry(&self, seconds: i64) -> String {
        match self.until(seconds) {
            0 => "expires now".to_owned(),
            ahead if ahead > 0 => format!("expires in {}", span(ahead)),
            past => format!("expired {} ago", span(past)),
        }
    }

    /// `3m ago`, `in 5s`.
    pub(super) fn distance(&self, seconds: i64) -> String {
        match self.until(seconds) {
            0 => "now".to_owned(),
            ahead if ahead > 0 => format!("in {}", span(ahead)),
            past => format!("{} ago", span(past)),
        }
    }

    fn until(&self, seconds: i64) -> i64 {
        seconds.saturating_sub(self.now.as_second())
    }
}

/// The two largest units: what is below does not matter to anybody.
fn span(seconds: i64) -> String {
    const UNITS: [(u64, &str); 5] = [(365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds.unsigned_abs();
    let mut parts: Vec<String> = Vec::new();
    for (size, unit) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        }
        // The second unit is the one right below the first: "1d 3s" would be false precision.
        if parts.len() == 2 || (parts.len() == 1 && count == 0) {
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { now: Timestamp::from_second(1_000_000).unwrap(), zone: TimeZone::fixed(jiff::tz::offset(2)) }
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, words) in [
            (1, "1s"),
            (59, "59s"),
            (60, "1m"),
            (872, "14m 32s"),
            (3_600, "1h"),
            (3_601, "1h"),
            (7_500, "2h 5m"),
            (90_000, "1d 1h"),
            (-180, "3m"),
            (400 * 86_400, "1y 35d"),
        ] {
            assert_eq!(span(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn expiry_is_told_from_now() {
        let place = place();
        assert_eq!(place.expiry(1_000_872), "expires in 14m 32s");
        assert_eq!(place.expiry(999_820), "expired 3m ago");
        assert_eq!(place.expiry(1_000_000), "expires now");
        assert_eq!(place.distance(1_000_005), "in 5s");
        assert_eq!(place.distance(999_995), "5s ago");
    }

    #[test]
    fn times_are_local_and_end_where_the_calendar_ends() {
        assert_eq!(place().local(1_000_000).unwrap(), "1970-01-12 15:46:40 +02:00");
        assert_eq!(place().local(i64::MAX), None);
        assert!(place().expiry(i64::MIN).ends_with(" ago"));
    }
}
