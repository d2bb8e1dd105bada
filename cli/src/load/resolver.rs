//! Addresses of the target: looked up anew for new connections, so that new pods are seen, and judged each time.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Host;

use super::address::{is_cluster_name, is_metadata, is_near};
use super::target::Target;

/// How long an answer of the name service is good: short enough to see new pods soon, long enough not to load it, too.
const FRESH: Duration = Duration::from_secs(1);

/// Where a target is. Gives out only addresses that may be loaded.
#[derive(Debug)]
pub(super) struct Resolver {
    host: Name,
    port: u16,
    /// Whether any address may be loaded.
    any: bool,
    known: Mutex<Known>,
}

#[derive(Debug)]
enum Name {
    Address(IpAddr),
    Domain(String),
}

#[derive(Debug, Default)]
struct Known {
    since: Option<Instant>,
    addresses: Vec<SocketAddr>,
    /// Those that refused a connection since they were looked up: tried last.
    bad: HashSet<SocketAddr>,
    turn: usize,
}

/// Why there is no address.
#[derive(Clone, Debug)]
pub(super) enum Unresolved {
    /// The name service has none; its own words.
    Unknown(String),
    /// There are some, and none is near.
    Foreign(Vec<IpAddr>),
}

impl Resolver {
    pub(super) fn new(target: &Target, any: bool) -> Self {
        let host = match target.host() {
            Host::Domain(name) => Name::Domain(name.to_owned()),
            Host::Ipv4(address) => Name::Address(address.into()),
            Host::Ipv6(address) => Name::Address(address.into()),
        };
        Self { host, port: target.port(), any, known: Mutex::default() }
    }

