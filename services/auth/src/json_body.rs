//! A body that must be JSON: what is wrong with it is said by place and expected shape, never by quoting it.
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use chassis::{is_stalled, json};
use serde::de::DeserializeOwned;

use crate::error::Error;

/// What a body should look like, for whoever sent another.
pub trait Described {
    /// An example without values.
    const SHAPE: &'static str;
}

/// The body.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + Described, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::MediaType);
        }
        let body =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status().as_u16() {
                413 => Error::TooLarge,
                _ if is_stalled(&rejection) => Error::TooSlow,
                _ => Error::Cut,
            })?;
        json::object(&body).map(Self).map_err(|error| {
            Error::Body(format!("expected {}; line {} column {}", T::SHAPE, error.line(), error.column()))
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
