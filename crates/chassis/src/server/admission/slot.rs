//! One connection's place: whether it waits for its client, and whether it must go.
use std::{
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::{ClientKey, IDLE_GRACE, client::Client};

/// What the table knows of a connection.
#[derive(Debug)]
pub(in super::super) struct Slot {
    key: ClientKey,
    client: Arc<Client>,
    /// When the listener began, from which times count.
    began: Instant,
    /// Microseconds since then, plus one; zero while the connection does not wait for its client.
    waiting_since: AtomicU64,
    /// The same at the last look.
    seen: AtomicU64,
    in_handshake: AtomicBool,
    /// Whether a request has come.
    served: AtomicBool,
    closed: AtomicBool,
    pressed: AtomicBool,
    waker: AtomicWaker,
}

impl Slot {
    pub(super) fn new(key: ClientKey, client: Arc<Client>, began: Instant) -> Self {
        Self {
            key,
            client,
            began,
            waiting_since: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            in_handshake: AtomicBool::new(false),
            served: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            pressed: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    pub(super) fn key(&self) -> ClientKey {
        self.key
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Nothing can be done until the client sends or reads something. The first moment counts.
    pub(in super::super) fn waits(&self) {
        if self.waiting_since.load(Relaxed) == 0 {
            self.waiting_since.store(self.now(), Relaxed);
        }
    }

    /// The headers of a request are complete.
    pub(in super::super) fn serves(&self) {
        self.served.store(true, Relaxed);
        self.proceeds();
    }

    /// The client has done its part. One that was just to be closed for another connection is not: it is pressed.
    pub(in super::super) fn proceeds(&self) {
        if self.waiting_since.load(Relaxed) != 0 {
            self.waiting_since.store(0, Relaxed);
            self.closed.store(false, Release);
        }
    }

    /// Whether a handshake has begun and is not complete.
    pub(in super::super) fn set_handshake(&self, begun: bool) {
        self.in_handshake.store(begun, Relaxed);
    }

    pub(super) fn is_in_handshake(&self) -> bool {
        self.in_handshake.load(Relaxed)
    }

    /// Remembers whether it waits.
    pub(super) fn look(&self) {
        self.seen.store(self.waiting_since.load(Relaxed), Relaxed);
    }

    /// `None` while it does not wait, and once it must go. `settled`: only if it has done so since the last look, and for a while
    /// if it has had a request.
    pub(super) fn waiting_since(&self, settled: bool) -> Option<u64> {
        let since = self.waiting_since.load(Relaxed);
        if since == 0 || self.closed.load(Relaxed) {
            return None;
        }
        let grace = if self.served.load(Relaxed) { IDLE_GRACE } else { Duration::ZERO };
        let is_settled = self.seen.load(Relaxed) == since && u128::from(self.now() - since) >= grace.as_micros();
        (is_settled || !settled).then_some(since)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// The connection must go now, unless there is something of its client to read.
    pub(in super::super) fn close(&self) {
        self.press();
        self.closed.store(true, Release);
        self.waker.wake();
    }

    /// Ready once the connection must go.
    pub(in super::super) fn poll_closed(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.is_closed() {
            return Poll::Ready(());
        }
        self.waker.register(context.waker());
        if self.is_closed() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// One that has gone on in the very moment in which it was closed stays.
    pub(in super::super) fn is_closed(&self) -> bool {
        self.closed.load(Acquire) && self.waiting_since.load(Relaxed) != 0
    }

    /// The connection must go after its next answer.
    pub(in super::super) fn press(&self) {
        self.pressed.store(true, Relaxed);
    }

    pub(in super::super) fn is_pressed(&self) -> bool {
        self.pressed.load(Relaxed)
    }
}
