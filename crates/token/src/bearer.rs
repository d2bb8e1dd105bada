//! The access rule as an extractor: a handler that takes [`Bearer`] is open to holders of a good token only.
//!
//! RFC 6750: the Authorization header is the only place that is looked at, never the query or the body.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use problem_details::{ProblemDetails, ProblemType};

use crate::claims::Claims;
use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::verifier::Verifier;

/// The realm of every challenge (RFC 9110 §11.5).
pub const REALM: &str = "flotilla";

const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="flotilla""#);
const CHALLENGE_INVALID: HeaderValue = HeaderValue::from_static(r#"Bearer realm="flotilla", error="invalid_token""#);

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
        let token = bearer_token(&parts.headers).map_err(|why| Rejection(verifier.refuse(why)))?;
        let claims = verifier.verify(token, clock.now()).await.map_err(Rejection)?;
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

/// A refused request: 401 with a challenge, or 503 while there are no keys.
///
/// The answer is the same for every reason but the two that the client can act upon: no token at all, and no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection(Refusal);

impl Rejection {
    /// The exact reason: for the log, not for the client.
    pub const fn refusal(&self) -> Refusal {
        self.0
    }

    /// The answer's status: 401 or 503.
    pub const fn status(&self) -> StatusCode {
        match self.0 {
            Refusal::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    const fn detail(self) -> &'static str {
        match self.0 {
            Refusal::Missing => "Send an access token: Authorization: Bearer <token>.",
            Refusal::KeysUnavailable => "Tokens cannot be verified at the moment. Try again.",
            _ => "The access token was refused. Log in again for a new one.",
        }
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let problem = ProblemDetails::from_status_code(self.status())
            .with_type(ProblemType::default())
            .with_detail(self.detail());
        let mut response = problem.into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self.0 {
            Refusal::KeysUnavailable => {
                headers.insert(RETRY_AFTER, Refusal::RETRY_AFTER.as_secs().into());
            }
            Refusal::Missing => {
                headers.insert(WWW_AUTHENTICATE, CHALLENGE);
            }
            _ => {
                headers.insert(WWW_AUTHENTICATE, CHALLENGE_INVALID);
            }
        }
        response
    }
}
