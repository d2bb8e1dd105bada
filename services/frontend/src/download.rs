//! An answer's body on its way to the client: passed on as it comes, given up when it pauses too long.
use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::BoxError;
use bytes::Bytes;
use chassis::RequestScope;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body. Its errors reach hyper's server, which then drops the client's connection: without the rest of the
/// announced length, or without the last chunk, a cut answer cannot be taken for a whole one (RFC 9112 section 8).
pub(crate) struct Download<B> {
    body: B,
    upstream: &'static str,
    idle: Duration,
    /// Whether its length is told. That of an answer to HEAD is not: axum would make it `Content-Length: 0`, while the
    /// representation may have any (RFC 9110 section 8.6).
    sized: bool,
    /// Runs only while the upstream owes us something; most bodies arrive with their head and never need it.
    pause: Option<Pin<Box<Sleep>>>,
    /// Whose answer it is: what is logged bears the request's id.
    request: RequestScope,
}

impl<B> Download<B> {
    pub(crate) fn new(body: B, sized: bool, upstream: &'static str, idle: Duration) -> Self {
        Self { body, upstream, idle, sized, pause: None, request: RequestScope::current() }
    }

    fn cut(&self, cause: impl Into<BoxError>) -> BoxError {
        let cause = cause.into();
        self.request.enter(|| {
            tracing::warn!(upstream = self.upstream, error = %crate::fault::Chain(&*cause), "answer cut");
        });
        cause
    }
}

impl<B> Body for Download<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.pause = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(|cause| this.cut(cause))));
        }
        let pause = this.pause.get_or_insert_with(|| Box::pin(sleep(this.idle)));
        ready!(pause.as_mut().poll(cx));
        Poll::Ready(Some(Err(this.cut(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.sized { self.body.size_hint() } else { SizeHint::default() }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Empty, Full};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_body_passes_with_its_length() {
        let body = Download::new(Full::new(Bytes::from_static(b"Hello")), true, "hello", Duration::from_secs(1));
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(body.collect().await.expect("a body").to_bytes(), "Hello");
        assert!(Download::new(Empty::<Bytes>::new(), true, "hello", Duration::ZERO).is_end_stream());
    }

    #[tokio::test]
    async fn a_body_that_pauses_too_long_ends_in_an_error() {
        let mut body = Download::new(Silence, true, "hello", Duration::from_millis(10));
        let frame = timeout(Duration::from_secs(5), body.frame()).await.expect("it ends");
        let cause = frame.expect("an item").expect_err("silence");
        assert_eq!(cause.downcast_ref::<io::Error>().expect("io").kind(), io::ErrorKind::TimedOut);
    }

    struct Silence;

    impl Body for Silence {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Pending
        }
    }
}
