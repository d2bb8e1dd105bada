//! An answer's body as it comes from its upstream. It moves the connection, and gives it back when it is complete.
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::{connection::Connection, lanes::Place};

/// The body. Dropped before its end, it closes the connection: what is left on it belongs to nobody else's request.
pub(crate) struct Answer {
    body: Incoming,
    /// What came with the head.
    early: Option<Result<Frame<Bytes>, hyper::Error>>,
    /// Until the body is complete.
    connection: Option<(Connection, Place)>,
}

impl Answer {
    /// `place` is where the connection is kept afterwards: at once, if the whole body came with its head, as small ones do.
    pub(crate) fn new(body: Incoming, connection: Connection, place: Place) -> Self {
        let mut answer = Self { body, early: None, connection: Some((connection, place)) };
        if answer.body.is_end_stream() {
            answer.give_back();
        } else if let Poll::Ready(first) = answer.poll_body() {
            answer.early = first;
        }
        answer
    }

    /// Waits for the first part of the body.
    ///
    /// # Errors
    /// The body breaks off, or is broken, before any of it has come.
    pub(crate) async fn begin(&mut self) -> Result<(), hyper::Error> {
        if self.early.is_none() && !self.body.is_end_stream() {
            let first = poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await;
            self.early = first;
        }
        match self.early.take_if(|early| early.is_err()) {
            Some(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// One whose connection is somebody else's business.
    pub(crate) fn alone(body: Incoming) -> Self {
        Self { body, early: None, connection: None }
    }

    /// What the connection has brought. It is moved by this task, so nobody is to be woken for what it brings.
    fn poll_body(&mut self) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(&mut Context::from_waker(Waker::noop()));
        match &polled {
            Poll::Ready(Some(Err(_))) => self.connection = None,
            Poll::Ready(None) => self.give_back(),
            // hyper's server does not ask what comes after the last byte that was announced, or after trailers.
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() || self.body.is_end_stream() => self.give_back(),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn give_back(&mut self) {
        if let Some((connection, place)) = self.connection.take() {
            place.keep(connection);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        if let Some(early) = this.early.take() {
            return Poll::Ready(Some(early));
        }
        let Some((connection, _)) = &mut this.connection else { return Pin::new(&mut this.body).poll_frame(context) };
        connection.advance(context);
        this.poll_body()
    }

    fn is_end_stream(&self) -> bool {
        self.early.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let early = self.early.as_ref().and_then(|early| early.as_ref().ok()?.data_ref());
        let early = early.map_or(0, |bytes| bytes.len() as u64);
        let rest = self.body.size_hint();
        rest.exact().map_or(rest, |rest| SizeHint::with_exact(rest + early))
    }
}
