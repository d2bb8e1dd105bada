//! Why a request's credentials were refused: one enum for log, metric and answer.

use std::time::Duration;

use crate::received_claims::ClaimsError;

/// A refusal, without anything of the token in it.
///
/// The client sees 401 and one opaque body for all of them, except [`KeysUnavailable`](Self::KeysUnavailable) (503) and
/// [`Role`](Self::Role) (403): those say what the matter is.
/// The exact reason goes to the log and, as [`reason`](Self::reason), to a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// No bearer credentials. 401 without `error=` (RFC 6750 §3.1).
    #[error("no bearer token was sent")]
    Missing,
    /// More than one Authorization header.
    #[error("more than one Authorization header was sent")]
    SeveralCredentials,
    /// Longer than [`MAX_TOKEN_BYTES`](crate::compact::MAX_TOKEN_BYTES).
    #[error("the token is too long")]
    TooLarge,
    /// Not three parts of strict base64url: JWE, JSON serialisation, padding, stray bits.
    #[error("the token is not three parts of unpadded base64url")]
    Malformed,
    /// The header is no JSON object, repeats a member, or carries `crit` or `b64` (RFC 7515 §4.1.11, RFC 7797).
    #[error("the token's header is not acceptable")]
    Header,
    /// `alg` is missing or is not exactly an accepted algorithm; or the key it names is for another.
    #[error("the token's algorithm is not an accepted one")]
    Algorithm,
    /// `typ` is missing or is not an accepted type: `at+jwt`, unless others were configured (RFC 9068 §4).
    #[error("the token's type is not an accepted one")]
    Type,
    /// The key set has no key of that `kid`; or there is no `kid` and more than one key.
    #[error("the token names a key that is not in the key set")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature does not verify")]
    Signature,
    /// The payload is no claims set, or a claim is missing or of a wrong type or form: the error says which.
    #[error("the token's claims {0}")]
    Claims(#[from] ClaimsError),
    /// Another issuer's token.
    #[error("the token is of another issuer")]
    Issuer,
    /// Meant for another audience.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `exp` lies too far after `iat`, or not after it.
    #[error("the token's life is longer than allowed")]
    Life,
    /// No key set could be loaded so far. 503: the caller's token may be fine.
    #[error("the keys that verify tokens are not available")]
    KeysUnavailable,
    /// A good token, whose subject lacks the role that the request needs. 403 (RFC 6750 §3.1).
    #[error("the token's subject lacks the role {0}")]
    Role(&'static str),
}

impl Refusal {
    /// Every refusal, for whoever wants to set up counters beforehand; one role and one error of claims stand for all.
    pub const ALL: [Self; 17] = [
        Self::Missing,
        Self::SeveralCredentials,
        Self::TooLarge,
        Self::Malformed,
        Self::Header,
        Self::Algorithm,
        Self::Type,
        Self::UnknownKey,
        Self::Signature,
        Self::Claims(ClaimsError::Document),
        Self::Issuer,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::Life,
        Self::KeysUnavailable,
        Self::Role("any"),
    ];

    /// When to come back after [`KeysUnavailable`](Self::KeysUnavailable), as `Retry-After` says it.
    pub const RETRY_AFTER: Duration = Duration::from_secs(2);

    /// The claim that is missing or wrong, if the refusal is about one.
    pub const fn claim(&self) -> Option<&'static str> {
        match self {
            Self::Claims(error) => error.claim(),
            _ => None,
        }
    }

    /// A stable name for metrics and logs. The set is small and fixed.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::SeveralCredentials => "several_credentials",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Header => "header",
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Claims(_) => "claims",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Life => "life",
            Self::KeysUnavailable => "keys_unavailable",
            Self::Role(_) => "role",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reasons_are_distinct_metric_labels() {
        let reasons: HashSet<_> = Refusal::ALL.iter().map(Refusal::reason).collect();
        assert_eq!(reasons.len(), Refusal::ALL.len());
        assert!(reasons.iter().all(|r| r.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
