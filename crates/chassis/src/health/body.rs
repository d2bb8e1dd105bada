//! What a request to the health port brings, read whole, with an answer to each way in which it does not come.
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;

use crate::{Problem, body_limits::is_stalled, json};

/// A body as JSON. `curl -d` labels it as a form: the label is not looked at, so that the commands of a lesson stay short.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            // axum calls every body that does not come whole a bad request, also one that paused for too long.
            let status = if is_stalled(&rejection) { StatusCode::REQUEST_TIMEOUT } else { rejection.status() };
            Problem::new(status)
        })?;
        json::object(&body)
            .map(Self)
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST).detail(format!("the body cannot be read: {error}")))
    }
}
