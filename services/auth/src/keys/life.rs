//! The life of a signing key: published, signing, still verifying, gone. Times come in as arguments.
use std::{fmt, time::Duration};

use serde::Serialize;

/// Clocks of replicas and verifiers may be apart by this much (and tokens are accepted so much longer).
const SKEW: Duration = Duration::from_mins(1);

/// No rotation plans further ahead: the longest `JWKS_MAX_AGE`, a replica's delay, and the skew of clocks.
const LONGEST_LEAD: Duration = Duration::from_secs(60 * 60 + 5 + SKEW.as_secs());

/// How long things take that a rotation must wait for.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How long a verifier may work with a key set, counted from the change in the database.
    pub jwks_max_age: Duration,
    /// The life of an access token.
    pub token_ttl: Duration,
    /// The age at which a key is replaced by itself.
    pub max_age: Option<Duration>,
}

impl Schedule {
    /// How often a replica looks for changed keys.
    pub fn poll(&self) -> Duration {
        (self.jwks_max_age / 10).clamp(Duration::from_millis(500), Duration::from_secs(5))
    }

    /// What the key set's `Cache-Control` says, in whole seconds: with the replica's own delay it adds up to the setting.
    pub fn cache_seconds(&self) -> u64 {
        (self.jwks_max_age.saturating_sub(self.poll())).as_secs().max(1)
    }

    /// From publishing a key until signing with it: every verifier has seen it by then.
    pub fn lead(&self) -> Duration {
        self.jwks_max_age + self.poll()
    }

    /// From the last signature until a key may go: the last token has expired everywhere.
    pub fn tail(&self) -> Duration {
        self.token_ttl + SKEW + self.poll()
    }
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Published, and not signing yet.
    Next,
    /// Signs.
    Signing,
    /// Signs no more; what it signed is still good.
    Retiring,
    /// No longer published: what it signed is refused.
    Retired,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        })
    }
}

/// When a key does what, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Newer keys have greater ones.
    pub generation: i64,
    /// Since when it exists.
    pub created_at: i64,
    /// From when it signs.
    pub signs_at: i64,
    /// Until when it verifies, if that is decided.
    pub retires_at: Option<i64>,
}

impl Times {
    /// Whether it is still to be published.
    pub fn is_published(&self, now: i64) -> bool {
        self.retires_at.is_none_or(|end| now < end)
    }

    /// Whether it waits for its turn as a rotation planned it. Beyond that, the clock was ahead when the time was written.
    pub fn is_next(&self, now: i64) -> bool {
        (now + 1..=now.saturating_add_unsigned(LONGEST_LEAD.as_secs())).contains(&self.signs_at)
    }

    /// Whether the clock was ahead when it was made, so that its age says nothing.
    pub fn is_made_later(&self, now: i64) -> bool {
        self.created_at > now.saturating_add_unsigned(SKEW.as_secs())
    }

    /// Whether it may sign, as far as its own times go.
    pub fn may_sign(&self, now: i64) -> bool {
        self.signs_at <= now && self.is_published(now)
    }
}

/// The generation that signs: the newest of those that may. If none may yet, because the clock was ahead when the keys were made
/// and has been set right since, the oldest one signs: a service without a key is of no use, and verifiers have had the longest
/// time to see that key. A key that a rotation has made since then waits for its turn as always.
pub fn signing<'a>(all: impl Iterator<Item = &'a Times> + Clone, now: i64) -> Option<i64> {
    let due = all.clone().filter(|times| times.may_sign(now)).map(|times| times.generation).max();
    due.or_else(|| {
        let published = all.filter(|times| times.is_published(now));
        published.map(|times| times.generation).min()
    })
}

/// The state of each key, in the order given.
pub fn states(all: &[Times], now: i64) -> Vec<State> {
    let signing = signing(all.iter(), now);
    // A key whose turn never came because a newer one was made to sign at once will not sign any more.
    let may_follow = |times: &Times| signing.is_none_or(|signing| times.generation > signing);
    let state = |times: &Times| {
        if !times.is_published(now) {
            State::Retired
        } else if Some(times.generation) == signing {
            State::Signing
        } else if times.signs_at > now && may_follow(times) {
            State::Next
        } else {
            State::Retiring
        }
    };
    all.iter().map(state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn key(generation: i64, signs_at: i64, retires_at: Option<i64>) -> Times {
        Times { generation, created_at: 0, signs_at, retires_at }
    }

    #[test]
    fn a_rotation_in_the_course_of_time() {
        use State::{Next, Retired, Retiring, Signing};
        let keys = [key(1, 0, Some(2000)), key(2, 1000, None)];
        assert_eq!(states(&keys, 999), [Signing, Next]);
        assert_eq!(states(&keys, 1000), [Retiring, Signing]);
        assert_eq!(states(&keys, 1999), [Retiring, Signing]);
        assert_eq!(states(&keys, 2000), [Retired, Signing]);
    }

    #[test]
    fn a_key_that_was_withdrawn_before_it_signed_leaves_the_older_one_signing() {
        assert_eq!(states(&[key(1, 0, None), key(2, 1000, Some(500))], 1500), [State::Signing, State::Retired]);
    }

    #[test]
    fn a_key_that_was_overtaken_does_not_come_next() {
        let keys = [key(1, 0, Some(2000)), key(2, 1000, Some(2000)), key(3, 500, None)];
        assert_eq!(states(&keys, 500), [State::Retiring, State::Retiring, State::Signing]);
        assert_eq!(states(&keys, 1000), [State::Retiring, State::Retiring, State::Signing]);
    }

    #[test]
    fn fault_35_a_key_of_a_time_to_come_signs_if_there_is_no_other() {
        use State::{Next, Retired, Signing};
        assert_eq!(states(&[key(1, 5000, None)], 1000), [Signing]);
        assert_eq!(states(&[key(1, 5000, None), key(2, 6000, None)], 1000), [Signing, Next]);
        assert_eq!(states(&[key(1, 0, Some(500)), key(2, 6000, None)], 1000), [Retired, Signing]);
        assert_eq!(states(&[key(1, 0, None), key(2, 6000, None)], 1000), [Signing, Next], "one that may sign does");
        assert_eq!(signing([].iter(), 1000), None);
    }

    #[test]
    fn fault_35_a_rotation_after_the_clock_was_set_right_publishes_its_key_before_it_signs() {
        use State::{Next, Retiring, Signing};
        let keys = [key(1, 100_000, Some(3000)), key(2, 2000, None)];
        assert_eq!(states(&keys, 1000), [Signing, Next], "verifiers have not seen the new key");
        assert_eq!(states(&keys, 2000), [Retiring, Signing]);
        assert!(keys[1].is_next(1000) && !keys[0].is_next(1000), "no rotation plans a day ahead");
    }

    #[test]
    fn a_replicas_delay_and_the_cache_together_are_the_configured_age() {
        for seconds in [10, 60, 300, 3600] {
            let schedule = Schedule { jwks_max_age: Duration::from_secs(seconds), token_ttl: SKEW, max_age: None };
            assert!(schedule.cache_seconds() + schedule.poll().as_secs() <= seconds, "{seconds}");
            assert!(schedule.lead() >= schedule.poll() + Duration::from_secs(schedule.cache_seconds()));
        }
    }
}
