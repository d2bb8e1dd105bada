//! `/login`: name and password in, an access token out.
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    credentials::Credentials,
    error::Error,
    state::{Demo, State as Auth},
    users::Account,
};

/// A token for the bearer (the field names of RFC 6750 section 4, but `token` as in 2016).
#[derive(Serialize, ToSchema)]
pub struct Issued {
    /// The access token: a JWS in compact form.
    token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds from now.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Exchanges name and password for an access token.
#[utoipa::path(
    post,
    path = "/login",
    security(("basic" = []), ()),
    request_body(content = Credentials, description = "Where no Basic credentials are sent; at most 64 KiB"),
    responses(
        (status = 200, description = "An access token", body = Issued),
        (status = 400, description = "The body is no login: problem+json"),
        (status = 401, description = "Unknown user or wrong password, not told apart: problem+json with WWW-Authenticate"),
        (status = 413, description = "The body is too large: problem+json"),
        (status = 415, description = "The body is not application/json: problem+json"),
        (status = 503, description = "The database does not answer: problem+json with Retry-After")
    )
)]
pub async fn log_in(State(auth): State<Auth>, credentials: Credentials) -> Result<impl IntoResponse, Error> {
    let account = authenticate(&auth, credentials).await?;
    let issued = auth.issuer.issue(&account.subject(), auth.clock.now())?;
    tracing::info!(account = account.username, jti = issued.jti, "login succeeded");
    auth.logins.count("succeeded");
    let body = Json(Issued { token: issued.token, token_type: "Bearer", expires_in: issued.expires_in });
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], body))
}

/// The same with HTTP Basic by GET, as the tutorials of 2016 do.
#[utoipa::path(
    get,
    path = "/login",
    security(("basic" = [])),
    responses(
        (status = 200, description = "An access token", body = Issued),
        (status = 401, description = "Unknown user or wrong password, not told apart: problem+json with WWW-Authenticate"),
        (status = 503, description = "The database does not answer: problem+json with Retry-After")
    )
)]
pub async fn log_in_by_get(state: State<Auth>, credentials: Credentials) -> Result<impl IntoResponse, Error> {
    log_in(state, credentials).await
}

/// The account whose password this is. An unknown name costs the same hashing as a wrong password.
async fn authenticate(auth: &Auth, credentials: Credentials) -> Result<Account, Error> {
    let Credentials { username, password } = credentials;
    let account = auth.users.find(&username).await?.filter(|account| !account.demo || auth.demo == Demo(true));
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let fits = auth.passwords.fits(password, stored).await?;
    match account {
        Some(account) if fits => Ok(account),
        Some(account) => {
            tracing::info!(account = account.username, reason = "wrong_password", "login failed");
            auth.logins.count("wrong_password");
            Err(Error::Refused)
        }
        None => {
            // The name is not logged: people type passwords into the wrong field.
            tracing::info!(reason = "unknown_account", "login failed");
            auth.logins.count("unknown_account");
            Err(Error::Refused)
        }
    }
}