    /// All addresses, of which the next connection is to try the first, then the second…
    pub(super) async fn addresses(&self) -> Result<Vec<SocketAddr>, Unresolved> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        if known.since.is_none_or(|since| now.duration_since(since) >= FRESH) {
            let addresses = self.judged(self.look_up().await?)?;
            *known = Known { since: Some(now), addresses, bad: HashSet::new(), turn: known.turn };
        }
        known.turn = known.turn.wrapping_add(1);
        let (mut good, bad): (Vec<_>, Vec<_>) =
            known.addresses.iter().partition(|address| !known.bad.contains(*address));
        if !good.is_empty() {
            let first = known.turn % good.len();
            good.rotate_left(first);
        }
        Ok([good, bad].concat())
    }

    /// An address refused a connection. The next ones prefer the others for a while.
    pub(super) async fn avoid(&self, address: SocketAddr) {
        self.known.lock().await.bad.insert(address);
    }

    /// Whether all addresses are near: the judgement before a run, in which a single foreign one counts.
    pub(super) async fn judge(&self) -> Result<(), Unresolved> {
        let mut foreign: Vec<_> = self.look_up().await?.iter().map(SocketAddr::ip).collect();
        foreign.retain(|address| !self.may_load(*address));
        if foreign.is_empty() { Ok(()) } else { Err(Unresolved::Foreign(foreign)) }
    }

    async fn look_up(&self) -> Result<Vec<SocketAddr>, Unresolved> {
        let name = match &self.host {
            Name::Address(address) => return Ok(vec![SocketAddr::new(*address, self.port)]),
            Name::Domain(name) => name,
        };
        let found = tokio::net::lookup_host((name.as_str(), self.port)).await;
        let found: Vec<_> = found.map_err(|error| Unresolved::Unknown(error.to_string()))?.collect();
        if found.is_empty() {
            return Err(Unresolved::Unknown("it has no address".to_owned()));
        }
        Ok(found)
    }

    /// Those that may be loaded. A name that changed during a run leads nowhere else.
    fn judged(&self, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unresolved> {
        let (mut near, foreign): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|address| self.may_load(address.ip()));
        near.dedup();
        if near.is_empty() {
            return Err(Unresolved::Foreign(foreign.iter().map(SocketAddr::ip).collect()));
        }
        Ok(near)
    }

    fn may_load(&self, address: IpAddr) -> bool {
        let in_cluster = matches!(&self.host, Name::Domain(name) if is_cluster_name(name));
        self.any || is_near(address, in_cluster)
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(why) => f.write_str(why),
            Self::Foreign(addresses) => {
                let shown: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
                let why = if addresses.iter().any(|address| is_metadata(*address)) {
                    "is link-local or a cloud's metadata service"
                } else {
                    "is neither of this machine nor private"
                };
                write!(f, "{} {why}", shown.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(target: &str, any: bool) -> Resolver {
        Resolver::new(&Target::parse(target).unwrap(), any)
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    /// As if the name service had just said so.
    async fn told(name: &str, addresses: &[&str]) -> Result<Vec<SocketAddr>, Unresolved> {
        let resolver = resolver(name, false);
        let addresses = resolver.judged(addresses.iter().map(|address| at(address)).collect())?;
        *resolver.known.lock().await = Known { since: Some(Instant::now()), addresses, ..Known::default() };
        resolver.addresses().await
    }

    #[tokio::test]
    async fn foreign_addresses_are_left_out_and_are_an_error_alone() {
        let both = told("http://example.com", &["93.184.216.34:80", "10.0.0.1:80"]).await.unwrap();
        assert_eq!(both, [at("10.0.0.1:80")]);
        let error = told("http://localhost", &["93.184.216.34:80"]).await.unwrap_err();
        assert!(error.to_string().contains("93.184.216.34"), "a name makes nothing near: {error}");
        assert!(told("http://hello.shop.svc", &["100.64.0.9:80"]).await.is_ok());
        assert!(told("http://example.com", &["100.64.0.9:80"]).await.is_err());
    }

    #[tokio::test]
    async fn the_judgement_before_a_run_is_about_the_address() {
        assert!(resolver("http://127.0.0.1:1", false).judge().await.is_ok());
        assert!(resolver("http://8.8.8.8", false).judge().await.is_err());
        assert!(resolver("http://[2606:4700::1111]", false).judge().await.is_err());
        assert!(resolver("http://8.8.8.8", true).judge().await.is_ok());
        let metadata = resolver("http://169.254.169.254", false).judge().await.unwrap_err();
        assert_eq!(metadata.to_string(), "169.254.169.254 is link-local or a cloud's metadata service");
        assert!(resolver("http://[::ffff:a9fe:a9fe]", false).judge().await.is_err());
        assert!(resolver("http://0xa9fea9fe", false).judge().await.is_err(), "as the URL's parser reads it");
        assert!(told("http://metadata.svc", &["169.254.169.254:80"]).await.is_err(), "by name, too");
    }

    #[tokio::test]
    async fn what_is_known_is_looked_up_anew_after_a_second() {
        let resolver = resolver("http://localhost:80", false);
        let known = |since| Known { since: Some(since), addresses: vec![at("10.0.0.1:80")], ..Known::default() };
        *resolver.known.lock().await = known(Instant::now());
        assert_eq!(resolver.addresses().await.unwrap(), [at("10.0.0.1:80")]);
        *resolver.known.lock().await = known(Instant::now().checked_sub(FRESH).unwrap());
        assert!(resolver.addresses().await.unwrap().iter().all(|address| address.ip().is_loopback()));
    }

    #[tokio::test]
    async fn connections_take_turns_and_a_bad_address_is_tried_last() {
        let resolver = resolver("http://hello", false);
        let addresses = vec![at("10.0.0.1:80"), at("10.0.0.2:80"), at("10.0.0.3:80")];
        *resolver.known.lock().await = Known { since: Some(Instant::now()), addresses, ..Known::default() };
        let first: HashSet<_> = [
            resolver.addresses().await.unwrap()[0],
            resolver.addresses().await.unwrap()[0],
            resolver.addresses().await.unwrap()[0],
        ]
        .into();
        assert_eq!(first.len(), 3);
        resolver.avoid(at("10.0.0.2:80")).await;
        for _ in 0..4 {
            assert_eq!(resolver.addresses().await.unwrap()[2], at("10.0.0.2:80"));
        }
    }
}
