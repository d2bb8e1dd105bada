//! How many requests are under way to one upstream at the same time; the others wait for their turn, in the order of coming.
//! Connections are made in the same way.
//!
//! There are two bounds. One is memory's: a container that has little is not to be killed. The other is for speed: an
//! upstream that answers in a millisecond answers no sooner when a thousand requests are on the way to it, but each of them
//! occupies buffers that have left the processor's caches by the time its answer comes. Whoever waits for a slow upstream
//! does not count for that one.
use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::yield_now,
};

/// Requests that keep upstreams busy: 64 answered in a millisecond each are 64,000 a second.
const QUICK: usize = 64;

/// From here on a request is slow, and gives its turn to another: 6,400 a second may start even if all are.
pub(crate) const SLOW: Duration = Duration::from_millis(10);

/// The turns of one upstream.
#[derive(Debug)]
pub(crate) struct Turns {
    in_memory: Option<Semaphore>,
    quick: Semaphore,
}

/// One request's turn, as long as it has it.
pub(crate) struct Turn<'a> {
    _in_memory: Option<SemaphorePermit<'a>>,
    quick: Option<SemaphorePermit<'a>>,
}

impl Turns {
    /// `most` is what there is memory for.
    pub(crate) fn new(most: Option<usize>) -> Self {
        let in_memory = most.map(|most| Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        Self { in_memory, quick: Semaphore::new(QUICK) }
    }

    pub(crate) async fn next(&self) -> Turn<'_> {
        let in_memory = match &self.in_memory {
            Some(places) => Some(place(places).await),
            None => None,
        };
        Turn { _in_memory: in_memory, quick: Some(place(&self.quick).await) }
    }
}

impl Turn<'_> {
    /// Lets another start. What memory there is for stays the bound.
    pub(crate) fn is_slow(&mut self) {
        self.quick = None;
    }
}

/// Those that had to wait start when all that can be read now has been read: so that an upstream gets many requests at a
/// time, and is not woken for each of them.
async fn place(places: &Semaphore) -> SemaphorePermit<'_> {
    if let Ok(place) = places.try_acquire() {
        return place;
    }
    let place = places.acquire().await.expect("it is never closed");
    yield_now().await;
    place
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_request_waits_for_a_quick_one_to_end() {
        let turns = Turns::new(None);
        let mut under_way = Vec::new();
        for _ in 0..QUICK {
            under_way.push(turns.next().now_or_never().expect("there is room"));
        }
        assert!(turns.next().now_or_never().is_none());
        under_way.pop();
        turns.next().now_or_never().expect("there is room again");
    }

    #[tokio::test]
    async fn slow_ones_keep_nobody_waiting() {
        let turns = Turns::new(None);
        let mut under_way = Vec::new();
        for _ in 0..2 * QUICK {
            let mut turn = turns.next().now_or_never().expect("all before are slow");
            turn.is_slow();
            under_way.push(turn);
        }
    }

    #[tokio::test]
    async fn there_is_never_more_than_memory_for() {
        let turns = Turns::new(Some(1));
        let mut slow = turns.next().await;
        slow.is_slow();
        assert!(turns.next().now_or_never().is_none());
        drop(slow);
        turns.next().now_or_never().expect("there is room again");
    }
}
