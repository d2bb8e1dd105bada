//! Looks up upstreams' names: anew for each new connection, so an address that changed is found, and with bounds of its own.
use std::{
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::Arc,
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

/// The system's resolver (`getaddrinfo`), within a deadline.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    lookups: Arc<Semaphore>,
    within: Duration,
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
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)), within }
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
        let within = self.within;
        Box::pin(async move { timeout(within, looking).await.unwrap_or(Err(Unresolved::Late)) })
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

#[cfg(test)]
mod tests {
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
}
