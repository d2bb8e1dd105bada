//! A signing key's way from next to retired. Time is handed in; nothing here waits.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth::{
    database::{Database, Options, Source, Wait},
    keys::{Error, KeyRing, Schedule, Store, ring::Issuance},
    seal::{Keyring, SealingKey},
};
use chassis::metrics::Metrics;
use tempfile::TempDir;

const SCHEDULE: Schedule =
    Schedule { jwks_max_age: Duration::from_mins(5), token_ttl: Duration::from_mins(15), max_age: None };

/// A store, and replicas of one auth that work on it.
struct Keys {
    store: Store,
    ring: KeyRing,
    _directory: TempDir,
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000) + Duration::from_secs(seconds)
}

fn seconds(time: SystemTime) -> i64 {
    i64::try_from(time.duration_since(UNIX_EPOCH).expect("after 1970").as_secs()).expect("a number")
}

async fn database() -> (Database, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let source = Source::Sqlite(directory.path().join("auth.db"));
    let options = Options { source, connections: 1, timeout: Duration::from_secs(1) };
    (Database::open(options, Wait::No, &Metrics::default()).await.expect("a database"), directory)
}

fn keyring(previous: Option<&str>) -> Keyring {
    let key = |text: &str| text.parse::<SealingKey>().expect("a key");
    let current = if previous.is_some() { NEW } else { OLD };
    Keyring::new(key(current), previous.map(key), "the test".to_owned())
}

const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

impl Keys {
    async fn at_start() -> Self {
        let (database, directory) = database().await;
        let store = Store::new(database, keyring(None));
        let rows = store.rows_or_first(&SCHEDULE, at(0)).await.expect("a first key");
        let ttl = SCHEDULE.token_ttl;
        let issuance = Issuance { issuer: "auth.service".to_owned(), audience: "hello.service".to_owned(), ttl };
        let ring = KeyRing::open(&store, &rows, issuance, at(0)).expect("a ring");
        Self { store, ring, _directory: directory }
    }

    async fn look(&self, now: SystemTime) {
        self.ring.replace(&self.store, &self.store.rows().await.expect("rows"), now).expect("keys");
    }

    fn signing(&self, now: SystemTime) -> String {
        self.ring.signing_kid(now).expect("one signs")
    }

    fn published(&self, now: SystemTime) -> Vec<String> {
        self.ring.jwks(now).keys.into_iter().map(|key| key.kid).collect()
    }
}

#[tokio::test]
async fn a_new_key_is_published_first_signs_when_everybody_has_seen_it_and_replaces_the_old_one_at_last() {
    let keys = Keys::at_start().await;
    let old = keys.signing(at(0));
    let new = keys.store.rotate(&SCHEDULE, false, at(100)).await.expect("rotated").kid;
    keys.look(at(100)).await;
    assert_eq!(keys.signing(at(100)), old, "nobody has seen the new one yet");
    assert_eq!(keys.published(at(100)).len(), 2);
    let signs_at = 100 + SCHEDULE.lead().as_secs();
    assert_eq!(keys.signing(at(signs_at - 1)), old);
    assert_eq!(keys.signing(at(signs_at)), new);
    let last_token_expires = signs_at + SCHEDULE.token_ttl.as_secs();
    assert!(keys.published(at(last_token_expires)).contains(&old), "its last token is still good");
    assert_eq!(keys.published(at(signs_at + SCHEDULE.tail().as_secs())), [new]);
}

#[tokio::test]
async fn the_verifier_in_the_same_process_follows() {
    let keys = Keys::at_start().await;
    let old = keys.signing(at(0));
    let verifying = keys.ring.verifying_keys();
    let known = |kid: &str| token::KeySource::known(&*verifying, Some(kid), token::Algorithm::EdDsa).is_some();
    let new = keys.store.rotate(&SCHEDULE, true, at(0)).await.expect("rotated").kid;
    keys.look(at(0)).await;
    assert!(known(&old) && known(&new));
    keys.ring.publish(at(SCHEDULE.tail().as_secs())).expect("published");
    assert!(!known(&old) && known(&new));
}

#[tokio::test]
async fn a_second_rotation_waits_for_the_first() {
    let keys = Keys::at_start().await;
    keys.store.rotate(&SCHEDULE, false, at(0)).await.expect("rotated");
    let refused = keys.store.rotate(&SCHEDULE, false, at(1)).await.expect_err("refused");
    assert!(matches!(&refused, Error::Refused(why) if why.contains("under way")), "{refused}");
    keys.store.rotate(&SCHEDULE, false, at(1 + SCHEDULE.lead().as_secs())).await.expect("the first one signs by now");
}

#[tokio::test]
async fn of_many_rotations_at_once_one_makes_a_key() {
    let keys = Keys::at_start().await;
    let rotations = (0..8).map(|_| keys.store.rotate(&SCHEDULE, false, at(0)));
    let done = futures_util::future::join_all(rotations).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    assert_eq!(keys.store.rows().await.expect("rows").len(), 2);
}

#[tokio::test]
async fn a_compromised_key_goes_at_once_and_another_signs() {
    let keys = Keys::at_start().await;
    let stolen = keys.signing(at(0));
    keys.store.retire(&stolen, &SCHEDULE, true, at(10)).await.expect("retired");
    keys.look(at(10)).await;
    assert_ne!(keys.signing(at(10)), stolen);
    assert_eq!(keys.published(at(10)), [keys.signing(at(10))]);
}

