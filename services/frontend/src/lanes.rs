//! Several pools of connections to one upstream, which requests take in turn, each pool renewed now and then: so that all
//! who answer at the upstream's address get their share.
//!
//! Who answers is chosen when a connection is made: by us among the addresses of a name, by Kubernetes behind the one
//! address of a Service. One pool would hand the connection that it got back last to the next request, so that one client
//! met one replica for ever, and a replica that came later met nobody.
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyper_util::client::legacy::ResponseFuture;
use tokio::time::Instant;

use crate::{upload::Upload, upstream::Pool};

/// How requests are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Pools of one upstream, at least one.
    pub lanes: usize,
    /// The age at which a pool's connections are replaced, each when its request is done.
    pub renewed_after: Duration,
    /// Requests without a body that may be under way to one upstream, at least one; more wait for their turn.
    pub at_once: usize,
}

impl Default for Spread {
    /// Of 16 connections made at random to three replicas, each gets one or more with a probability of 99.5 %.
    fn default() -> Self {
        Self { lanes: 16, renewed_after: Duration::from_secs(10), at_once: usize::MAX }
    }
}

/// The pools of one upstream.
pub(crate) struct Lanes {
    all: Vec<Mutex<Lane>>,
    turn: AtomicUsize,
    renewed_after: Duration,
    make: Box<dyn Fn() -> Pool + Send + Sync>,
}

struct Lane {
    pool: Pool,
    // Of a lane's first pool it is in the future.
    since: Instant,
}

impl Lanes {
    pub(crate) fn new(spread: Spread, make: impl Fn() -> Pool + Send + Sync + 'static) -> Self {
        let count = u32::try_from(spread.lanes.max(1)).unwrap_or(u32::MAX);
        // Each at another time: all at once would have every client wait for a name and a connection.
        let lane = |place| {
            let since = Instant::now() + spread.renewed_after * place / count;
            Mutex::new(Lane { pool: make(), since })
        };
        let all = (0..count).map(lane).collect();
        Self { all, turn: AtomicUsize::new(0), renewed_after: spread.renewed_after, make: Box::new(make) }
    }

    /// Sends a request on the next lane. What is under way on a pool that is replaced here comes to its end.
    pub(crate) fn send(&self, request: http::Request<Upload>) -> ResponseFuture {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.all.len();
        let mut lane = self.all[turn].lock().unwrap_or_else(PoisonError::into_inner);
        if lane.since.elapsed() >= self.renewed_after {
            *lane = Lane { pool: (self.make)(), since: Instant::now() };
        }
        lane.pool.request(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dns::Resolver, upstream::client};

    #[tokio::test]
    async fn lanes_are_renewed_one_after_another() {
        let spread = Spread { lanes: 4, renewed_after: Duration::from_secs(8), ..Spread::default() };
        let connect = Duration::from_secs(1);
        let lanes = Lanes::new(spread, move || client(Resolver::new(connect), connect, 4));
        let due: Vec<_> = lanes.all.iter().map(|lane| lane.lock().expect("not poisoned").since).collect();
        for pair in due.windows(2) {
            // What goes by while they are made comes on top.
            assert!(pair[1] - pair[0] >= Duration::from_secs(2), "{due:?}");
        }
    }
}
