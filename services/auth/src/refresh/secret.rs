//! The refresh token itself: 32 random bytes, of which only the SHA-256 is kept.
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

const BYTES: usize = 32;

/// A refresh token as a client holds it.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct RefreshToken(SecretString);

impl RefreshToken {
    /// A new one; `None` without randomness.
    pub fn generate() -> Option<Self> {
        let mut bytes = zeroize::Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut()).ok()?;
        Some(Self(URL_SAFE_NO_PAD.encode(bytes.as_ref()).into()))
    }

    /// As it goes to the client.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// As it is kept: who reads the database cannot refresh. It is random, so a plain hash is enough.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_and_none_is_shown() {
        let (one, other) = (RefreshToken::generate().expect("random"), RefreshToken::generate().expect("random"));
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 43, "256 bits in base64url");
        assert_ne!(one.hash(), one.expose());
        assert!(!format!("{one:?}").contains(one.expose()));
    }
}
