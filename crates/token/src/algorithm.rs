//! The signature algorithms a verifier can be configured for: one of these, never a list.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A JWS signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// There is no `none`, and no way to spell one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// Ed25519 signatures. What flotilla signs with.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// HMAC with SHA-256 and a shared secret. Classic mode only.
    #[serde(rename = "HS256")]
    Hs256,
}

impl Algorithm {
    /// The name in a token's `alg`, compared case-sensitively.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    pub(crate) const fn backend(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
