//! The answer of `/login` and `/refresh`: a pair of tokens.
use std::time::{Duration, SystemTime};

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use token::{IssuedToken, Issuer};
use utoipa::ToSchema;

use crate::{error::Error, refresh::Granted, users::Account};

/// A pair of tokens for the bearer (the field names of RFC 6749 section 5.1, but `token` as in 2016).
#[derive(Serialize, ToSchema)]
pub struct Issued {
    /// The access token: a JWS in compact form.
    token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: u64,
    /// Good for one refresh.
    #[schema(value_type = String)]
    #[serde(serialize_with = "exposed")]
    refresh_token: SecretString,
    /// Seconds until nothing can be refreshed any more without logging in.
    #[schema(example = 43200)]
    refresh_expires_in: u64,
}

impl Issued {
    /// A pair for an account, and the access token's name for the log.
    pub fn to(signer: &Issuer, account: &Account, granted: &Granted, now: SystemTime) -> Result<(Self, String), Error> {
        Ok(Self::with(signer.issue(&account.subject(), now)?, granted))
    }

    /// The same, with an access token that lives no longer than for `life`.
    pub fn for_life(
        life: Duration,
        signer: &Issuer,
        account: &Account,
        granted: &Granted,
        now: SystemTime,
    ) -> Result<(Self, String), Error> {
        Ok(Self::with(signer.issue_for(life, &account.subject(), now)?, granted))
    }

    fn with(issued: IssuedToken, granted: &Granted) -> (Self, String) {
        let answer = Self {
            token: issued.token,
            token_type: "Bearer",
            expires_in: issued.expires_in,
            refresh_token: granted.token.expose().into(),
            refresh_expires_in: granted.expires_in,
        };
        (answer, issued.jti)
    }
}

impl IntoResponse for Issued {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(self)).into_response()
    }
}

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
