//! The stream under hyper, with what hyper leaves open.
//!
//! A client that begins a request's head and dawdles loses its connection; one that is merely idle does not. hyper has
//! one clock for both, and an idle connection must outlive a load balancer's (often 60 s) while a head should be here
//! within seconds. And a client whose body was refused is listened to for a moment, or it may never read why.
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Closing on unread data resets the connection, and the client may never see its 413: so what it still sends is read
/// and dropped for this long.
const LINGER: Duration = Duration::from_secs(1);

/// Where a connection is between its requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Odd while a request is handled.
    turns: AtomicU64,
    /// Whether a body was refused before it was read.
    lingers: AtomicBool,
}

impl Phase {
    /// A head is complete, or its answer is.
    pub(super) fn turn(&self) {
        self.0.turns.fetch_add(1, Ordering::Relaxed);
    }

    fn current(&self) -> u64 {
        self.0.turns.load(Ordering::Relaxed)
    }

    /// A body was refused before it was read.
    pub(super) fn linger(&self) {
        self.0.lingers.store(true, Ordering::Relaxed);
    }
}

/// A stream whose reads fail once a head has taken too long.
#[derive(Debug)]
pub(super) struct GuardedStream<S> {
    stream: S,
    phase: Phase,
    limit: Duration,
    seen: u64,
    /// When the first bytes of the awaited head came.
    began: Option<Instant>,
    /// Made only for a head that does not come in one piece.
    deadline: Option<Pin<Box<Sleep>>>,
    /// How long the client may leave an answer unread.
    patience: Duration,
    /// Made only while a write waits.
    stuck: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl<S> GuardedStream<S> {
    pub(super) fn new(stream: S, phase: Phase, limit: Duration, patience: Duration) -> Self {
        Self { stream, phase, limit, seen: 0, began: None, deadline: None, patience, stuck: None, lingering: None }
    }

    /// A write that waits longer than the client's patience with us is worth fails: it reads nothing, and holds a place.
    fn judged<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + self.patience)));
        ready!(stuck.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the answer was not read")))
    }

    /// Ready with an error when the head is late; pending leaves a wake-up behind.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let current = self.phase.current();
        if current != self.seen {
            (self.seen, self.began, self.deadline) = (current, None, None);
        }
        let Some(began) = self.began.filter(|_| current.is_multiple_of(2)) else { return Poll::Pending };
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(began + self.limit)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the request's head took too long"))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(late) = self.poll_late(context) {
            return Poll::Ready(Err(late));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before && self.began.is_none() {
            self.began = Some(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judged(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.judged(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.judged(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS has a last word to write, for which a client that reads nothing leaves no room.
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        ready!(self.judged(shut, context))?;
        if !self.phase.0.lingers.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let end = Instant::now() + LINGER;
        let mut deadline = self.lingering.take().unwrap_or_else(|| Box::pin(sleep_until(end)));
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let over = deadline.as_mut().poll(context).is_ready();
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const PATIENCE: Duration = Duration::from_secs(30);

    fn clocked() -> (DuplexStream, GuardedStream<DuplexStream>, Phase) {
        let (client, server) = duplex(1024);
        let phase = Phase::default();
        (client, GuardedStream::new(server, phase.clone(), LIMIT, PATIENCE), phase)
    }

    async fn read(stream: &mut GuardedStream<DuplexStream>) -> io::Result<usize> {
        stream.read(&mut [0; 64]).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_dawdles_loses_its_connection() {
        let (mut client, mut stream, _) = clocked();
        client.write_all(b"GET / HT").await.expect("written");
        assert_eq!(read(&mut stream).await.expect("the first bytes"), 8);
        let began = Instant::now();
        assert_eq!(read(&mut stream).await.expect_err("late").kind(), io::ErrorKind::TimedOut);
        assert!((LIMIT..LIMIT * 2).contains(&began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn dripping_bytes_do_not_move_the_deadline() {
        let (mut client, mut stream, _) = clocked();
        let dripping = tokio::spawn(async move {
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(LIMIT / 5).await;
            }
        });
        let began = Instant::now();
        while read(&mut stream).await.is_ok() {}
        assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());
        drop(stream);
        dripping.await.expect("it ends with the connection");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_and_a_slow_body_are_not_its_business() {
        let (mut client, mut stream, phase) = clocked();
        assert!(tokio::time::timeout(LIMIT * 3, read(&mut stream)).await.is_err(), "idle before a head");
        client.write_all(b"whole head").await.expect("written");
        assert_eq!(read(&mut stream).await.expect("the head"), 10);
        phase.turn();
        assert!(tokio::time::timeout(LIMIT * 3, read(&mut stream)).await.is_err(), "a body that pauses");
        phase.turn();
        assert!(tokio::time::timeout(LIMIT * 3, read(&mut stream)).await.is_err(), "idle after the answer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_body_is_read_away_for_a_moment_so_that_the_answer_arrives() {
        let (mut client, mut stream, phase) = clocked();
        phase.linger();
        let sending = tokio::spawn(async move {
            client.write_all(&vec![b'x'; 64 * 1024]).await.expect("somebody reads");
            client
        });
        let began = Instant::now();
        stream.shutdown().await.expect("shut down");
        assert!((LINGER..LINGER * 2).contains(&began.elapsed()));
        drop(sending.await.expect("all was read"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_loses_its_connection() {
        let (_client, mut stream, _) = clocked();
        let began = Instant::now();
        let failed = stream.write_all(&vec![b'x'; 64 * 1024]).await.expect_err("nobody reads");
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
        assert!((PATIENCE..PATIENCE * 2).contains(&began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_last_word_that_nobody_reads_has_a_deadline_too() {
        /// Has something left to write before it shuts down.
        struct Farewell(DuplexStream);
        impl AsyncWrite for Farewell {
            fn poll_write(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.0).poll_write(context, bytes)
            }
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
            fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                ready!(Pin::new(&mut self.0).poll_write(context, b"bye"))?;
                Poll::Ready(Ok(()))
            }
        }
        impl AsyncRead for Farewell {
            fn poll_read(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.0).poll_read(context, buffer)
            }
        }
        let (_client, server) = duplex(16);
        let mut stream = GuardedStream::new(Farewell(server), Phase::default(), LIMIT, PATIENCE);
        stream.write_all(&[b'x'; 16]).await.expect("there is room for it");
        let began = Instant::now();
        assert_eq!(stream.shutdown().await.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
        assert!((PATIENCE..PATIENCE * 2).contains(&began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_refused_body_the_end_is_the_end() {
        let (_client, mut stream, _) = clocked();
        let began = Instant::now();
        stream.shutdown().await.expect("shut down");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
