//! A token's claims as other issuers may write them, read one by one so that a refusal names the claim.

use serde_json::{Map, Value};

use crate::claims::are_bounded;
use crate::policy::Policy;
use crate::unique_members;

/// What is wrong with a token's claims. Holds the claim's name and nothing of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ClaimsError {
    /// The payload is not one JSON object, or an object in it has a member twice.
    #[error("are not one JSON object with unique members")]
    Document,
    /// A required claim is missing.
    #[error("have no {0}")]
    Missing(&'static str),
    /// A claim has the wrong type, is empty, or is beyond its limits.
    #[error("contain {0} in a wrong type or form")]
    Invalid(&'static str),
}

impl ClaimsError {
    /// The claim that is missing or wrong.
    pub const fn claim(&self) -> Option<&'static str> {
        match self {
            Self::Document => None,
            Self::Missing(name) | Self::Invalid(name) => Some(name),
        }
    }
}

/// Claims as they may arrive: one audience or several, `nbf` or none.
#[derive(Debug)]
pub(crate) struct ReceivedClaims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    aud: Vec<String>,
    pub(crate) exp: u64,
    pub(crate) iat: u64,
    pub(crate) nbf: Option<u64>,
    pub(crate) jti: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) roles: Vec<String>,
}

impl ReceivedClaims {
    /// Reads a token's payload.
    ///
    /// RFC 9068 section 2.2 requires `iss sub aud exp iat jti`; the policy may leave out `jti`. `sub` and `jti` must not be
    /// empty.
    pub(crate) fn parse(payload: &[u8], policy: &Policy) -> Result<Self, ClaimsError> {
        let claims = unique_members::from_slice(payload).map_err(|_| ClaimsError::Document)?;
        let mut claims = Received(claims);
        let fractions = policy.fractional_times;
        let received = Self {
            iss: claims.required("iss", text)?,
            sub: claims.required("sub", name)?,
            aud: claims.required("aud", audiences)?,
            exp: claims.required("exp", |value| time(&value, fractions, f64::floor))?,
            iat: claims.required("iat", |value| time(&value, fractions, f64::floor))?,
            nbf: claims.optional("nbf", |value| time(&value, fractions, f64::ceil))?,
            jti: claims.optional("jti", name)?,
            email: claims.optional("email", text)?,
            roles: claims.present("roles", texts)?.unwrap_or_default(),
        };
        if policy.jti_required && received.jti.is_none() {
            return Err(ClaimsError::Missing("jti"));
        }
        if !are_bounded(&received.roles) {
            return Err(ClaimsError::Invalid("roles"));
        }
        Ok(received)
    }

    pub(crate) fn is_for(&self, audience: &str) -> bool {
        self.aud.iter().any(|one| one == audience)
    }
}

/// The members that are not read yet.
struct Received(Map<String, Value>);

impl Received {
    fn required<T>(&mut self, claim: &'static str, read: impl FnOnce(Value) -> Option<T>) -> Result<T, ClaimsError> {
        self.present(claim, read)?.ok_or(ClaimsError::Missing(claim))
    }

    /// `null` counts as absent.
    fn optional<T>(
        &mut self,
        claim: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, ClaimsError> {
        if self.0.get(claim).is_some_and(Value::is_null) {
            return Ok(None);
        }
        self.present(claim, read)
    }

    fn present<T>(
        &mut self,
        claim: &'static str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, ClaimsError> {
        self.0.remove(claim).map(|value| read(value).ok_or(ClaimsError::Invalid(claim))).transpose()
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn name(value: Value) -> Option<String> {
    text(value).filter(|name| !name.is_empty())
}

fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(text).collect(),
        _ => None,
    }
}

/// RFC 7519 section 4.1.3: a string, or an array of strings.
fn audiences(value: Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one]),
        several => texts(several),
    }
}

/// Every whole number up to here is an exact `f64`: 2^53.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Seconds since 1970 (RFC 7519 section 2, `NumericDate`). A fraction is rounded to the side that makes the token valid for less
/// time.
fn time(value: &Value, fractions: bool, round: impl FnOnce(f64) -> f64) -> Option<u64> {
    let whole = value.as_u64();
    if whole.is_some() || !fractions {
        return whole;
    }
    let seconds = round(value.as_f64()?);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 2^53")]
    (0.0..=LARGEST_EXACT).contains(&seconds).then_some(seconds as u64)
}
