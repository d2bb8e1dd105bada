//! A request's body on its way to an upstream, and what is known of its progress.
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;

/// How far a body has come; shared with whoever waits for the answer.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    frames: AtomicU32,
    client_owes: AtomicBool,
    over: AtomicBool,
}

impl Progress {
    /// Frames so far (wrapping): a number that changes while the body moves.
    pub(crate) fn frames(&self) -> u32 {
        self.frames.load(Relaxed)
    }

    /// Whether the upstream is ready for more and the client has not sent it.
    pub(crate) fn client_owes(&self) -> bool {
        self.client_owes.load(Relaxed)
    }

    /// Whether nobody sends it any more.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }
}

/// The body: frames pass as they come, and the next is read only when the upstream has room for it.
///
/// It does not say how long it is. The clock that chassis puts around a body hides that, and even whether there is one;
/// the request's header has said it ([`crate::headers::framing`]), and hyper goes by what we put there.
#[derive(Debug)]
pub(crate) struct Upload {
    body: Body,
    progress: Option<Arc<Progress>>,
}

impl Upload {
    pub(crate) fn new(body: Body) -> Self {
        Self { body, progress: Some(Arc::default()) }
    }

    pub(crate) fn empty() -> Self {
        Self { body: Body::empty(), progress: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.progress.is_none()
    }

    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.progress.clone()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(progress) = &self.progress {
            progress.over.store(true, Relaxed);
        }
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Some(progress) = &self.progress {
            progress.client_owes.store(polled.is_pending(), Relaxed);
            if polled.is_ready() {
                progress.frames.fetch_add(1, Relaxed);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
