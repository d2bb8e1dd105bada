//! The claims of an access token (RFC 7519 §4.1, RFC 9068 §2.2).

use serde::{Deserialize, Serialize};

use crate::received_claims::ReceivedClaims;

/// How many roles a token may name.
pub const MAX_ROLES: usize = 64;

/// The longest name of a role, in bytes.
pub const MAX_ROLE_BYTES: usize = 64;

/// What a verified token says. Members we do not know are ignored, so that an issuer may add some.
///
/// Times are whole seconds since 1970-01-01 UTC. RFC 7519 section 2 also allows fractions. We issue none, and a verifier reads
/// them only if its [`Policy`](crate::Policy) says so: `exp` and `iat` are then rounded down, `nbf` up.
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
    /// The token's own name, for the log. Never empty; absent only where the verifier's policy allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
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

    /// The claims of a received token that was found to be for `audience`.
    pub(crate) fn of(received: ReceivedClaims, audience: &str) -> Self {
        Self {
            iss: received.iss,
            sub: received.sub,
            aud: audience.to_owned(),
            exp: received.exp,
            iat: received.iat,
            nbf: received.nbf.unwrap_or(received.iat),
            jti: received.jti,
            email: received.email,
            roles: received.roles,
        }
    }
}

/// Whether roles keep to the limits. They are in every request's header, and in the memory of every verifier.
pub(crate) fn are_bounded(roles: &[String]) -> bool {
    roles.len() <= MAX_ROLES && roles.iter().all(|role| (1..=MAX_ROLE_BYTES).contains(&role.len()))
}
