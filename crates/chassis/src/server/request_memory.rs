//! The memory that large requests share: one pool for headers, one for bodies.
//!
//! What an ordinary request needs is part of its connection's cost. Larger headers and bodies are read only while there is
//! room for all of them; until then they wait unread. So a body that has begun always comes to its end.
use std::{future::poll_fn, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::admission::Slot;

/// Headers up to this size are part of a connection's cost; hyper's first buffer has this size.
pub(crate) const ORDINARY_HEAD: usize = 8 * 1024;
/// Memory of one request with larger headers: hyper doubles its buffer up to 32 KiB, and keeps the old one while it copies.
pub(crate) const LARGE_HEAD: usize = 48 * 1024;
/// Bodies up to this size are part of a connection's cost.
pub(crate) const ORDINARY_BODY: u64 = 8 * 1024;
/// hyper's buffer while a large body is read.
const BODY_BUFFER: u64 = 32 * 1024;

/// Memory of one request with a large body: its parts and, once it is complete, the whole.
pub(crate) const fn of_body(bytes: u64) -> u64 {
    bytes.saturating_mul(2).saturating_add(BODY_BUFFER)
}

/// Two pools. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestMemory {
    pub(crate) heads: Pool,
    pub(crate) bodies: Pool,
}

impl RequestMemory {
    /// Pools of so many bytes; `None` is without a limit.
    pub(crate) fn new(heads: Option<usize>, bodies: Option<usize>) -> Self {
        Self { heads: Pool::new(heads), bodies: Pool::new(bodies) }
    }

    /// The same pools for one client, which gets half of each.
    pub(crate) fn for_client(&self) -> Self {
        Self { heads: self.heads.for_client(), bodies: self.bodies.for_client() }
    }
}

/// The memory for the body of a connection's request.
#[derive(Debug, Clone)]
pub(crate) struct BodyMemory {
    pool: Pool,
    slot: Arc<Slot>,
}

impl BodyMemory {
    pub(super) fn new(pool: Pool, slot: Arc<Slot>) -> Self {
        Self { pool, slot }
    }

    pub(crate) fn is_limited(&self) -> bool {
        self.pool.is_limited()
    }

    /// Waits for memory for a body of so many bytes. `None` if another connection needs the place meanwhile.
    pub(crate) async fn reserve(&self, bytes: u64) -> Option<Reservation> {
        self.slot.waits();
        let reservation = tokio::select! {
            biased;
            reservation = self.pool.clone().reserve(of_body(bytes)) => Some(reservation),
            () = poll_fn(|context| self.slot.poll_closed(context)) => None,
        };
        self.slot.proceeds();
        reservation
    }
}

/// A number of bytes that requests share. The default is without a limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    all: Option<Bounded>,
    client: Option<Bounded>,
}

#[derive(Debug, Clone)]
struct Bounded {
    size: u32,
    free: Arc<Semaphore>,
}

/// Bytes that are in use until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Reservation {
    _client: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

impl Pool {
    fn new(bytes: Option<usize>) -> Self {
        Self { all: bytes.map(Bounded::new), client: None }
    }

    fn for_client(&self) -> Self {
        let half = |all: &Bounded| Bounded::new(usize::try_from(all.size / 2).unwrap_or(usize::MAX));
        Self { all: self.all.clone(), client: self.all.as_ref().map(half) }
    }

    /// Whether it has a limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.all.is_some()
    }

    /// Waits for so many bytes, in the order of arrival. More than there is means all of it.
    pub(crate) async fn reserve(self, bytes: u64) -> Reservation {
        // The client's share first: one that waits for its own share keeps nobody else waiting.
        let client = match self.client {
            Some(share) => share.reserve(bytes).await,
            None => None,
        };
        let all = match self.all {
            Some(all) => all.reserve(bytes).await,
            None => None,
        };
        Reservation { _client: client, _all: all }
    }
}

impl Bounded {
    fn new(bytes: usize) -> Self {
        let size = u32::try_from(bytes).unwrap_or(u32::MAX).max(1);
        Self { size, free: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS))) }
    }

    async fn reserve(self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.size);
        // It is never closed.
        self.free.acquire_many_owned(bytes).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn what_does_not_fit_waits_until_there_is_room() {
        let memory = RequestMemory::new(None, Some(1000));
        let first = memory.bodies.clone().reserve(600).now_or_never().expect("there is room");
        assert!(memory.bodies.clone().reserve(600).now_or_never().is_none());
        drop(first);
        memory.bodies.reserve(600).now_or_never().expect("there is room again");
    }

    #[test]
    fn one_client_gets_half_and_leaves_the_rest_to_others() {
        let memory = RequestMemory::new(None, Some(1000));
        let (one, other) = (memory.for_client().bodies, memory.for_client().bodies);
        let _held = one.clone().reserve(500).now_or_never().expect("its share");
        assert!(one.reserve(1).now_or_never().is_none());
        other.reserve(500).now_or_never().expect("the share of another client");
    }

    #[test]
    fn a_request_that_is_larger_than_the_pool_gets_all_of_it() {
        let memory = RequestMemory::new(None, Some(1000));
        let _all = memory.bodies.clone().reserve(u64::MAX).now_or_never().expect("all of it");
        assert!(memory.bodies.reserve(1).now_or_never().is_none());
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let memory = RequestMemory::default();
        let _one = memory.heads.clone().reserve(u64::MAX).now_or_never().expect("no limit");
        memory.for_client().heads.reserve(u64::MAX).now_or_never().expect("no limit");
    }
}
