//! Keeps a replica's keys what the database says, and replaces a key that has reached its age.
use std::time::Duration;

use token::Clock;

use super::{Error, KeyRing, Schedule, Store};
use crate::{audit, users::seconds};

/// Looks for changed keys as long as the process lives. While the database is away the known keys go on through their lives.
pub async fn watch(store: Store, ring: KeyRing, schedule: Schedule, clock: Clock) {
    let mut signing = ring.signing_kid(clock.now());
    let mut told = String::new();
    let mut was_ahead = false;
    // A replica compares once, after its start. While replicas with the old and the new setting run, they would otherwise replace
    // each other's keys in turn.
    let mut is_to_change = true;
    loop {
        let ahead = ring.ahead(clock.now());
        if let Some(seconds) = ahead.filter(|_| !was_ahead) {
            tracing::warn!(
                seconds,
                kid = signing,
                "the signing key is of a time to come: the clock was ahead when it was made"
            );
        }
        was_ahead = ahead.is_some();
        tokio::time::sleep(schedule.poll()).await;
        is_to_change &= ring.newest().is_some_and(|(_, algorithm)| algorithm != store.algorithm());
        let why = match look(&store, &ring, &schedule, is_to_change, &clock).await {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        // The same reason once, not at every look.
        if why != told && !why.is_empty() {
            tracing::warn!(why, "the signing keys cannot be looked up; the known ones stay");
        }
        told = why;
        let now_signing = ring.signing_kid(clock.now());
        if now_signing != signing {
            tracing::info!(target: audit::TARGET, event = "key.signing", kid = now_signing, "another key signs");
            signing = now_signing;
        }
    }
}

async fn look(
    store: &Store,
    ring: &KeyRing,
    schedule: &Schedule,
    is_to_change: bool,
    clock: &Clock,
) -> Result<(), Error> {
    let now = clock.now();
    // Whether or not the database answers, time passes.
    ring.publish(now)?;
    ring.replace(store, &store.rows().await?, now)?;
    let due = ring.newest().is_some_and(|(times, algorithm)| {
        let is_old = |age: Duration| seconds(now) >= times.created_at.saturating_add_unsigned(age.as_secs());
        let is_over = schedule.max_age.is_some_and(|age| is_old(age) || times.is_made_later(seconds(now)));
        is_over || (is_to_change && algorithm != store.algorithm())
    });
    if due && !ring.is_rotating(now) {
        match store.rotate(schedule, false, now).await {
            // Another replica was quicker.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        ring.replace(store, &store.rows().await?, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        time::{Duration, SystemTime, UNIX_EPOCH},
    };

    use chassis::metrics::Metrics;
    use token::{Algorithm, SigningAlgorithm};

    use super::*;
    use crate::{
        database::{Database, Options, Source, Wait},
        keys::{
            life::{State, states},
            ring::Issuance,
            store::Row,
        },
        seal::{Keyring, SealingKey},
    };

    const DAY: Duration = Duration::from_hours(24);
    const SCHEDULE: Schedule =
        Schedule { jwks_max_age: Duration::from_mins(5), token_ttl: Duration::from_mins(15), max_age: Some(DAY) };

    fn at(since: Duration) -> SystemTime {
        UNIX_EPOCH + Duration::from_hours(500_000) + since
    }

    async fn states_of(store: &Store, now: SystemTime) -> Vec<State> {
        let times: Vec<_> = store.rows().await.expect("rows").iter().map(Row::times).collect();
        states(&times, seconds(now))
    }

    /// A store with its first key, made for the default algorithm, and the ring of a replica.
    async fn at_start() -> (Store, KeyRing, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let source = Source::Sqlite(directory.path().join("auth.db"));
        let options = Options { source, connections: 1, timeout: Duration::from_secs(1) };
        let database = Database::open(options, Wait::No, &Metrics::default()).await.expect("a database");
        let key = SealingKey::generate().expect("a key");
        let store = Store::new(database, Keyring::new(key, None, "the test".to_owned()));
        let rows = store.rows_or_first(&SCHEDULE, at(Duration::ZERO)).await.expect("a key");
        let issuance = Issuance { issuer: "i".to_owned(), audience: "a".to_owned(), ttl: SCHEDULE.token_ttl };
        let ring = KeyRing::open(&store, &rows, issuance, at(Duration::ZERO)).expect("a ring");
        (store, ring, directory)
    }

    #[tokio::test]
    async fn a_changed_algorithm_is_a_rotation_and_only_one() {
        let (store, ring, _directory) = at_start().await;
        let store = store.with_algorithm(SigningAlgorithm::Es256);
        let (start, both) = (at(Duration::ZERO), BTreeSet::from([Algorithm::EdDsa, Algorithm::Es256]));
        for _ in 0..2 {
            look(&store, &ring, &SCHEDULE, true, &Clock::fixed(start)).await.expect("looked");
            assert_eq!(states_of(&store, start).await, [State::Signing, State::Next]);
        }
        assert_eq!(ring.algorithms(start), both, "the old key verifies until its tokens are over");
        let signing = at(SCHEDULE.lead());
        look(&store, &ring, &SCHEDULE, true, &Clock::fixed(signing)).await.expect("looked");
        assert_eq!(states_of(&store, signing).await, [State::Retiring, State::Signing]);
        let over = at(SCHEDULE.lead() + SCHEDULE.tail());
        assert_eq!(ring.algorithms(over), BTreeSet::from([Algorithm::Es256]));
    }

    #[tokio::test]
    async fn a_change_waits_for_the_rotation_that_is_under_way() {
        let (store, ring, _directory) = at_start().await;
        let start = at(Duration::ZERO);
        store.rotate(&SCHEDULE, false, start).await.expect("rotated");
        let store = store.with_algorithm(SigningAlgorithm::Es256);
        look(&store, &ring, &SCHEDULE, true, &Clock::fixed(start)).await.expect("looked");
        assert_eq!(states_of(&store, start).await, [State::Signing, State::Next]);
        let signing = at(SCHEDULE.lead());
        look(&store, &ring, &SCHEDULE, true, &Clock::fixed(signing)).await.expect("looked");
        assert_eq!(states_of(&store, signing).await, [State::Retiring, State::Signing, State::Next]);
    }

    #[tokio::test]
    async fn fault_35_a_key_whose_age_cannot_be_known_is_replaced_once() {
        let (store, ring, _directory) = at_start().await;
        let set_right = at(Duration::ZERO) - DAY * 30;
        for _ in 0..2 {
            look(&store, &ring, &SCHEDULE, false, &Clock::fixed(set_right)).await.expect("looked");
            assert_eq!(states_of(&store, set_right).await, [State::Signing, State::Next]);
        }
        let signing = set_right + SCHEDULE.lead();
        look(&store, &ring, &SCHEDULE, false, &Clock::fixed(signing)).await.expect("looked");
        assert_eq!(states_of(&store, signing).await, [State::Retiring, State::Signing]);
    }

    #[tokio::test]
    async fn fault_35_a_rotation_that_a_clock_ahead_has_begun_does_not_stand_in_the_way_of_another() {
        let (store, ring, _directory) = at_start().await;
        let start = at(Duration::ZERO);
        store.rotate(&SCHEDULE, false, start + DAY * 365).await.expect("rotated by a clock that is a year ahead");
        store.rotate(&SCHEDULE, false, start).await.expect("rotated");
        store.rotate(&SCHEDULE, false, start).await.expect_err("that one is under way");
        ring.replace(&store, &store.rows().await.expect("rows"), start).expect("keys");
        assert!(ring.is_rotating(start));
        let signing = start + SCHEDULE.lead();
        assert_eq!(states_of(&store, signing).await, [State::Retiring, State::Retiring, State::Signing]);
    }

    #[tokio::test]
    async fn a_replica_with_the_old_setting_does_not_change_the_algorithm_back() {
        let (store, ring, _directory) = at_start().await;
        let start = at(Duration::ZERO);
        store.clone().with_algorithm(SigningAlgorithm::Es256).rotate(&SCHEDULE, true, start).await.expect("rotated");
        look(&store, &ring, &SCHEDULE, false, &Clock::fixed(start)).await.expect("looked");
        assert_eq!(states_of(&store, start).await, [State::Retiring, State::Signing]);
    }

    #[tokio::test]
    async fn a_key_is_replaced_when_it_has_reached_its_age_and_not_before_and_only_once() {
        let (store, ring, _directory) = at_start().await;
        let almost = at(DAY.saturating_sub(Duration::from_secs(1)));
        look(&store, &ring, &SCHEDULE, true, &Clock::fixed(almost)).await.expect("looked");
        assert_eq!(states_of(&store, almost).await, [State::Signing]);
        for _ in 0..2 {
            look(&store, &ring, &SCHEDULE, true, &Clock::fixed(at(DAY))).await.expect("looked");
            assert_eq!(states_of(&store, at(DAY)).await, [State::Signing, State::Next]);
        }
    }
}
