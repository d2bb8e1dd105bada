//! Looks up upstreams' names: anew for each new connection, so an address that changed is found, and with bounds of its own.
use std::{
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};
use tower::Service;

/// A lookup occupies a thread for as long as the system's resolver likes. While a name server is away,
/// requests wait for one of these instead of each starting a thread.
const LOOKUPS_AT_ONCE: usize = 4;

/// The system's resolver (`getaddrinfo`) for the name of one upstream, within a deadline. Where that passes, what the name
/// had last is used: connections are replaced all the time, and none is to fail for a name server that is slow or away.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    lookups: Arc<Semaphore>,
    within: Duration,
    turn: Arc<AtomicUsize>,
    last: Arc<Mutex<Vec<SocketAddr>>>,
}

/// Why a name has no address just now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unresolved {
    /// The resolver says no, or cannot say.
    #[error("the name does not resolve")]
    Failed(#[from] io::Error),
    /// It exists but has no address: a headless Service without ready pods.
    #[error("the name has no address")]
    Empty,
    /// No answer within the deadline.
    #[error("the name did not resolve in time")]
    Late,
}

impl Resolver {
    pub(crate) fn new(within: Duration) -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)), within, turn: Arc::default(), last: Arc::default() }
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Unresolved>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let looking = look_up(Arc::clone(&self.lookups), name);
        let (within, turn) = (self.within, self.turn.fetch_add(1, Ordering::Relaxed));
        let last = Arc::clone(&self.last);
        Box::pin(async move {
            let mut addresses = within_deadline(within, looking, &last).await?;
            take_turns(&mut addresses, turn);
            Ok(addresses.into_iter())
        })
    }
}

async fn within_deadline(
    within: Duration,
    looking: impl Future<Output = Result<vec::IntoIter<SocketAddr>, Unresolved>>,
    last: &Mutex<Vec<SocketAddr>>,
) -> Result<Vec<SocketAddr>, Unresolved> {
    let found = timeout(within, looking).await;
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    match found {
        Ok(found) => {
            let addresses = found.map(Iterator::collect).inspect_err(|_| last.clear());
            addresses.inspect(|addresses: &Vec<_>| last.clone_from(addresses))
        }
        Err(_) if last.is_empty() => Err(Unresolved::Late),
        Err(_) => Ok(last.clone()),
    }
}

async fn look_up(lookups: Arc<Semaphore>, name: Name) -> Result<vec::IntoIter<SocketAddr>, Unresolved> {
    let permit = lookups.acquire_owned().await.expect("nobody closes the semaphore");
    let found = spawn_blocking(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        drop(permit); // here, not with the future: a caller that gave up leaves the thread busy
        found
    });
    let addresses = found.await.map_err(io::Error::other)??;
    if addresses.len() == 0 { Err(Unresolved::Empty) } else { Ok(addresses) }
}

/// Another address first each time, for the first one that accepts gets the connection. The order that they come in is
/// either always the same (RFC 6724) or shuffled by the name server; neither gives each its turn. Which family comes first
/// stays as it is: the system knows which it can reach.
fn take_turns(addresses: &mut [SocketAddr], turn: usize) {
    let Some(first) = addresses.first() else { return };
    let is_v4 = first.is_ipv4();
    let same = addresses.iter().take_while(|address| address.is_ipv4() == is_v4).count();
    addresses[..same].sort_unstable();
    addresses[..same].rotate_left(turn % same);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    #[tokio::test]
    async fn a_name_that_exists_has_addresses() {
        let mut resolver = Resolver::new(Duration::from_secs(5));
        let found = resolver.call(name("localhost")).await.expect("localhost");
        assert!(found.into_iter().all(|address| address.ip().is_loopback()));
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_unresolved() {
        let mut resolver = Resolver::new(Duration::from_secs(2));
        let refusal = resolver.call(name("nobody.invalid")).await.expect_err("RFC 6761 reserves it");
        assert!(matches!(refusal, Unresolved::Failed(_) | Unresolved::Late), "{refusal}");
    }

    #[tokio::test]
    async fn waiting_for_a_free_lookup_counts_against_the_deadline() {
        let mut resolver = Resolver::new(Duration::from_millis(20));
        let _all_busy = Arc::clone(&resolver.lookups).acquire_many_owned(4).await.expect("open");
        let refusal = resolver.call(name("localhost")).await.expect_err("no lookup is free");
        assert!(matches!(refusal, Unresolved::Late));
    }

    #[tokio::test]
    async fn a_lookup_that_is_late_finds_what_was_found_last() {
        let mut resolver = Resolver::new(Duration::from_secs(5));
        let found: Vec<_> = resolver.call(name("localhost")).await.expect("localhost").collect();
        let _all_busy = Arc::clone(&resolver.lookups).acquire_many_owned(4).await.expect("open");
        resolver.within = Duration::from_millis(20);
        let again: Vec<_> = resolver.call(name("localhost")).await.expect("as it was").collect();
        assert_eq!(BTreeSet::from_iter(again), BTreeSet::from_iter(found));
    }

    #[tokio::test]
    async fn a_name_that_is_gone_is_forgotten() {
        let mut resolver = Resolver::new(Duration::from_secs(5));
        resolver.call(name("localhost")).await.expect("localhost");
        assert!(resolver.call(name("nobody.invalid")).await.is_err());
        let _all_busy = Arc::clone(&resolver.lookups).acquire_many_owned(4).await.expect("open");
        resolver.within = Duration::from_millis(20);
        assert!(matches!(resolver.call(name("localhost")).await, Err(Unresolved::Late)));
    }

    #[test]
    fn each_address_of_the_preferred_family_is_the_first_in_its_turn() {
        let address = |text: &str| SocketAddr::new(text.parse().expect("an address"), 0);
        let [a, b, c, other] = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"].map(address);
        for (turn, came, turned) in [
            (0, [a, b, c, other], [a, b, c, other]),
            (1, [c, a, b, other], [b, c, a, other]),
            (2, [b, a, c, other], [c, a, b, other]),
            (3, [c, b, a, other], [a, b, c, other]),
            (1, [other, c, b, a], [other, c, b, a]),
        ] {
            let mut addresses = came;
            take_turns(&mut addresses, turn);
            assert_eq!(addresses, turned, "turn {turn} of {came:?}");
        }
        take_turns(&mut [], 1);
    }
}
