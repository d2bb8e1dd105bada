//! The stream under hyper, with what hyper leaves open.
//!
//! hyper has one clock for an idle connection and for headers that have begun. An idle connection must outlive a load
//! balancer's (often 60 s), while headers must be complete within seconds. So this stream has a clock of its own for headers,
//! which runs from the beginning of a connection and from the first byte of each later request. It tells admission control
//! when the connection waits for its client, and ends the connection when another one needs its place. A client whose body
//! was refused is listened to for a moment, or it might never read why.
mod phase;
#[cfg(test)]
mod tests;

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

pub(super) use self::phase::{AnswerBody, Phase};
use super::{
    admission::Slot,
    head::HeadEnd,
    request_memory::{LARGE_HEAD, ORDINARY_HEAD, Pool, Reservation},
};

/// Closing on unread data resets the connection, and the client may never see why it was refused: so what it still sends is read
/// and dropped for this long.
const LINGER: Duration = Duration::from_secs(1);

/// What a stream allows its client.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    /// For a request's headers, from their first byte to their end.
    pub(super) head: Duration,
    /// For an answer that is not read.
    pub(super) unread: Duration,
    /// For headers that are larger than usual.
    pub(super) memory: Pool,
}

/// A stream whose reads fail once a request's headers have taken too long.
pub(super) struct GuardedStream<S> {
    stream: S,
    phase: Phase,
    slot: Arc<Slot>,
    allowed: Allowed,
    /// The turn that what follows belongs to.
    turn: u64,
    /// From when the awaited headers have their time; `None` while the connection is idle between requests.
    began: Option<Instant>,
    /// Made only for headers that do not come in one piece.
    deadline: Option<Pin<Box<Sleep>>>,
    head: HeadEnd,
    head_bytes: usize,
    /// Bytes that came behind the end of the headers.
    behind_head: u64,
    /// For headers that are larger than usual, until the end of the connection, whose buffer stays as large.
    reservation: Option<Reservation>,
    reserving: Option<BoxFuture<'static, Reservation>>,
    /// Made only while a write waits.
    stuck: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S> GuardedStream<S> {
    /// The first headers have their time from `accepted` on.
    pub(super) fn new(stream: S, phase: Phase, slot: Arc<Slot>, allowed: Allowed, accepted: Instant) -> Self {
        Self {
            stream,
            phase,
            slot,
            allowed,
            turn: 0,
            began: Some(accepted),
            deadline: None,
            head: HeadEnd::default(),
            head_bytes: 0,
            behind_head: 0,
            reservation: None,
            reserving: None,
            stuck: None,
            lingering: None,
        }
    }

    fn awaits_head(&self) -> bool {
        self.turn.is_multiple_of(2)
    }

    /// Follows the service to the request that is handled, or to the next one.
    fn follow(&mut self) {
        let turn = self.phase.turns();
        if turn == self.turn {
            return;
        }
        self.turn = turn;
        if self.awaits_head() {
            // More than the last request's body came: the next headers have begun.
            let has_begun = self.behind_head > self.phase.body_bytes();
            self.began = has_begun.then(Instant::now);
            (self.deadline, self.head, self.head_bytes, self.behind_head) = (None, HeadEnd::default(), 0, 0);
        }
    }

    /// When the awaited headers must be complete.
    fn due(&self) -> Option<Instant> {
        self.began.filter(|_| self.awaits_head()).map(|began| began + self.allowed.head)
    }

    /// Ready once the headers are late; pending leaves a wake-up behind.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(due) = self.due() else { return Poll::Pending };
        self.deadline.get_or_insert_with(|| Box::pin(sleep_until(due))).as_mut().poll(context)
    }

    /// Ready once there is memory for more of the headers.
    fn poll_memory(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.awaits_head() || self.head_bytes < ORDINARY_HEAD || self.reservation.is_some() {
            return Poll::Ready(());
        }
        if !self.allowed.memory.is_limited() {
            return Poll::Ready(());
        }
        let pool = &self.allowed.memory;
        let reserving = self.reserving.get_or_insert_with(|| Box::pin(pool.clone().reserve(LARGE_HEAD as u64)));
        self.reservation = Some(ready!(reserving.as_mut().poll(context)));
        self.reserving = None;
        // The buffer stays as large as long as the connection lasts, so that is not for long.
        self.slot.press();
        Poll::Ready(())
    }

    fn received(&mut self, bytes: &[u8]) {
        if !self.awaits_head() {
            self.behind_head += bytes.len() as u64;
        } else if let Some(end) = self.head.find(bytes) {
            self.behind_head += (bytes.len() - end) as u64;
        } else {
            self.head_bytes += bytes.len();
            if self.began.is_none() && !bytes.is_empty() {
                self.began = Some(Instant::now());
            }
        }
    }

    /// Nothing comes: the connection waits for its client, unless a request is handled. It ends when the headers are late, and
    /// when another connection needs its place.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.poll_late(context).is_ready() {
            return Poll::Ready(Err(late()));
        }
        if self.awaits_head() {
            self.slot.waits();
        }
        ready!(self.slot.poll_closed(context));
        // Between requests it is an end like any other.
        Poll::Ready(if self.awaits_head() { Ok(()) } else { Err(place_needed()) })
    }

    /// A write that waits longer than is allowed fails: the client reads nothing, and holds a place.
    fn poll_written<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stuck.take().is_some() {
                self.slot.proceeds();
            }
            return written;
        }
        self.slot.waits();
        if self.slot.poll_closed(context).is_ready() {
            return Poll::Ready(Err(place_needed()));
        }
        let unread = self.allowed.unread;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + unread)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was not read")))
    }
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the request's headers took too long")
}

fn place_needed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "another connection needs the place")
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.follow();
        // Also where there is always one more byte.
        if self.due().is_some_and(|due| due <= Instant::now()) {
            return Poll::Ready(Err(late()));
        }
        if self.poll_memory(context).is_pending() {
            return self.poll_end(context);
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => self.received(&buffer.filled()[before..]),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return self.poll_end(context),
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.poll_written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.poll_written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.poll_written(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS has a last word to write, for which a client that reads nothing leaves no room.
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        ready!(self.poll_written(shut, context))?;
        if !self.phase.lingers() {
            return Poll::Ready(Ok(()));
        }
        self.slot.waits();
        let end = Instant::now() + LINGER;
        let mut deadline = self.lingering.take().unwrap_or_else(|| Box::pin(sleep_until(end)));
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let over = deadline.as_mut().poll(context).is_ready() || self.slot.poll_closed(context).is_ready();
            let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
            if over || matches!(read, Poll::Ready(_)) && buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            if read.is_pending() {
                self.lingering = Some(deadline);
                return Poll::Pending;
            }
        }
    }
}
