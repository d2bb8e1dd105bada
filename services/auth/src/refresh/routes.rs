//! `/refresh` and `/logout`.
use std::time::Duration;

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{RefreshToken, Refused};
use crate::{audit, error::Error, issued::Issued, json_body::JsonBody, limits::Client, state::State as Auth};

/// The body of `/refresh`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Refresh {
    /// As `/login` or `/refresh` gave it out.
    #[schema(value_type = String)]
    refresh_token: RefreshToken,
    /// Seconds after which the new access token is to expire, if that is earlier than it would by itself.
    #[schema(minimum = 1)]
    #[serde(default, deserialize_with = "chassis::json::optional_whole_number")]
    expires_in: Option<u64>,
}

impl crate::json_body::Described for Refresh {
    const SHAPE: &'static str = Presented::SHAPE;
}

/// The body of `/logout`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Presented {
    /// As `/login` or `/refresh` gave it out.
    #[schema(value_type = String)]
    refresh_token: RefreshToken,
}

impl crate::json_body::Described for Presented {
    const SHAPE: &'static str = r#"{"refresh_token":"…"}"#;
}

/// Exchanges a refresh token for a new pair. It is used up by that; using it again revokes the whole family. A client that
/// did not get the answer may repeat the request within `AUTH_REFRESH_GRACE`, as long as it did not use the new pair.
#[utoipa::path(
    post,
    path = "/refresh",
    request_body(content = Refresh, description = "At most 64 KiB"),
    responses(
        (status = 200, description = "A new pair; the old refresh token is dead", body = Issued),
        (status = 400, description = "The body is no refresh token: problem+json"),
        (status = 401, description = "The refresh token is not good, for whatever reason: problem+json"),
        (status = 413, description = "The body is too large: problem+json"),
        (status = 415, description = "The body is not application/json: problem+json"),
        (status = 503, description = "The database does not answer: problem+json with Retry-After. Repeat with the same token")
    )
)]
pub async fn refresh(
    State(auth): State<Auth>,
    client: Client,
    JsonBody(asked): JsonBody<Refresh>,
) -> Result<impl IntoResponse, Error> {
    let now = auth.clock.now();
    if asked.expires_in == Some(0) {
        return Err(Error::Body("expires_in is in seconds, at least 1".to_owned()));
    }
    // Before the token is used up: without a key there would be nothing to give for it.
    let signer = auth.ring.issuer(now).ok_or(Error::NoKey)?;
    let outcome = auth.families.refresh(&asked.refresh_token, now).await?.ok_or(Error::NoRandomness)?;
    let (account, granted) = outcome.map_err(|refused| refuse(&auth, client, &refused))?;
    let (issued, jti) = match asked.expires_in.map(Duration::from_secs) {
        Some(life) => Issued::for_life(life, &signer, &account, &granted, now)?,
        None => Issued::to(&signer, &account, &granted, now)?,
    };
    tracing::info!(
        target: audit::TARGET, event = "refresh.succeeded", account = account.username, jti, family = granted.family, peer = client.shown(),
        repeated = granted.repeated, "refresh succeeded"
    );
    auth.counters.refreshes.count(if granted.repeated { "repeated" } else { "succeeded" });
    Ok(issued)
}

fn refuse(auth: &Auth, client: Client, refused: &Refused) -> Error {
    let (reason, peer) = (refused.reason(), client.shown());
    auth.counters.refreshes.count(reason);
    match refused {
        Refused::Reused { family, account } => tracing::warn!(
            target: audit::TARGET, event = "refresh.reused", account, family, peer,
            "a used refresh token came again: its family is revoked"
        ),
        Refused::Disabled { account } => {
            tracing::info!(target: audit::TARGET, event = "refresh.failed", account, reason, peer, "refresh failed");
        }
        Refused::Unknown | Refused::Expired | Refused::Revoked => {
            tracing::info!(target: audit::TARGET, event = "refresh.failed", reason, peer, "refresh failed");
        }
    }
    Error::RefreshRefused
}

/// Ends the family of a refresh token. Access tokens stay good until they expire.
#[utoipa::path(
    post,
    path = "/logout",
    request_body(content = Presented, description = "At most 64 KiB"),
    responses(
        (status = 204, description = "The family is revoked, if there was one"),
        (status = 400, description = "The body is no refresh token: problem+json"),
        (status = 413, description = "The body is too large: problem+json"),
        (status = 415, description = "The body is not application/json: problem+json"),
        (status = 503, description = "The database does not answer: problem+json with Retry-After")
    )
)]
pub async fn log_out(
    State(auth): State<Auth>,
    client: Client,
    JsonBody(presented): JsonBody<Presented>,
) -> Result<StatusCode, Error> {
    if let Some(account) = auth.families.revoke(&presented.refresh_token, auth.clock.now()).await? {
        tracing::info!(target: audit::TARGET, event = "logout", account, peer = client.shown(), "logged out");
    }
    Ok(StatusCode::NO_CONTENT)
}
