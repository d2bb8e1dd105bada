//! The claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2).

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::unique_members;

/// How many roles a token may name.
pub const MAX_ROLES: usize = 64;

/// The longest name of a role, in bytes.
pub const MAX_ROLE_BYTES: usize = 64;

/// What a verified token says. Members we do not know are ignored, so that an issuer may add some.
///
/// Times are whole seconds since 1970-01-01 UTC. RFC 7519 would allow fractions; we issue none and accept none, for
/// verifiers round them differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: who signed.
    pub iss: String,
    /// Subject: whom the token is about. Never empty.
    pub sub: String,
    /// Audience: who is to accept the token. If a token lists several, this is the one that was asked for.
    pub aud: String,
    /// When it expires: not accepted at or after.
    pub exp: u64,
    /// When it was issued.
    pub iat: u64,
    /// Not accepted before. A token without it counts from `iat`.
    pub nbf: u64,
    /// The token's own name, for the log. Never empty.
    pub jti: String,
    /// The subject's mail address, if the issuer says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the subject is to others, if the issuer says it: at most [`MAX_ROLES`], each 1 to [`MAX_ROLE_BYTES`] bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

impl Claims {
    /// Whether the subject has this role, named exactly so.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one == role)
    }
}

/// Whether roles keep to the limits. They are in every request's header, and in the memory of every verifier.
pub(crate) fn are_bounded(roles: &[String]) -> bool {
    roles.len() <= MAX_ROLES && roles.iter().all(|role| (1..=MAX_ROLE_BYTES).contains(&role.len()))
}

/// Claims as they may arrive: one audience or several, `nbf` or none.
#[derive(Debug, Deserialize)]
pub(crate) struct ReceivedClaims {
    pub(crate) iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    jti: String,
    email: Option<String>,
    // Absent is none. `null`, one string, or a list of anything else is no list of roles.
    #[serde(default)]
    roles: Vec<String>,
}

/// RFC 7519 §4.1.3: a string, or an array of strings.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl ReceivedClaims {
    /// Reads a token's payload.
    ///
    /// `iss sub aud exp iat jti` are required, as RFC 9068 §2.2 has it; `sub` and `jti` must not be empty.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let claims: Self = unique_members::from_slice(payload).map_err(|_| Refusal::Claims)?;
        if claims.sub.is_empty() || claims.jti.is_empty() || !are_bounded(&claims.roles) {
            return Err(Refusal::Claims);
        }
        Ok(claims)
    }

    pub(crate) fn is_for(&self, audience: &str) -> bool {
        match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Several(several) => several.iter().any(|one| one == audience),
        }
    }

    pub(crate) fn into_claims(self, audience: &str) -> Claims {
        Claims {
            iss: self.iss,
            sub: self.sub,
            aud: audience.to_owned(),
            exp: self.exp,
            iat: self.iat,
            nbf: self.nbf.unwrap_or(self.iat),
            jti: self.jti,
            email: self.email,
            roles: self.roles,
        }
    }
}
