//! What can go wrong in auth, and what the client sees of it. Causes go to the log with the request id, never to the client.
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::Problem;

use crate::{database, password::HashError};

/// Basic credentials are asked for in UTF-8 (RFC 7617 section 2.1).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="flotilla", charset="UTF-8""#);
/// A refresh is answered by logging in; RFC 9110 section 15.5.2 wants a challenge with every 401.
const REFRESH_CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="flotilla", error="invalid_token""#);
const RETRY_SECONDS: u32 = 1;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 401 with a challenge: no credentials were sent.
    #[error("no credentials were sent")]
    Missing,
    /// 401 with a challenge; the same for an unknown user and a wrong password.
    #[error("the credentials do not fit")]
    Refused,
    /// 400: a body that is not what the route takes. The text is for the client.
    #[error("the body is not what is expected: {0}")]
    Body(String),
    /// 413: a body above the limit.
    #[error("the body is too large")]
    TooLarge,
    /// 408: a body that paused too long.
    #[error("the body did not come in time")]
    TooSlow,
    /// 400: a body that ended before its end, or whose framing is broken.
    #[error("the body broke off")]
    Cut,
    /// 415: a body that is not labelled as JSON.
    #[error("the body is not labelled as JSON")]
    MediaType,
    /// 401: a refresh token that is not good; why is nobody's business.
    #[error("the refresh token is not good")]
    RefreshRefused,
    /// 429: too many failed logins; again after so many seconds.
    #[error("too many failed logins")]
    Throttled(u32),
    /// 503: the database is away, failed, was locked or took too long.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// 503: every key has retired, which the database would have to say.
    #[error("no key may sign now")]
    NoKey,
    /// 500: the system gives no randomness.
    #[error("there is no randomness")]
    NoRandomness,
    /// 500: a stored hash that cannot be used, or hashing failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// 500: signing failed.
    #[error("the token cannot be issued: {0}")]
    Issue(#[from] token::IssueError),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self {
            Self::Database(database::Error::Slow | database::Error::Failed(_))
            | Self::Hash(HashError::Stored | HashError::TooLong | HashError::Unwanted | HashError::Failed)
            | Self::Issue(_)
            | Self::NoKey
            | Self::NoRandomness => tracing::error!(error = %self, "request failed"),
            // An absent database was told when it went away; the rest is the client's affair.
            Self::Database(database::Error::Away)
            | Self::Hash(HashError::Busy)
            | Self::Missing
            | Self::Refused
            | Self::RefreshRefused
            | Self::Throttled(_)
            | Self::Body(_)
            | Self::TooLarge
            | Self::TooSlow
            | Self::Cut
            | Self::MediaType => {}
        }
        let challenge = |detail: &'static str| {
            Problem::new(StatusCode::UNAUTHORIZED).header(header::WWW_AUTHENTICATE, CHALLENGE).detail(detail)
        };
        match self {
            Self::Missing => {
                challenge("Send name and password: HTTP Basic, or a JSON body with username and password.")
            }
            Self::Refused => challenge("The name or the password is wrong."),
            Self::Body(wrong) => Problem::new(StatusCode::BAD_REQUEST).detail(wrong),
            Self::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE),
            Self::TooSlow => Problem::new(StatusCode::REQUEST_TIMEOUT),
            Self::Cut => Problem::new(StatusCode::BAD_REQUEST).detail("The request's body broke off."),
            Self::MediaType => {
                Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail("Send the body as application/json.")
            }
            Self::RefreshRefused => Problem::new(StatusCode::UNAUTHORIZED)
                .header(header::WWW_AUTHENTICATE, REFRESH_CHALLENGE)
                .detail("The refresh token is not good. Log in again."),
            Self::Throttled(seconds) => Problem::new(StatusCode::TOO_MANY_REQUESTS)
                .detail("Too many failed logins. Try again later.")
                .retry_after(seconds),
            Self::Hash(HashError::Busy) => Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("Too many logins are waiting. Try again shortly.")
                .retry_after(RETRY_SECONDS),
            Self::Database(_) | Self::NoKey => Problem::new(StatusCode::SERVICE_UNAVAILABLE).retry_after(RETRY_SECONDS),
            Self::Hash(_) | Self::Issue(_) | Self::NoRandomness => Problem::new(StatusCode::INTERNAL_SERVER_ERROR),
        }
        .into_response()
    }
}
