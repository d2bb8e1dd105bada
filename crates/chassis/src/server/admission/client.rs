//! One client of a listener: what its connections share.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::super::request_memory::RequestMemory;

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
