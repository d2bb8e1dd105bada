//! The connections kept to one upstream, in lanes that requests take in turn and that are renewed now and then: so that all
//! who answer at the upstream's address get their share.
//!
//! Who answers is chosen when a connection is made: by us among the addresses of a name, by Kubernetes behind the one
//! address of a Service. Without lanes the connection that came back last would get the next request, so that one client
//! met one replica for ever, and a replica that came later met nobody.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, futures::Notified},
    time::{Instant, interval},
};

use crate::connection::Connection;

/// How long an unused connection is kept. Shorter than the 75 s after which the services close theirs
/// (chassis, `IDLE_TIMEOUT`), so that it is us who close first: a request never meets a connection that is just going away.
const IDLE: Duration = Duration::from_secs(15);

/// How long a connection that is not kept may take for the rest of a request that has been answered.
const LAST_PART: Duration = Duration::from_secs(5);

/// How often unused connections are looked at.
const ROUND: Duration = Duration::from_secs(5);

/// How requests are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Lanes of one upstream, at least one.
    pub lanes: usize,
    /// The age at which a lane's connections are replaced, each when its request is done.
    pub renewed_after: Duration,
    /// Requests without a body that may be under way to one upstream, where there is a bound; more wait for their turn.
    pub at_once: Option<usize>,
}

impl Default for Spread {
    /// Of 16 connections made at random to three replicas, each gets one or more with a probability of 99.5 %.
    fn default() -> Self {
        Self { lanes: 16, renewed_after: Duration::from_secs(10), at_once: None }
    }
}

impl Spread {
    /// A connection to an upstream: two buffers of hyper's of 8 KiB, a request and its answer, and the kernel's part.
    const CONNECTION: u64 = 40 << 10;

    /// Bytes of the connections to one upstream.
    pub fn memory(&self) -> u64 {
        self.at_once.map_or(0, |requests| requests as u64 * Self::CONNECTION)
    }
}

/// The lanes of one upstream.
pub(crate) struct Lanes {
    all: Vec<(Mutex<Lane>, Notify)>,
    turn: AtomicUsize,
    renewed_after: Duration,
    most: usize,
}

struct Lane {
    /// The one used last comes last.
    unused: Vec<Unused>,
    // Of a lane's first generation it is in the future.
    since: Instant,
    generation: u64,
}

struct Unused {
    connection: Connection,
    since: Instant,
}

impl Lanes {
    /// At most `most` unused connections are kept in each lane.
    pub(crate) fn new(spread: Spread, most: usize) -> Arc<Self> {
        let count = u32::try_from(spread.lanes.max(1)).unwrap_or(u32::MAX);
        // Each at another time: all at once would have every client wait for a name and a connection.
        let lane = |number| {
            let since = Instant::now() + spread.renewed_after * number / count;
            (Mutex::new(Lane { unused: Vec::new(), since, generation: 0 }), Notify::new())
        };
        let all = (0..count).map(lane).collect();
        let lanes = Arc::new(Self { all, turn: AtomicUsize::new(0), renewed_after: spread.renewed_after, most });
        tokio::spawn(look_after(Arc::downgrade(&lanes)));
        lanes
    }

    /// A request's turn. What is under way on a lane that is renewed here comes to its end.
    pub(crate) fn next(self: &Arc<Self>) -> Place {
        let number = self.turn.fetch_add(1, Ordering::Relaxed) % self.all.len();
        let mut lane = self.lane(number);
        if lane.since.elapsed() >= self.renewed_after {
            lane.since = Instant::now();
            lane.generation += 1;
            lane.unused.clear();
        }
        Place { lanes: Arc::clone(self), number, generation: lane.generation }
    }

