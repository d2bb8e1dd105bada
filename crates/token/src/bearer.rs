//! The access rule as an extractor: a handler that takes [`Bearer`] is open to holders of a good token only.
//!
//! RFC 6750: the Authorization header is the only place that is looked at, never the query or the body.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::claims::Claims;
use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::rejection::Rejection;
use crate::verifier::Verifier;

/// What the extractor needs of a router's state (by `FromRef`).
#[derive(Clone, Debug)]
pub struct Access {
    /// Judges the tokens.
    pub verifier: Arc<Verifier>,
    /// Says when it is.
    pub clock: Clock,
}

impl Access {
    /// Access by this verifier's judgement at this clock's time.
    pub const fn new(verifier: Arc<Verifier>, clock: Clock) -> Self {
        Self { verifier, clock }
    }
}

/// The claims of the request's access token.
#[derive(Clone, Debug)]
pub struct Bearer(pub Arc<Claims>);

impl<S> FromRequestParts<S> for Bearer
where
    Access: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let Access { verifier, clock } = Access::from_ref(state);
        let token = bearer_token(&parts.headers).map_err(|why| verifier.refuse(why))?;
        let claims = verifier.verify(token, clock.now()).await?;
        Ok(Self(claims))
    }
}

/// The token in the one Authorization header (RFC 6750 §2.1); the scheme is case-insensitive (RFC 9110 §11.1).
fn bearer_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::SeveralCredentials);
    }
    let value = value.to_str().map_err(|_| Refusal::Malformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Missing);
    }
    Ok(token.trim_matches(' '))
}
