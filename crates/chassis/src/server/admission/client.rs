//! One client of a listener: what its connections share.
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::super::request_memory::RequestMemory;

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, which is what one host gets (RFC 6177).
pub(in super::super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// Its connections, and its share of the memory for large requests. The table's lock guards the count.
#[derive(Debug)]
pub(super) struct Client {
    connections: AtomicUsize,
    memory: RequestMemory,
}

impl Client {
    pub(super) fn new(memory: &RequestMemory, unlimited: bool) -> Arc<Self> {
        let memory = if unlimited { memory.clone() } else { memory.for_client() };
        Arc::new(Self { connections: AtomicUsize::new(0), memory })
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }

    pub(super) fn add(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// How many are left.
    pub(super) fn remove(&self) -> usize {
        self.connections.fetch_sub(1, Relaxed).saturating_sub(1)
    }

    pub(super) fn memory(&self) -> &RequestMemory {
        &self.memory
    }
}
