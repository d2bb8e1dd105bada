//! Limits on the requests that are under way to one upstream at the same time. Requests above a limit wait, in the order in
//! which they came.
//!
//! There are two limits. One is for memory: it keeps a small container from being killed. The other is for speed: an
//! upstream that answers in a millisecond answers no sooner when a thousand requests are on the way to it, but each of them
//! occupies buffers that have left the processor's caches by the time its answer comes. A request that waits for a slow
//! upstream does not count for the second limit. New connections have such a limit, too.
//!
//! Routes that can be slow for different reasons have different *shares*. Each share has limits of its own, and a part of
//! the memory that no other share can use. So requests that wait for an answer of one route keep none of another waiting.
use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
};

/// Requests that keep upstreams busy: 64 answered in a millisecond each are 64,000 a second.
const QUICK: usize = 64;

/// From here on a request is slow, and another may start: 6,400 a second may start even if all are slow.
pub(crate) const SLOW: Duration = Duration::from_millis(10);

/// Each share reserves one part in so many of the requests that there is memory for. The others are common to all shares.
const RESERVED: usize = 8;

/// The limits for routes that are slow for the same reason.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Option<MemoryLimit>,
    requests: QuickLimit,
    connections: QuickLimit,
}

/// How many requests there is memory for: some for this share only, the others for the share that comes first.
#[derive(Debug)]
struct MemoryLimit {
    reserved: Semaphore,
    common: Arc<Semaphore>,
}

/// How many may be quick.
#[derive(Debug)]
pub(crate) struct QuickLimit(Semaphore);

/// One request's place within the limits, as long as it keeps it.
pub(crate) struct Permit<'a> {
    _memory: Option<SemaphorePermit<'a>>,
    quick: QuickPermit<'a>,
}

/// A place among the quick ones.
pub(crate) struct QuickPermit<'a>(Option<SemaphorePermit<'a>>);

impl Share {
    /// Shares of one upstream. All requests together are at most `most`, where there is a limit.
    ///
    /// With fewer places than shares nothing is reserved: then the limit matters more.
    pub(crate) fn divide<const SHARES: usize>(most: Option<usize>) -> [Arc<Self>; SHARES] {
        let limits = most.map(|most| {
            let most = most.clamp(1, Semaphore::MAX_PERMITS);
            let reserved = if most > SHARES { (most / RESERVED).min(most / (SHARES + 1)).max(1) } else { 0 };
            (reserved, Arc::new(Semaphore::new(most - SHARES * reserved)))
        });
        std::array::from_fn(|_| {
            let memory = limits.as_ref().map(|(reserved, common)| MemoryLimit {
                reserved: Semaphore::new(*reserved),
                common: Arc::clone(common),
            });
            Arc::new(Self { memory, requests: QuickLimit::default(), connections: QuickLimit::default() })
        })
    }

    /// Waits until one more request may be under way.
    pub(crate) async fn acquire(&self) -> Permit<'_> {
        let memory = match &self.memory {
            Some(limit) => Some(limit.acquire().await),
            None => None,
        };
        Permit { _memory: memory, quick: self.requests.acquire().await }
    }

    /// The limit for connections that are being made.
    pub(crate) fn connections(&self) -> &QuickLimit {
        &self.connections
    }
}

impl MemoryLimit {
    async fn acquire(&self) -> SemaphorePermit<'_> {
        if let Ok(permit) = self.reserved.try_acquire() {
            return permit;
        }
        tokio::select! {
            biased;
            permit = acquire(&self.reserved) => permit,
            permit = acquire(&self.common) => permit,
        }
    }
}

impl Default for QuickLimit {
    fn default() -> Self {
        Self(Semaphore::new(QUICK))
    }
}

impl QuickLimit {
    /// Waits until one more may start.
    pub(crate) async fn acquire(&self) -> QuickPermit<'_> {
        QuickPermit(Some(acquire(&self.0).await))
    }
}

impl Permit<'_> {
    /// Lets another request start. The memory limit still counts this one.
    pub(crate) fn is_slow(&mut self) {
        self.quick.is_slow();
    }
}

impl QuickPermit<'_> {
    /// Lets another start.
    pub(crate) fn is_slow(&mut self) {
        self.0 = None;
    }
}

