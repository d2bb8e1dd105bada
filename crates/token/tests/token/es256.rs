//! Tokens that are signed with ES256, for gateways that do not know EdDSA.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use token::{
    Algorithm, Algorithms, Claims, Issuer, Jwk, KeySet, Policy, Refusal, SigningAlgorithm, SigningKey, StaticKeys,
    Verifier,
};

use crate::fixtures::{AUDIENCE, ISSUER, TTL, at_once, encode, now, user, with};
use crate::key_loading::pem;

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::generate_for(algorithm).expect("randomness")
}

fn issuer(key: SigningKey) -> Issuer {
    Issuer::new(key, ISSUER.into(), AUDIENCE.into(), TTL).expect("the settings are in order")
}

fn token(issuer: &Issuer) -> String {
    issuer.issue(&user(), now()).expect("issues").token
}

/// A verifier of these issuers' tokens.
fn verifier(issuers: &[&Issuer], accepted: Algorithms) -> Verifier {
    let keys = issuers.iter().map(|issuer| issuer.verifying_key()).collect();
    let keys = StaticKeys::new(KeySet::new(keys).expect("keys of different names"));
    Verifier::new(Arc::new(keys), Policy::new(ISSUER, AUDIENCE, accepted)).expect("the policy is in order")
}

fn verify(verifier: &Verifier, token: &str) -> Result<Arc<Claims>, Refusal> {
    at_once(verifier.verify(token, now()))
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON")
}

#[test]
fn an_es256_token_verifies_and_names_its_algorithm_and_key() {
    let issuer = issuer(key(SigningAlgorithm::Es256));
    let token = token(&issuer);
    let kid = issuer.verifying_key().kid().to_owned();
    assert_eq!(header(&token), json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}));
    assert_eq!(
        verify(&verifier(&[&issuer], Algorithms::signing()), &token).map(|claims| claims.sub.clone()),
        Ok("user".into())
    );
    let other = self::issuer(key(SigningAlgorithm::Es256));
    assert_eq!(verify(&verifier(&[&other], Algorithms::signing()), &token).err(), Some(Refusal::UnknownKey));
    assert_eq!(verify(&verifier(&[&issuer], Algorithm::EdDsa.into()), &token).err(), Some(Refusal::Algorithm));
}

/// RFC 8725 section 3.1: whatever the header says, a key verifies its own algorithm only.
#[test]
fn security_3_while_keys_of_two_algorithms_are_published_each_verifies_its_own_only() {
    let [eddsa, es256] = SigningAlgorithm::ALL.map(|algorithm| issuer(key(algorithm)));
    let verifier = verifier(&[&eddsa, &es256], Algorithms::signing());
    for issuer in [&eddsa, &es256] {
        let token = token(issuer);
        assert!(verify(&verifier, &token).is_ok());
        let (_, signed) = token.split_once('.').expect("three parts");
        let other = if header(&token)["alg"] == "EdDSA" { "ES256" } else { "EdDSA" };
        let confused = format!("{}.{signed}", encode(with(header(&token), "alg", other.into()).to_string()));
        assert_eq!(verify(&verifier, &confused).err(), Some(Refusal::Algorithm));
    }
}

#[test]
fn security_13_a_p256_key_is_published_with_both_coordinates_and_reads_back() {
    let key = key(SigningAlgorithm::Es256).verifying_key();
    let published = json!(Jwk::of(&key).expect("a public key"));
    let (x, y) = (published["x"].clone(), published["y"].clone());
    let expected = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": key.kid(), "use": "sig", "alg": "ES256"});
    assert_eq!(published, expected);
    assert_eq!(key.kid().len(), 43, "a thumbprint");
    let set = KeySet::new(vec![key]).expect("one key");
    let document = serde_json::to_vec(&set.to_jwks()).expect("JSON");
    assert_eq!(KeySet::parse(&document, &Algorithms::signing()), Ok((set, vec![])));
}

#[test]
fn a_p256_key_survives_being_kept_as_pkcs8() {
    let key = key(SigningAlgorithm::Es256);
    let der = key.to_pkcs8_der().expect("a private key");
    let loaded = SigningKey::from_pkcs8_der(der.expose_secret()).expect("the same key");
    assert_eq!((loaded.kid(), loaded.algorithm()), (key.kid(), Algorithm::Es256));
    assert_eq!(loaded.verifying_key(), key.verifying_key());
    let from_pem = SigningKey::from_pkcs8_pem(&pem("PRIVATE KEY", der.expose_secret())).expect("the same key");
    assert_eq!(from_pem.kid(), key.kid());
    let verifier = verifier(&[&issuer(key)], Algorithms::signing());
    assert!(verify(&verifier, &token(&issuer(loaded))).is_ok());
}
