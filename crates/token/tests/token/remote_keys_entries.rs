//! Key sets with entries that cannot be used, fetched over HTTP: fault row 34.

use serde_json::{Value, json};
use token::{Algorithm, FetchError, KeyError, KeySource as _, RemoteKeysConfig};

use crate::fixtures::{encode, with};
use crate::foreign::{Foreign, algorithms};
use crate::key_server::{Answer, KeyServer, document, key, remote_keys};

#[tokio::test]
async fn fault_34_a_broken_entry_is_passed_over_and_the_next_rotation_is_seen() {
    let (good, next, last) = (key(), key(), key());
    let server = KeyServer::start(Answer::Keys(vec![good.clone()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    // null, no object, too short, and the good key's own entry, cut short.
    let mut set: Value = serde_json::from_str(&document(vec![next.clone(), good.clone()])).expect("JSON");
    let entries = set["keys"].as_array_mut().expect("a list");
    entries.iter_mut().filter(|entry| entry["kid"] == good.kid()).for_each(|entry| entry["x"] = json!("AQAB"));
    entries.extend([Value::Null, json!(1), json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"})]);
    for _ in 0..2 {
        server.answer(Answer::Text(set.to_string()));
        keys.refresh().await.expect("the usable keys are used");
        assert!(keys.known(Some(next.kid()), Algorithm::EdDsa).is_some(), "the new one");
        assert!(keys.known(Some(good.kid()), Algorithm::EdDsa).is_some(), "a key whose entry broke verifies on");
    }
    set["keys"] =
        json!([Value::Null, serde_json::from_str::<Value>(&document(vec![last.clone()])).expect("JSON")["keys"][0]]);
    server.answer(Answer::Text(set.to_string()));
    keys.refresh().await.expect("the usable key is used");
    assert!(keys.known(Some(last.kid()), Algorithm::EdDsa).is_some(), "the next rotation is seen");
    assert!(keys.known(Some(good.kid()), Algorithm::EdDsa).is_none(), "what is no longer in the set is gone");
}

#[tokio::test]
async fn fault_34_the_same_key_twice_is_one_key() {
    let good = key();
    let set: Value = serde_json::from_str(&document(vec![good.clone()])).expect("JSON");
    let twice = json!({"keys": [set["keys"][0], set["keys"][0]]});
    let server = KeyServer::start(Answer::Text(twice.to_string())).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    assert_eq!(keys.current().map(|keys| keys.len()), Some(1));
}

#[tokio::test]
async fn fault_34_a_key_that_is_no_point_of_its_curve_never_replaces_the_good_one() {
    let good = Foreign::ed25519();
    let [off_ed, off_p256] = [good.jwk(), Foreign::p256().jwk()].map(|jwk| with(jwk, "x", json!(encode([2; 32]))));
    let server = KeyServer::start(Answer::Text(json!({"keys": [good.jwk()]}).to_string())).await;
    let keys = remote_keys(RemoteKeysConfig { algorithms: algorithms("EdDSA,ES256"), ..server.config() });
    keys.refresh().await.expect("loads");
    let generation = keys.generation();

    server.answer(Answer::Text(json!({"keys": [off_ed, off_p256]}).to_string()));
    assert_eq!(keys.refresh().await, Err(FetchError::Unusable(KeyError::NoUsableKey)));
    let fresh = with(Foreign::ed25519().jwk(), "kid", "fresh".into());
    server.answer(Answer::Text(json!({"keys": [off_ed, off_p256, fresh]}).to_string()));
    keys.refresh().await.expect("the usable key is used");

    assert!(keys.known(Some("fresh"), Algorithm::EdDsa).is_some());
    assert!(keys.known(Some("EdDSA"), Algorithm::EdDsa).is_some(), "the good key stays");
    assert!(keys.known(Some("ES256"), Algorithm::Es256).is_none());
    assert_eq!(keys.generation(), generation + 1, "one change: the fresh key");
}

#[tokio::test]
async fn fault_34_of_different_keys_under_one_kid_the_one_in_use_stays_until_the_set_is_clear() {
    let named = |kid: &str| with(Foreign::ed25519().jwk(), "kid", kid.into());
    let (used, second, next) = (named("1"), named("1"), named("2"));
    let server = KeyServer::start(Answer::Text(json!({"keys": [used]}).to_string())).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    let key_1 = || keys.known(Some("1"), Algorithm::EdDsa).expect("a key named 1");
    let before = key_1();

    server.answer(Answer::Text(json!({"keys": [second, used, next]}).to_string()));
    keys.refresh().await.expect("the other key is used");
    assert_eq!(key_1(), before);
    assert!(keys.known(Some("2"), Algorithm::EdDsa).is_some(), "the next rotation is seen");

    server.answer(Answer::Text(json!({"keys": [second, next]}).to_string()));
    keys.refresh().await.expect("loads");
    assert_ne!(key_1(), before, "the issuer decided");
}

/// RFC 7517 section 4.5.
#[tokio::test]
async fn keys_of_different_types_may_share_a_kid() {
    let all = Foreign::all();
    let shared = all.each_ref().map(|foreign| with(foreign.jwk(), "kid", "shared".into()));
    let server = KeyServer::start(Answer::Text(json!({ "keys": shared }).to_string())).await;
    let keys = remote_keys(RemoteKeysConfig { algorithms: algorithms("EdDSA,ES256,RS256"), ..server.config() });
    keys.refresh().await.expect("loads");
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let key = keys.known(Some("shared"), algorithm).expect("a key");
        assert_eq!(key.algorithm(), algorithm);
    }
}

#[tokio::test]
async fn a_set_with_foreign_keys_in_it_is_a_good_set() {
    let good = key();
    let set: Value = serde_json::from_str(&document(vec![good.clone()])).expect("JSON");
    let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"});
    let set = with(set.clone(), "keys", json!([rsa, set["keys"][0]]));
    let server = KeyServer::start(Answer::Text(set.to_string())).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    assert!(keys.known(Some(good.kid()), Algorithm::EdDsa).is_some());
}
