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

use hyper_util::client::legacy::{Client, ResponseFuture, connect::HttpConnector};
use tokio::time::Instant;

use crate::{dns::Resolver, upload::Upload};

/// How requests are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Pools of one upstream, at least one.
    pub lanes: usize,
    /// The age at which a pool's connections are replaced, each when its request is done.
    pub renewed_after: Duration,
}

impl Default for Spread {
    /// Of 16 connections made at random to three replicas, each gets one or more with a probability of 99.5 %.
    fn default() -> Self {
        Self { lanes: 16, renewed_after: Duration::from_secs(10) }
    }
}

type Pool = Client<HttpConnector<Resolver>, Upload>;

/// The pools of one upstream.
pub(crate) struct Lanes {
    all: Vec<Mutex<Lane>>,
    turn: AtomicUsize,
    renewed_after: Duration,
    make: Box<dyn Fn() -> Pool + Send + Sync>,
}

struct Lane {
    pool: Pool,
    since: Instant,
}

impl Lanes {
    pub(crate) fn new(spread: Spread, make: impl Fn() -> Pool + Send + Sync + 'static) -> Self {
        let lane = |_| Mutex::new(Lane { pool: make(), since: Instant::now() });
        let all = (0..spread.lanes.max(1)).map(lane).collect();
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
