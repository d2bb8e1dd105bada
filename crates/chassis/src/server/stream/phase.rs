//! Where a connection is between its requests, as the service sees it.
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// Shared by a connection's stream and its service.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Phase(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Odd while a request is handled.
    turns: AtomicU64,
    /// Bytes of the body of the request that is or was handled last.
    body_bytes: AtomicU64,
    /// Whether the last request may have been refused before its body was read.
    lingers: AtomicBool,
}

impl Phase {
    /// The headers of a request are complete; its body has so many bytes, as far as they say.
    pub(in super::super) fn begin(&self, body_bytes: u64) {
        self.0.body_bytes.store(body_bytes, Relaxed);
        self.0.lingers.store(false, Relaxed);
        self.0.turns.fetch_add(1, Relaxed);
    }

    /// The answer, with its body, has been handed to the connection.
    pub(in super::super) fn end(&self) {
        self.0.turns.fetch_add(1, Relaxed);
    }

    pub(super) fn turns(&self) -> u64 {
        self.0.turns.load(Relaxed)
    }

    pub(super) fn body_bytes(&self) -> u64 {
        self.0.body_bytes.load(Relaxed)
    }

    /// The request may have been refused before its body was read.
    pub(in super::super) fn linger(&self) {
        self.0.lingers.store(true, Relaxed);
    }

    pub(super) fn lingers(&self) -> bool {
        self.0.lingers.load(Relaxed)
    }
}

/// The body of an answer. When it is dropped, the connection has all of it, and waits for the next request.
pub(in super::super) struct AnswerBody {
    body: Body,
    phase: Phase,
}

impl AnswerBody {
    pub(in super::super) fn new(body: Body, phase: Phase) -> Self {
        Self { body, phase }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.phase.end();
    }
}

impl http_body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