/// Those that had to wait start when all that can be read now has been read: so that an upstream gets many requests at a
/// time, and is not woken for each of them.
async fn acquire(permits: &Semaphore) -> SemaphorePermit<'_> {
    if let Ok(permit) = permits.try_acquire() {
        return permit;
    }
    let permit = permits.acquire().await.expect("it is never closed");
    yield_now().await;
    permit
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::timeout;

    use super::*;

    /// As many permits as the share gives without waiting, all slow.
    fn exhausted(share: &Share) -> Vec<Permit<'_>> {
        let mut permits = Vec::new();
        while let Some(mut permit) = share.acquire().now_or_never() {
            permit.is_slow();
            permits.push(permit);
            assert!(permits.len() < 100_000, "there is a limit");
        }
        permits
    }

    #[tokio::test]
    async fn a_request_waits_for_a_quick_one_to_end() {
        let [share] = Share::divide(None);
        let mut under_way = Vec::new();
        for _ in 0..QUICK {
            under_way.push(share.acquire().now_or_never().expect("there is room"));
        }
        assert!(share.acquire().now_or_never().is_none());
        under_way.pop();
        share.acquire().now_or_never().expect("there is room again");
    }

    #[tokio::test]
    async fn slow_ones_keep_nobody_waiting() {
        let [share] = Share::divide(None);
        let mut under_way = Vec::new();
        for _ in 0..2 * QUICK {
            let mut permit = share.acquire().now_or_never().expect("all before are slow");
            permit.is_slow();
            under_way.push(permit);
        }
    }

    #[tokio::test]
    async fn there_are_never_more_than_memory_for_in_all_shares_together() {
        for most in [1, 2, 3, 4, 7, 8, 32, 56, 248, 1000] {
            let shares: [Arc<Share>; 3] = Share::divide(Some(most));
            let first = exhausted(&shares[0]);
            let all = first.len() + exhausted(&shares[1]).len();
            assert!(all <= most, "{all} of {most}");
            let held: Vec<_> = shares[1..].iter().map(|share| exhausted(share)).collect();
            let all = first.len() + held.iter().map(Vec::len).sum::<usize>();
            assert_eq!(all, most);
            drop(first);
            shares[0].acquire().now_or_never().expect("there is room again");
        }
    }

    #[tokio::test]
    async fn a_share_that_uses_up_all_it_can_leaves_the_others_their_part() {
        for (most, part) in [(4, 1), (8, 1), (32, 4), (248, 31)] {
            let shares: [Arc<Share>; 3] = Share::divide(Some(most));
            let all = exhausted(&shares[0]);
            assert_eq!(all.len(), most - 2 * part, "of {most}");
            for share in &shares[1..] {
                assert_eq!(exhausted(share).len(), part, "of {most}");
            }
        }
    }

    #[tokio::test]
    async fn quick_ones_of_one_share_keep_no_other_waiting() {
        let [one, other]: [Arc<Share>; 2] = Share::divide(None);
        let mut under_way = Vec::new();
        while let Some(permit) = one.acquire().now_or_never() {
            under_way.push(permit);
        }
        other.acquire().now_or_never().expect("it has a limit of its own");
        let mut connecting = Vec::new();
        while let Some(permit) = one.connections().acquire().now_or_never() {
            connecting.push(permit);
        }
        other.connections().acquire().now_or_never().expect("it has a limit of its own");
    }

    /// It waits for both at once: for its own part, and for the common one behind the others.
    #[tokio::test]
    async fn a_place_of_its_own_that_gets_free_is_taken_although_others_wait() {
        let [one, other]: [Arc<Share>; 2] = Share::divide(Some(3));
        let (_held, own) = (exhausted(&one), exhausted(&other));
        let mut first = Box::pin(one.acquire());
        assert!(first.as_mut().now_or_never().is_none());
        let mut second = Box::pin(other.acquire());
        assert!(second.as_mut().now_or_never().is_none());
        drop(own);
        let second = timeout(Duration::from_secs(10), second).await;
        second.expect("it takes the place of its own");
        assert!(first.as_mut().now_or_never().is_none());
    }
}
