//! What a request's body is allowed: bytes, pauses, and memory.
use std::{error::Error, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{StatusCode, header},
};
use http_body_util::Limited;
use tower_http::timeout::{TimeoutBody, TimeoutError};

use crate::{
    Problem,
    server::request_memory::{BodyMemory, ORDINARY_BODY, Reservation},
};

/// The limits of every request's body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimits {
    /// How long it may pause.
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

/// A body that needs memory in addition to its connection's.
pub(crate) struct LargeBody {
    memory: BodyMemory,
    bytes: u64,
}

/// Whether a body was not read because it paused for too long. axum gives every body that is cut the same status.
pub fn is_stalled(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |cause| (*cause).source()).any(<dyn Error>::is::<TimeoutError>)
}

impl BodyLimits {
    /// Gives the body a cap and a clock. One that says itself that it is too long is not read at all.
    pub(crate) fn apply(&self, request: Request) -> Result<Request, Problem> {
        if request.body().is_end_stream() {
            return Ok(request);
        }
        if request.body().size_hint().lower() > self.max_bytes as u64 {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE)
                .detail(format!("the body is longer than {} bytes", self.max_bytes)));
        }
        Ok(request.map(|body| {
            let clocked = TimeoutBody::new(self.timeout, body);
            Body::new(Limited::new(clocked, self.max_bytes))
        }))
    }

    /// The request's body if it is larger than what its connection has memory for; one that does not say its length may be.
    pub(crate) fn large(&self, request: &Request) -> Option<LargeBody> {
        let memory = request.extensions().get::<BodyMemory>().filter(|memory| memory.is_limited())?;
        let length =
            request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let bytes = length.unwrap_or(self.max_bytes as u64);
        (bytes > ORDINARY_BODY).then(|| LargeBody { memory: memory.clone(), bytes })
    }
}

impl LargeBody {
    /// Waits until there is memory for all of it, so that a body that has begun comes to its end.
    pub(crate) async fn reserve(self) -> Result<Reservation, Problem> {
        self.memory.reserve(self.bytes).await.ok_or_else(|| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("The service has no memory for another large body at the moment.")
                .retry_after(1)
        })
    }
}
