//! What a refused request is answered with: status, challenge and problem (RFC 6750 §3, RFC 9457).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use problem_details::{ProblemDetails, ProblemType};

use crate::refusal::Refusal;

const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="flotilla""#);
const CHALLENGE_INVALID: HeaderValue = HeaderValue::from_static(r#"Bearer realm="flotilla", error="invalid_token""#);
const CHALLENGE_SCOPE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="flotilla", error="insufficient_scope""#);

/// A refused request: 401 with a challenge, 403 for want of a role, or 503 while there are no keys.
///
/// The answer is the same for every reason but those that the client can act upon: no token at all, no role, no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection(Refusal);

impl Rejection {
    /// The exact reason: for the log, not for the client.
    pub const fn refusal(&self) -> Refusal {
        self.0
    }

    /// The answer's status: 401, 403 or 503.
    pub const fn status(&self) -> StatusCode {
        match self.0 {
            Refusal::Role(_) => StatusCode::FORBIDDEN,
            Refusal::KeysUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// `WWW-Authenticate` (RFC 6750 §3); `None` where other credentials would not help.
    const fn challenge(self) -> Option<HeaderValue> {
        match self.0 {
            Refusal::KeysUnavailable => None,
            Refusal::Missing => Some(CHALLENGE),
            Refusal::Role(_) => Some(CHALLENGE_SCOPE),
            _ => Some(CHALLENGE_INVALID),
        }
    }

    fn detail(self) -> Cow<'static, str> {
        match self.0 {
            Refusal::Missing => "Send an access token: Authorization: Bearer <token>.".into(),
            Refusal::KeysUnavailable => "Tokens cannot be verified at the moment. Try again.".into(),
            Refusal::Role(role) => format!("this needs the role {role}").into(),
            _ => "The access token was refused. Log in again for a new one.".into(),
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
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.0 == Refusal::KeysUnavailable {
            headers.insert(RETRY_AFTER, Refusal::RETRY_AFTER.as_secs().into());
        }
        response
    }
}
