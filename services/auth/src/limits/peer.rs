//! Failed logins by peer, in memory, each replica for itself. The generic cell rate algorithm: one number a peer.
use std::{net::IpAddr, sync::Arc, time::Duration};

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::{Client, Throttled};

/// So many peers are remembered, those that fail often before the others: a flood of addresses takes no more memory.
const REMEMBERED: usize = 2048;
/// One failure is forgiven in this time.
const FORGIVEN_IN: Duration = Duration::from_secs(1);

/// The peers that failed. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Peers {
    /// Until when a peer's failures are all forgiven.
    until: Arc<Cache<IpAddr, Instant>>,
    allowed: Duration,
}

impl Peers {
    /// `failures` are allowed at once.
    pub fn new(failures: u32) -> Self {
        Self { until: Arc::new(Cache::new(REMEMBERED)), allowed: FORGIVEN_IN * failures }
    }

    /// Whether this client may try.
    pub fn check(&self, client: Client, now: Instant) -> Result<(), Throttled> {
        let Some(until) = client.network().and_then(|network| self.until.get(&network)) else { return Ok(()) };
        let owed = until.saturating_duration_since(now);
        // There must be room for one more failure.
        match (owed + FORGIVEN_IN).checked_sub(self.allowed) {
            Some(wait) if !wait.is_zero() => {
                // A wait of less than a millisecond is a wait, too.
                Err(Throttled(u32::try_from(wait.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX)))
            }
            _ => Ok(()),
        }
    }

    /// This client has failed.
    pub fn failed(&self, client: Client, now: Instant) {
        let Some(peer) = client.network() else { return };
        let owed_until = self.until.get(&peer).map_or(now, |until| until.max(now));
        self.until.insert(peer, owed_until + FORGIVEN_IN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client(Some(address.parse().expect("an address")))
    }

    #[test]
    fn after_its_failures_a_peer_waits_and_then_has_one_a_second() {
        let (peers, now) = (Peers::new(3), Instant::now());
        let peer = client("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(peers.check(peer, now), Ok(()));
            peers.failed(peer, now);
        }
        assert_eq!(peers.check(peer, now), Err(Throttled(1)));
        assert_eq!(peers.check(client("192.0.2.2"), now), Ok(()), "others are not concerned");
        let later = now + FORGIVEN_IN;
        assert_eq!(peers.check(peer, later), Ok(()));
        peers.failed(peer, later);
        assert_eq!(peers.check(peer, later), Err(Throttled(1)));
    }

    #[test]
    fn a_peer_never_waits_for_no_time() {
        let (peers, now) = (Peers::new(1), Instant::now());
        let peer = client("192.0.2.1");
        peers.failed(peer, now);
        let almost = now + FORGIVEN_IN - Duration::from_nanos(1);
        assert_eq!(peers.check(peer, almost), Err(Throttled(1)));
        assert_eq!(peers.check(peer, now + FORGIVEN_IN), Ok(()));
    }

    #[test]
    fn a_whole_ipv6_network_is_one_peer() {
        let (peers, now) = (Peers::new(1), Instant::now());
        peers.failed(client("2001:db8::1"), now);
        assert!(peers.check(client("2001:db8::2"), now).is_err());
        assert!(peers.check(client("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory() {
        let (peers, now) = (Peers::new(1), Instant::now());
        for address in 0..100_000_u32 {
            peers.failed(Client(Some(IpAddr::V4(address.into()))), now);
        }
        assert!(peers.until.len() <= REMEMBERED, "{}", peers.until.len());
    }
}
