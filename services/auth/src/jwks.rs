//! `/.well-known/jwks.json`: the public keys (RFC 7517 section 5).
use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use token::Jwks;

/// How long a verifier may keep the set without asking again, in seconds.
pub const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The keys that verify this issuer's tokens. Empty in classic mode: a shared secret is never published.
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, description = "A JWK set: public members only, each key with kid, use and alg")))]
pub async fn publish(State(jwks): State<Arc<Jwks>>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, MAX_AGE)], Json(jwks.as_ref().clone()))
}
