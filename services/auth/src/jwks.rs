//! `/.well-known/jwks.json`: the public keys (RFC 7517 section 5).
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};

use crate::state::State as Auth;

/// The keys that verify this issuer's tokens. Empty in classic mode: a shared secret is never published.
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, description = "A JWK set: public members only, each key with kid, use and alg; max-age says how long it may be kept")))]
pub async fn publish(State(auth): State<Auth>) -> impl IntoResponse {
    let kept = format!("public, max-age={}", auth.schedule.cache_seconds());
    let kept = HeaderValue::from_str(&kept).unwrap_or(HeaderValue::from_static("no-store"));
    ([(header::CACHE_CONTROL, kept)], Json(auth.ring.jwks(auth.clock.now())))
}
