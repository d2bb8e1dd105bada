//! `/.well-known/jwks.json`: public keys, and only those.
use std::collections::BTreeSet;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{Jws, Suite};
use serde_json::Value;

use super::{Check, checks};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        the_key_set_has_public_members_only,
        the_key_set_may_be_kept_for_a_while,
        a_key_id_is_the_keys_thumbprint,
        the_tokens_key_is_in_the_set,
        key_ids_are_unique,
    ]
}

async fn keys(suite: &Suite) -> Vec<Value> {
    let set = suite.anonymous().key_set(200).await.json();
    assert_eq!(set.as_object().map(serde_json::Map::len), Some(1), "keys and nothing else: {set}");
    set["keys"].as_array().expect("keys").clone()
}

async fn the_key_set_has_public_members_only(suite: &Suite) {
    let keys = keys(suite).await;
    assert!(!keys.is_empty());
    for key in keys {
        let members: BTreeSet<&str> = key.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x"]));
        assert_eq!((&key["kty"], &key["crv"]), (&Value::from("OKP"), &Value::from("Ed25519")));
        assert_eq!((&key["use"], &key["alg"]), (&Value::from("sig"), &Value::from("EdDSA")));
    }
}

async fn the_key_set_may_be_kept_for_a_while(suite: &Suite) {
    let answer = suite.anonymous().key_set(200).await;
    let seconds = answer.header("cache-control").split_once("max-age=").map(|(_, seconds)| seconds);
    assert!(seconds.and_then(|seconds| seconds.parse::<u32>().ok()).is_some_and(|seconds| seconds > 0), "{answer:?}");
}

/// RFC 7638 section 3, with the members of RFC 8037 section 2.
async fn a_key_id_is_the_keys_thumbprint(suite: &Suite) {
    for key in keys(suite).await {
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, key["x"]);
        let thumbprint = digest::digest(&digest::SHA256, canonical.as_bytes());
        assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(thumbprint));
    }
}

async fn the_tokens_key_is_in_the_set(suite: &Suite) {
    let kid = Jws::parse(suite.token_holder().await.token()).header["kid"].clone();
    assert!(keys(suite).await.iter().any(|key| key["kid"] == kid), "{kid}");
}

async fn key_ids_are_unique(suite: &Suite) {
    let keys = keys(suite).await;
    let ids: BTreeSet<String> = keys.iter().map(|key| key["kid"].to_string()).collect();
    assert_eq!(ids.len(), keys.len());
}
