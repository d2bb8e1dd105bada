//! Issuers, their key sets, and tokens of every age.

use std::time::{Duration, SystemTime};

use token::{Clock, Issuer, KeySet, SigningKey, Subject, VerifyingKey};

/// A day's name for the user of all tokens here.
pub(crate) const USER: &str = "ada";

pub(crate) fn now() -> SystemTime {
    Clock::system().now()
}

/// An issuer with a key of its own, for hello.
pub(crate) fn issuer() -> Issuer {
    issuer_for("hello.service")
}

pub(crate) fn issuer_for(audience: &str) -> Issuer {
    issuer_with(SigningKey::generate().expect("a key"), audience)
}

pub(crate) fn issuer_with(key: SigningKey, audience: &str) -> Issuer {
    let life = Duration::from_mins(15);
    Issuer::new(key, "auth.service".to_owned(), audience.to_owned(), life).expect("an issuer")
}

/// A token that was issued so long ago.
pub(crate) fn token(issuer: &Issuer, age: Duration) -> String {
    let subject = Subject { sub: USER.to_owned(), email: None, roles: vec![] };
    issuer.issue(&subject, now() - age).expect("a token").token
}

pub(crate) fn fresh(issuer: &Issuer) -> String {
    token(issuer, Duration::ZERO)
}

/// The key set document of these issuers.
pub(crate) fn jwks(issuers: &[&Issuer]) -> String {
    let keys: Vec<VerifyingKey> = issuers.iter().map(|issuer| issuer.verifying_key()).collect();
    let jwks = KeySet::new(keys).expect("a key set").to_jwks();
    serde_json::to_string(&jwks).expect("a document")
}

/// The token with another signature.
pub(crate) fn tampered(token: &str) -> String {
    format!("{}AAAA", &token[..token.len() - 4])
}
