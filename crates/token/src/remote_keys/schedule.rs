//! When to fetch the key set again. Pure arithmetic: times and chance come in as arguments.

use std::time::Duration;

use http::HeaderValue;

/// No document is fetched more often than this on schedule, whatever its `max-age` says.
const FLOOR: Duration = Duration::from_secs(5);

/// The share of a pause that chance may take away, so that replicas started together do not ask together.
const JITTER: f64 = 0.2;

/// The pause after a good document: its `max-age`, between the floor and `limit`.
pub(super) fn after_success(limit: Duration, max_age: Option<Duration>) -> Duration {
    max_age.unwrap_or(limit).clamp(FLOOR.min(limit), limit)
}

/// The pause after `failures` failures in a row: doubling from the floor, up to `limit`.
pub(super) fn after_failure(limit: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FLOOR.saturating_mul(1 << doublings).min(limit)
}

/// `pause` shortened by up to a fifth; `chance` lies in 0..1. Only ever shortened: `max-age` is a promise.
pub(super) fn jittered(pause: Duration, chance: f64) -> Duration {
    pause.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

/// How long a document may be used according to its `Cache-Control` fields (RFC 9111 §5.2.2).
///
/// `no-cache` and `no-store` count as zero; what cannot be read counts as absent.
pub(super) fn max_age<'a>(fields: impl Iterator<Item = &'a HeaderValue>) -> Option<Duration> {
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .filter_map(|directive| lifetime(directive.trim()))
        .min()
}

fn lifetime(directive: &str) -> Option<Duration> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
        return Some(Duration::ZERO);
    }
    if !name.eq_ignore_ascii_case("max-age") {
        return None;
    }
    value.trim_matches('"').parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(5);

    fn age(fields: &[&'static str]) -> Option<Duration> {
        let fields: Vec<_> = fields.iter().map(|field| HeaderValue::from_static(field)).collect();
        max_age(fields.iter())
    }

    #[test]
    fn max_age_is_read_among_other_directives() {
        assert_eq!(age(&["public, max-age=60"]), Some(Duration::from_mins(1)));
        assert_eq!(age(&["Max-Age=\"7\""]), Some(Duration::from_secs(7)));
        assert_eq!(age(&["public", "max-age=9"]), Some(Duration::from_secs(9)));
        assert_eq!(age(&["max-age=60, no-cache"]), Some(Duration::ZERO));
        assert_eq!(age(&["max-age=soon"]), None);
        assert_eq!(age(&[]), None);
    }

    #[test]
    fn max_age_shortens_the_refresh_and_never_lengthens_it() {
        let pause = |seconds| after_success(LIMIT, Some(Duration::from_secs(seconds)));
        assert_eq!(pause(60), Duration::from_mins(1));
        assert_eq!(pause(86_400), LIMIT);
        assert_eq!(after_success(LIMIT, None), LIMIT);
    }

    #[test]
    fn a_zero_max_age_does_not_make_us_hammer_the_issuer() {
        assert_eq!(after_success(LIMIT, Some(Duration::ZERO)), FLOOR);
    }

    #[test]
    fn failures_are_retried_with_growing_pauses() {
        assert_eq!(after_failure(LIMIT, 1), FLOOR);
        assert_eq!(after_failure(LIMIT, 3), FLOOR * 4);
        assert_eq!(after_failure(LIMIT, u32::MAX), LIMIT);
    }

    #[test]
    fn jitter_only_shortens_and_by_a_fifth_at_most() {
        assert_eq!(jittered(LIMIT, 0.0), LIMIT);
        assert_eq!(jittered(LIMIT, 1.0), LIMIT.mul_f64(0.8));
        assert!(jittered(LIMIT, 0.5) < LIMIT);
    }
}
