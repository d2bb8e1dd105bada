//! Classic mode: one secret shared by issuer and verifiers, as in the 2016 tutorial. Security items 2 and 3.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::{Value, json};
use token::{Algorithm, Jwk, KeyError, KeySet, Refusal, SigningKey, VerifyingKey};

use crate::fixtures::{House, SECRET, claims, missing, with};

fn secret(text: &str) -> Result<SigningKey, KeyError> {
    SigningKey::shared_secret(SecretString::from(text))
}

#[test]
fn a_token_of_the_same_secret_verifies_and_of_another_does_not() {
    let house = House::classic(SECRET);
    house.assert_accepted(&house.token());
    let other = House::classic("another secret, also longer than 32 bytes");
    house.assert_refused(&other.token(), Refusal::Signature);
}

#[test]
fn a_service_that_holds_the_secret_only_to_verify_accepts_the_tokens() {
    let house = House::classic(SECRET);
    let key = VerifyingKey::shared_secret(&SecretString::from(SECRET)).expect("not empty");
    house.keys.replace(KeySet::new(vec![key]).expect("one key"));
    house.assert_accepted(&house.token());
}

#[test]
fn security_1_a_service_in_classic_mode_accepts_hs256_only() {
    let house = House::classic(SECRET);
    for alg in ["EdDSA", "HS384", "HS512", "hs256", "none"] {
        house.assert_refused(&house.with_header("alg", alg.into()), Refusal::Algorithm);
    }
    house.assert_refused(&House::new().token(), Refusal::Algorithm);
}

#[test]
fn classic_mode_still_requires_type_expiry_issuer_and_audience() {
    let house = House::classic(SECRET);
    house.assert_refused(&house.with_header("typ", "JWT".into()), Refusal::Type);
    for claim in ["exp", "iss", "aud"] {
        house.assert_refused(&house.without_claim(claim), missing(claim));
    }
}

#[test]
fn classic_tokens_carry_no_kid_and_a_foreign_one_is_refused() {
    let house = House::classic(SECRET);
    let token = house.token();
    let header = token.split('.').next().expect("a header");
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON");
    assert_eq!(header, json!({"alg": "HS256", "typ": "at+jwt"}));
    let named = house.sign(&with(house.header(), "kid", "k1".into()), &claims());
    house.assert_refused(&named, Refusal::UnknownKey);
}

#[test]
fn security_2_signing_is_eddsa_and_hs256_only_with_a_secret_that_was_given() {
    let generated = SigningKey::generate().expect("randomness");
    assert_eq!(generated.algorithm(), Algorithm::EdDsa);
    assert_eq!(secret("x").expect("not empty").algorithm(), Algorithm::Hs256);
    assert_eq!(secret("").err(), Some(KeyError::EmptySecret));
}

#[test]
fn security_2_weak_secrets_are_named_as_such() {
    let weakness = |text: &str| secret(text).expect("not empty").weakness();
    for word in ["secret", "Password", "changeme", " secret ", "your-256-bit-secret"] {
        assert_eq!(weakness(word), Some("is a well-known word"), "{word}");
    }
    let known_and_long = "a-string-secret-at-least-256-bits-long";
    assert_eq!(weakness(known_and_long), Some("is a well-known word"));
    assert_eq!(weakness(&"x1".repeat(15)), Some("is shorter than 32 bytes"));
    assert_eq!(weakness(&"x".repeat(64)), Some("repeats one character"));
    assert_eq!(weakness(SECRET), None);
    let generated = SigningKey::generate().expect("randomness");
    assert_eq!(generated.weakness(), None);
}

#[test]
fn security_13_a_shared_secret_is_never_published_exported_or_shown() {
    let key = secret(SECRET).expect("not empty");
    assert_eq!(Jwk::of(&key.verifying_key()), None);
    let set = KeySet::new(vec![key.verifying_key()]).expect("one key");
    assert_eq!(json!(set.to_jwks()), json!({"keys": []}));
    assert_eq!(key.to_pkcs8_der().err(), Some(KeyError::NotExportable));
    let shown = format!("{key:?} {:?} {set:?}", key.verifying_key());
    assert!(!shown.contains(SECRET) && !shown.contains("115, 101"), "{shown}");
}

#[test]
fn the_kid_of_a_secret_says_nothing_about_it() {
    let kid = |text| secret(text).expect("not empty").kid().to_owned();
    assert_eq!(kid("one"), kid("another"));
}
