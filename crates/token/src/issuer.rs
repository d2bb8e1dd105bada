//! Issuing access tokens.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use uuid::Uuid;

use crate::algorithm::Algorithm;
use crate::claims::{Claims, are_bounded};
use crate::clock::since_epoch;
use crate::compact::MAX_TOKEN_BYTES;
use crate::key_error::KeyError;
use crate::policy::{PolicyError, check_life, check_parties};
use crate::signing_key::SigningKey;
use crate::verifying_key::VerifyingKey;

/// Signs access tokens. The only type that holds a private key after start.
#[derive(Debug)]
pub struct Issuer {
    key: SigningKey,
    iss: String,
    aud: String,
    ttl_seconds: u64,
    /// The first part of every token: it depends on the key alone.
    header: String,
}

/// Whom a token is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The user's name: `sub`. Not empty.
    pub sub: String,
    /// The user's mail address, if it is to be in the token. Anybody who holds a token can read it.
    pub email: Option<String>,
    /// What the user is to others: at most [`MAX_ROLES`](crate::claims::MAX_ROLES) names of 1 to
    /// [`MAX_ROLE_BYTES`](crate::claims::MAX_ROLE_BYTES) bytes. Anybody who holds a token can read them, too.
    pub roles: Vec<String>,
}

/// A signed token, and what a login answer says about it. `Debug` leaves the token out.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token, to be sent as `Authorization: Bearer …`. An answer that holds it must be `no-store`.
    pub token: String,
    /// Its life in seconds.
    pub expires_in: u64,
    /// Its own name (UUID version 4), which may be logged.
    pub jti: String,
}

/// Why no token was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// `sub` is empty.
    #[error("the subject is empty")]
    EmptySubject,
    /// Too many roles, an empty one, or one with too long a name: no verifier would accept the token.
    #[error("the subject has too many roles, or one whose name is empty or too long")]
    Roles,
    /// The token would be longer than any verifier accepts ([`MAX_TOKEN_BYTES`]).
    #[error("the subject is too long for a token")]
    TooLarge,
    /// The cryptographic library failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

impl Issuer {
    /// An issuer of tokens that live for `ttl`: one second to 24 hours, in whole seconds (a fraction is cut).
    ///
    /// Tokens carry the key's thumbprint as `kid`. Those of classic mode carry none: there is only one secret,
    /// and any digest of it would help to guess it.
    pub fn new(key: SigningKey, issuer: String, audience: String, ttl: Duration) -> Result<Self, PolicyError> {
        check_parties(&issuer, &audience)?;
        check_life(ttl)?;
        let header = encode(&Header {
            alg: key.algorithm().as_str(),
            typ: "at+jwt",
            kid: (key.algorithm() != Algorithm::Hs256).then(|| key.kid()),
        });
        Ok(Self { key, iss: issuer, aud: audience, ttl_seconds: ttl.as_secs(), header })
    }

    /// A token for `subject`, valid from `now`, with a `jti` of its own.
    pub fn issue(&self, subject: &Subject, now: SystemTime) -> Result<IssuedToken, IssueError> {
        self.issue_for(Duration::from_secs(self.ttl_seconds), subject, now)
    }

    /// The same for a bearer who wants it no longer than for `life`: in whole seconds, one at least. Nobody gets a longer
    /// one than this issuer's tokens have.
    pub fn issue_for(&self, life: Duration, subject: &Subject, now: SystemTime) -> Result<IssuedToken, IssueError> {
        if subject.sub.is_empty() {
            return Err(IssueError::EmptySubject);
        }
        if !are_bounded(&subject.roles) {
            return Err(IssueError::Roles);
        }
        let issued_at = since_epoch(now).as_secs();
        let expires_in = life.as_secs().clamp(1, self.ttl_seconds);
        let jti = Uuid::new_v4().to_string();
        let claims = Claims {
            iss: self.iss.clone(),
            sub: subject.sub.clone(),
            aud: self.aud.clone(),
            exp: issued_at.saturating_add(expires_in),
            iat: issued_at,
            nbf: issued_at,
            jti: Some(jti.clone()),
            email: subject.email.clone(),
            roles: subject.roles.clone(),
        };
        let signing_input = format!("{}.{}", self.header, encode(&claims));
        let signature = self.key.sign(&signing_input)?;
        let token = format!("{signing_input}.{signature}");
        if token.len() > MAX_TOKEN_BYTES {
            return Err(IssueError::TooLarge);
        }
        Ok(IssuedToken { token, expires_in, jti })
    }

    /// The key that verifies this issuer's tokens.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedToken")
            .field("jti", &self.jti)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

fn encode(part: &impl Serialize) -> String {
    let json = serde_json::to_vec(part).expect("structs of strings and numbers are always JSON");
    URL_SAFE_NO_PAD.encode(json)
}
