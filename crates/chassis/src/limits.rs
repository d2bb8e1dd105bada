//! What the listeners may have open: as much as settings, file descriptors and memory allow.
use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    Service,
    config::{ByteSize, Effective, Networks, Origin, Settings},
    descriptors,
    memory::{
        self,
        budget::{Budget, MOST_CONNECTIONS, Needs},
    },
    server::{
        Capacity,
        request_memory::{LARGE_HEAD, RequestMemory, of_body},
    },
};

/// The settings as they are shown: some of them are known only when the process has started.
pub(crate) type SharedEffective = Arc<Mutex<Effective>>;

/// Connections of a port that answers few clients, where memory is limited.
const FEW: usize = 16;

/// The limits of a process.
#[derive(Debug)]
pub(crate) struct Limits {
    prefix: &'static str,
    memory: Option<u64>,
    reserved: u64,
    trusted: Networks,
    pub(crate) effective: SharedEffective,
}

impl Limits {
    pub(crate) fn new(service: &Service, settings: &Settings, effective: Effective) -> Self {
        let memory = settings.memory_limit.map(|ByteSize(bytes)| bytes).or_else(memory::limit);
        let effective = Arc::new(Mutex::new(effective));
        Self { prefix: service.prefix, memory, reserved: 0, trusted: Networks::default(), effective }
    }

    pub(crate) fn memory(&self) -> Option<u64> {
        self.memory
    }

    pub(crate) fn trust(&mut self, proxies: &Networks) {
        self.trusted = proxies.clone();
    }

    pub(crate) fn reserve(&mut self, bytes: u64) {
        self.reserved = self.reserved.saturating_add(bytes);
    }

    /// The http port's, with so many ports in addition to it and the health port. To be asked when everything else has been
    /// built, because what the process occupies then is the base of its budget.
    pub(crate) fn for_http(&self, settings: &Settings, others: usize, connection: u64) -> Capacity {
        let needs = Needs { service: self.reserved, connection, largest_body: settings.max_body_bytes as u64 };
        let budget = self.memory.map(|limit| Budget::new(limit, memory::resident().unwrap_or(0), needs));
        let wanted = settings.max_connections.or(budget.map(|budget| budget.connections)).unwrap_or(MOST_CONNECTIONS);
        let connections = descriptors::for_http(wanted, others);
        let per_client = settings.max_client_connections.unwrap_or(connections - connections / 4).min(connections);
        let bytes = |given: Option<ByteSize>, derived: fn(Budget) -> usize| {
            let given = given.map(|ByteSize(bytes)| usize::try_from(bytes).unwrap_or(usize::MAX));
            given.or(budget.map(derived))
        };
        let heads = bytes(settings.headers_memory, |budget| budget.heads);
        let bodies = bytes(settings.bodies_memory, |budget| budget.bodies);
        self.tell(budget, (connections, per_client), (heads, bodies));
        Capacity { connections, per_client, trusted: self.trusted.clone(), memory: RequestMemory::new(heads, bodies) }
    }

    /// Shows what was derived: in `/config` and in one line of the log.
    fn tell(&self, budget: Option<Budget>, connections: (usize, usize), bytes: (Option<usize>, Option<usize>)) {
        let mut effective = self.effective.lock().unwrap_or_else(PoisonError::into_inner);
        let mut derive = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                let origin = if budget.is_some() { Origin::Memory } else { Origin::Default };
                effective.derive(&format!("{}{name}", self.prefix), value, origin);
            }
        };
        derive("MEMORY_LIMIT", self.memory.map(|bytes| bytes.to_string()));
        derive("MAX_CONNECTIONS", Some(connections.0.to_string()));
        derive("MAX_CLIENT_CONNECTIONS", Some(connections.1.to_string()));
        derive("HEADERS_MEMORY", bytes.0.map(|bytes| bytes.to_string()));
        derive("BODIES_MEMORY", bytes.1.map(|bytes| bytes.to_string()));
        tracing::info!(
            memory_limit_bytes = self.memory,
            base_bytes = budget.map(|budget| budget.base),
            connections = connections.0,
            client_connections = connections.1,
            header_bytes = bytes.0,
            body_bytes = bytes.1,
            "limits"
        );
        if budget.is_some_and(|budget| budget.is_tight) {
            tracing::warn!("the memory limit is too small for 16 connections; the process may be killed under load");
        }
    }

    /// The health port's: probes, scrapes and people, none of whom stays.
    pub(crate) fn for_health(&self, settings: &Settings) -> Capacity {
        self.few(descriptors::for_health(settings.max_connections.unwrap_or(MOST_CONNECTIONS)), settings)
    }

    /// Those of a port in addition to the two.
    pub(crate) fn for_another(&self, settings: &Settings) -> Capacity {
        self.few(descriptors::for_beside(settings.max_connections.unwrap_or(MOST_CONNECTIONS)), settings)
    }

    fn few(&self, most: usize, settings: &Settings) -> Capacity {
        let connections = if self.memory.is_some() { most.min(FEW) } else { most };
        let largest_body =
            usize::try_from(of_body(settings.max_body_bytes as u64)).unwrap_or(usize::MAX).saturating_mul(2);
        let memory = match self.memory {
            Some(_) => RequestMemory::new(Some(2 * LARGE_HEAD), Some(largest_body)),
            None => RequestMemory::default(),
        };
        Capacity { connections, per_client: connections, trusted: Networks::default(), memory }
    }
}
