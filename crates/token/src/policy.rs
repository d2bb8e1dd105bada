//! What a verifier demands of a token's claims, and the limits of what may be configured.

use std::time::{Duration, SystemTime};

use crate::accepted::{Algorithms, TokenTypes};
use crate::claims::Claims;
use crate::clock::since_epoch;
use crate::received_claims::ReceivedClaims;
use crate::refusal::Refusal;

/// The longest life of a token that may be issued or accepted.
pub const MAX_LIFE: Duration = Duration::from_hours(24);

/// The largest difference between clocks that may be tolerated.
pub const MAX_LEEWAY: Duration = Duration::from_mins(1);

/// What a good token looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The `iss` it must have, exactly.
    pub issuer: String,
    /// The `aud` it must have, exactly, alone or among others.
    pub audience: String,
    /// The algorithms that are accepted.
    pub algorithms: Algorithms,
    /// The types of tokens that are accepted. Default: access tokens (`at+jwt`) and nothing else.
    pub types: TokenTypes,
    /// Whether a token must have a `jti`, as RFC 9068 section 2.2 requires. Default: yes.
    pub jti_required: bool,
    /// Whether times may be JSON numbers other than whole ones (RFC 7519 section 2). Default: no.
    pub fractional_times: bool,
    /// How far clocks may be apart: `exp`, `nbf` and `iat` are judged this much in favour of the token.
    /// Default 5 s, at most [`MAX_LEEWAY`].
    pub leeway: Duration,
    /// The longest allowed distance from `iat` to `exp`. Default and upper limit: [`MAX_LIFE`].
    pub max_life: Duration,
}

/// A setting outside its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No issuer named.
    #[error("the issuer is empty")]
    EmptyIssuer,
    /// No audience named.
    #[error("the audience is empty")]
    EmptyAudience,
    /// Leeway above [`MAX_LEEWAY`].
    #[error("the leeway is more than 60 seconds")]
    Leeway,
    /// A token's life below one second or above [`MAX_LIFE`].
    #[error("the life of a token is less than a second or more than 24 hours")]
    Life,
}

impl Policy {
    /// A policy for access tokens with the default leeway (5 s) and the longest life (24 h).
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, algorithms: impl Into<Algorithms>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: algorithms.into(),
            types: TokenTypes::access_tokens(),
            jti_required: true,
            fractional_times: false,
            leeway: Duration::from_secs(5),
            max_life: MAX_LIFE,
        }
    }

    pub(crate) fn check(&self) -> Result<(), PolicyError> {
        check_parties(&self.issuer, &self.audience)?;
        check_life(self.max_life)?;
        if self.leeway > MAX_LEEWAY {
            return Err(PolicyError::Leeway);
        }
        Ok(())
    }

    /// Judges claims whose signature has been verified.
    pub(crate) fn judge(&self, claims: ReceivedClaims, now: SystemTime) -> Result<Claims, Refusal> {
        if claims.iss != self.issuer {
            return Err(Refusal::Issuer);
        }
        if !claims.is_for(&self.audience) {
            return Err(Refusal::Audience);
        }
        let claims = Claims::of(claims, &self.audience);
        self.judge_time(&claims, now)?;
        let life = claims.exp.checked_sub(claims.iat).ok_or(Refusal::Life)?;
        if life == 0 || life > self.max_life.as_secs() {
            return Err(Refusal::Life);
        }
        Ok(claims)
    }

    /// The part of the judgement that changes with time, and so is repeated for a remembered token.
    pub(crate) fn judge_time(&self, claims: &Claims, now: SystemTime) -> Result<(), Refusal> {
        let now = since_epoch(now);
        // Saturating: `exp` is any 64-bit number a stranger could write.
        if now >= Duration::from_secs(claims.exp).saturating_add(self.leeway) {
            return Err(Refusal::Expired);
        }
        let latest_start = Duration::from_secs(claims.nbf.max(claims.iat));
        if now.saturating_add(self.leeway) < latest_start {
            return Err(Refusal::NotYetValid);
        }
        Ok(())
    }
}

pub(crate) fn check_parties(issuer: &str, audience: &str) -> Result<(), PolicyError> {
    if issuer.is_empty() {
        return Err(PolicyError::EmptyIssuer);
    }
    if audience.is_empty() {
        return Err(PolicyError::EmptyAudience);
    }
    Ok(())
}

pub(crate) fn check_life(life: Duration) -> Result<(), PolicyError> {
    if life < Duration::from_secs(1) || life > MAX_LIFE {
        return Err(PolicyError::Life);
    }
    Ok(())
}
