//! Shared secrets (HS256): who verifies with one can sign with it, which is what is wrong with classic mode.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jsonwebtoken::DecodingKey;

use crate::key_error::KeyError;

/// A secret, and what is weak about it.
#[derive(Clone)]
pub(super) struct SharedSecret {
    pub(super) decoding: DecodingKey,
    pub(super) weakness: Option<&'static str>,
}

impl SharedSecret {
    pub(super) fn checked(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::EmptySecret);
        }
        Ok(Self { decoding: DecodingKey::from_secret(secret), weakness: weakness(secret) })
    }

    /// Whether it is the same secret, in constant time.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self.decoding.try_get_as_bytes(), other.decoding.try_get_as_bytes()) {
            (Ok(ours), Ok(theirs)) => verify_slices_are_equal(ours, theirs).is_ok(),
            _ => false,
        }
    }
}

/// Secrets that appear in tutorials, among them the 2016 example's own default.
const WELL_KNOWN_SECRETS: [&str; 14] = [
    "secret",
    "password",
    "changeme",
    "change-me",
    "change_me",
    "default",
    "example",
    "jwt",
    "jwtsecret",
    "jwt-secret",
    "mysecret",
    "test",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
];

/// RFC 7518 §3.2 wants a key no shorter than the hash: 32 bytes.
fn weakness(secret: &[u8]) -> Option<&'static str> {
    let word = secret.trim_ascii();
    if WELL_KNOWN_SECRETS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())) {
        Some("is a well-known word")
    } else if secret.len() < 32 {
        Some("is shorter than 32 bytes")
    } else if secret.iter().all(|byte| *byte == secret[0]) {
        Some("repeats one character")
    } else {
        None
    }
}
