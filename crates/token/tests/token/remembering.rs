//! Verified tokens are remembered, and forgotten when they must be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use token::{Algorithm, KeySet, KeySource, Refusal, SigningKey, StaticKeys, Verifier, VerifyingKey};

use crate::fixtures::{House, NOW, at, at_once, now, policy};

/// Counts how often a key is asked for: that is, how often a signature is about to be checked.
struct CountedKeys {
    keys: Arc<StaticKeys>,
    lookups: AtomicU64,
}

impl KeySource for CountedKeys {
    fn generation(&self) -> u64 {
        self.keys.generation()
    }

    fn known(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        self.keys.known(kid, algorithm)
    }
}

fn counted(house: &House) -> (Arc<CountedKeys>, Verifier) {
    let keys = Arc::new(CountedKeys { keys: house.keys.clone(), lookups: AtomicU64::new(0) });
    let verifier = Verifier::new(keys.clone(), policy(Algorithm::EdDsa)).expect("in order");
    (keys, verifier)
}

#[test]
fn a_good_token_is_checked_once_and_remembered() {
    let house = House::new();
    let (keys, verifier) = counted(&house);
    let token = house.token();
    let first = at_once(verifier.verify(&token, now())).expect("good");
    let second = at_once(verifier.verify(&token, now())).expect("still good");
    assert_eq!(keys.lookups.load(Ordering::Relaxed), 1);
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn without_a_cache_every_request_is_checked() {
    let house = House::new();
    let (keys, verifier) = counted(&house);
    let verifier = verifier.without_cache();
    let token = house.token();
    for _ in 0..3 {
        at_once(verifier.verify(&token, now())).expect("good");
    }
    assert_eq!(keys.lookups.load(Ordering::Relaxed), 3);
    assert_eq!(verifier.cached_tokens(), 0);
}

#[test]
fn a_remembered_token_expires_and_is_forgotten() {
    let house = House::new();
    let token = house.token();
    house.assert_accepted(&token);
    assert_eq!(house.verifier.cached_tokens(), 1);
    let late = house.verify_at(&token, at(NOW + 905)).err();
    assert_eq!(late, Some(Refusal::Expired));
    assert_eq!(house.verifier.cached_tokens(), 0);
}

#[test]
fn a_remembered_token_is_not_valid_before_its_time_either() {
    let house = House::new();
    let token = house.token();
    house.assert_accepted(&token);
    let early = house.verify_at(&token, at(NOW - 6)).err();
    assert_eq!(early, Some(Refusal::NotYetValid));
    house.assert_accepted(&token);
}

#[test]
fn a_remembered_token_is_refused_once_its_key_is_gone() {
    let house = House::new();
    let token = house.token();
    house.assert_accepted(&token);
    let other = SigningKey::generate().expect("randomness").verifying_key();
    house.keys.replace(KeySet::new(vec![other]).expect("one key"));
    house.assert_refused(&token, Refusal::UnknownKey);
}

#[test]
fn security_13_rotation_refuses_no_good_token() {
    let house = House::new();
    let token = house.token();
    house.assert_accepted(&token);
    let next = SigningKey::generate().expect("randomness").verifying_key();
    let both = KeySet::new(vec![house.issuer.verifying_key(), next]).expect("two keys");
    house.keys.replace(both);
    house.assert_accepted(&token);
}

#[test]
fn the_same_keys_again_are_no_change() {
    let house = House::new();
    let before = house.keys.generation();
    let same = KeySet::new(vec![house.issuer.verifying_key()]).expect("one key");
    house.keys.replace(same);
    assert_eq!(house.keys.generation(), before);
}

#[test]
fn refused_tokens_are_not_remembered() {
    let house = House::new();
    let token = house.with_claim("iss", "other".into());
    house.assert_refused(&token, Refusal::Issuer);
    assert_eq!(house.verifier.cached_tokens(), 0);
}

#[test]
fn a_token_that_differs_from_a_remembered_one_in_one_bit_is_another_token() {
    let house = House::new();
    let token = house.token();
    house.assert_accepted(&token);
    let flipped = token.replacen("eyJ", "eyK", 1);
    assert!(house.verify(&flipped).is_err());
}