    fn lane(&self, number: usize) -> MutexGuard<'_, Lane> {
        self.all[number].0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets go of connections that nobody used for a while, and of those that the upstream has closed.
async fn look_after(lanes: Weak<Lanes>) {
    let mut rounds = interval(ROUND);
    loop {
        rounds.tick().await;
        let Some(lanes) = lanes.upgrade() else { return };
        for number in 0..lanes.all.len() {
            lanes.lane(number).unused.retain_mut(|unused| unused.since.elapsed() < IDLE && unused.connection.is_free());
        }
    }
}

/// A request's place in one of the lanes.
pub(crate) struct Place {
    lanes: Arc<Lanes>,
    number: usize,
    generation: u64,
}

impl Place {
    /// A kept connection, if there is one.
    pub(crate) fn kept(&self) -> Option<Connection> {
        self.lanes.lane(self.number).unused.pop().map(|unused| unused.connection)
    }

    /// Ready when a connection came back. Another request may be quicker to take it.
    pub(crate) fn returned(&self) -> Notified<'_> {
        self.lanes.all[self.number].1.notified()
    }

    /// Keeps a connection for the next request, if it can take one, is not too old and there is room for it.
    pub(crate) fn keep(self, mut connection: Connection) {
        if !connection.is_free() {
            // The last part of a request's body may still be unwritten.
            return connection.finish(LAST_PART);
        }
        let mut lane = self.lanes.lane(self.number);
        if lane.generation == self.generation && lane.unused.len() < self.lanes.most {
            lane.unused.push(Unused { connection, since: Instant::now() });
            drop(lane);
            self.lanes.all[self.number].1.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        net::{TcpListener, TcpStream},
        time::{pause, sleep},
    };

    use super::*;
    use crate::{concurrency::QuickLimit, connection::Connector};

    const ONE: Spread = Spread { lanes: 1, renewed_after: Duration::from_hours(1), at_once: None };

    /// A connection, and its other end.
    async fn connected() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let authority = listener.local_addr().expect("bound").to_string().parse().expect("an authority");
        let connector = Connector::new(authority, Duration::from_secs(5));
        let limit = QuickLimit::default();
        let (connection, accepted) = tokio::join!(connector.connect(&limit), listener.accept());
        (connection.expect("connected"), accepted.expect("accepted").0)
    }

    #[tokio::test]
    async fn lanes_are_renewed_one_after_another() {
        let spread = Spread { lanes: 4, renewed_after: Duration::from_secs(8), ..Spread::default() };
        let lanes = Lanes::new(spread, 4);
        let due: Vec<_> = (0..4).map(|number| lanes.lane(number).since).collect();
        for pair in due.windows(2) {
            // What goes by while they are made comes on top.
            assert!(pair[1] - pair[0] >= Duration::from_secs(2), "{due:?}");
        }
    }

    #[tokio::test]
    async fn no_more_are_kept_than_may_be() {
        let lanes = Lanes::new(ONE, 1);
        let (one, _its_end) = connected().await;
        let (other, _its_end_too) = connected().await;
        lanes.next().keep(one);
        lanes.next().keep(other);
        assert!(lanes.next().kept().is_some());
        assert!(lanes.next().kept().is_none());
    }

    #[tokio::test]
    async fn what_comes_back_after_a_renewal_is_not_kept() {
        let lanes = Lanes::new(Spread { renewed_after: Duration::ZERO, ..ONE }, 1);
        let before = lanes.next();
        let after = lanes.next();
        let (connection, _its_end) = connected().await;
        before.keep(connection);
        assert!(after.kept().is_none());
    }

    #[tokio::test]
    async fn what_nobody_uses_is_let_go() {
        let lanes = Lanes::new(ONE, 1);
        let (connection, _its_end) = connected().await;
        lanes.next().keep(connection);
        pause();
        sleep(2 * ROUND).await;
        assert_eq!(lanes.lane(0).unused.len(), 1);
        sleep(2 * ROUND).await;
        assert_eq!(lanes.lane(0).unused.len(), 0);
    }

    #[tokio::test]
    async fn what_the_upstream_has_closed_is_let_go() {
        let lanes = Lanes::new(ONE, 1);
        let (connection, its_end) = connected().await;
        lanes.next().keep(connection);
        drop(its_end);
        pause();
        sleep(2 * ROUND).await;
        assert_eq!(lanes.lane(0).unused.len(), 0);
    }
}