#[tokio::test]
async fn when_the_next_key_is_there_already_it_takes_over_from_a_compromised_one() {
    let keys = Keys::at_start().await;
    let stolen = keys.signing(at(0));
    let next = keys.store.rotate(&SCHEDULE, false, at(0)).await.expect("rotated").kid;
    keys.store.retire(&stolen, &SCHEDULE, true, at(10)).await.expect("retired");
    keys.look(at(10)).await;
    assert_eq!((keys.signing(at(10)), keys.published(at(10))), (next.clone(), vec![next]));
}

#[tokio::test]
async fn a_next_key_that_is_withdrawn_leaves_the_old_one_signing_for_good() {
    for at_once in [true, false] {
        let keys = Keys::at_start().await;
        let old = keys.signing(at(0));
        let next = keys.store.rotate(&SCHEDULE, false, at(0)).await.expect("rotated").kid;
        keys.store.retire(&next, &SCHEDULE, at_once, at(10)).await.expect("withdrawn");
        keys.look(at(10)).await;
        assert_eq!(keys.published(at(10)), std::slice::from_ref(&old));
        assert_eq!(keys.signing(at(1_000_000)), old);
    }
}

#[tokio::test]
async fn a_key_that_was_overtaken_never_signs_and_nobody_waits_for_it() {
    let keys = Keys::at_start().await;
    keys.store.rotate(&SCHEDULE, false, at(0)).await.expect("rotated");
    let newest = keys.store.rotate(&SCHEDULE, true, at(1)).await.expect("rotated at once").kid;
    keys.store.retire(&newest, &SCHEDULE, true, at(2)).await.expect("retired");
    keys.look(at(2)).await;
    let substitute = keys.signing(at(2));
    assert_eq!(keys.signing(at(1_000_000)), substitute, "it has no end");
    keys.store.rotate(&SCHEDULE, false, at(3)).await.expect("no other rotation is under way");
}

#[tokio::test]
async fn where_no_key_signs_a_new_one_does_so_at_once() {
    let (database, _directory) = database().await;
    let store = Store::new(database, keyring(None));
    assert_eq!(store.rotate(&SCHEDULE, false, at(5)).await.expect("rotated").signs_at, seconds(at(5)));
}

#[tokio::test]
async fn a_start_on_keys_that_have_all_retired_makes_another() {
    let keys = Keys::at_start().await;
    let long_after = at(10_000_000);
    let signing = keys.signing(at(0));
    keys.store.rotate(&SCHEDULE, true, at(0)).await.expect("rotated");
    for row in keys.store.rows().await.expect("rows").into_iter().filter(|row| row.kid != signing) {
        keys.store.retire(&row.kid, &SCHEDULE, true, at(1)).await.expect("retired");
    }
    let rows = keys.store.rows_or_first(&SCHEDULE, long_after).await.expect("rows");
    assert!(rows.iter().any(|row| row.times().may_sign(seconds(long_after))), "{rows:?}");
}

#[tokio::test]
async fn the_key_that_signs_does_not_retire_by_a_plain_order() {
    let keys = Keys::at_start().await;
    let signing = keys.signing(at(0));
    for (kid, why) in [(signing.as_str(), "rotate"), ("nobody", "there is no key nobody")] {
        let refused = keys.store.retire(kid, &SCHEDULE, false, at(0)).await.expect_err("refused").to_string();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(keys.store.rows().await.expect("rows").len(), 1, "nothing was made for it");
}

#[tokio::test]
async fn an_order_with_another_key_encryption_key_is_refused_and_changes_nothing() {
    let (database, _directory) = database().await;
    let ours = Store::new(database.clone(), keyring(None));
    let rows = ours.rows_or_first(&SCHEDULE, at(0)).await.expect("a key");
    let wrong = Store::new(database, Keyring::new(NEW.parse().expect("a key"), None, "the wrong one".to_owned()));
    let rotated = wrong.rotate(&SCHEDULE, false, at(1)).await.expect_err("refused").to_string();
    let retired = wrong.retire(&rows[0].kid, &SCHEDULE, true, at(1)).await.expect_err("refused").to_string();
    assert!(rotated.contains("sealed with another key than the wrong one") && rotated == retired, "{rotated}");
    assert_eq!(ours.rows().await.expect("rows").len(), 1);
}

#[tokio::test]
async fn key_encryption_keys_are_exchanged_by_resealing() {
    let (database, _directory) = database().await;
    let before = Store::new(database.clone(), keyring(None));
    before.rows_or_first(&SCHEDULE, at(0)).await.expect("a key");
    let both = Store::new(database.clone(), keyring(Some(OLD)));
    assert_eq!(both.reseal().await.expect("resealed"), 1);
    assert_eq!(both.reseal().await.expect("nothing to do"), 0);
    let rows = both.rows().await.expect("rows");
    let only_new = Store::new(database, Keyring::new(NEW.parse().expect("a key"), None, "the test".to_owned()));
    assert!(only_new.open(&rows[0]).is_ok());
    assert!(before.open(&rows[0]).is_err(), "the old key opens nothing any more");
}
