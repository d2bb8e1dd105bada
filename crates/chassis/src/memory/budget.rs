//! What a process may have open and under way so that it stays within its memory limit.
//!
//! ```text
//! limit = base + headroom + headers + bodies + connections × cost of one
//! ```
//! The base is what the process occupies when it has started: it is measured, because it differs from service to service
//! and from build to build. The headroom is for what a running service adds: code that is read at the first request,
//! caches, fragmentation of the heap.
use crate::server::request_memory::{LARGE_HEAD, of_body};

/// What a running service adds to its base. Under the attacks of docs/performance.md hello's resident set grew by 1.0 to 1.5 MiB,
/// connections included.
const HEADROOM: u64 = 1 << 20;
/// One connection over plain HTTP with an ordinary request. hyper's two buffers of 8 KiB are touched in part only: about 10 to 20
/// KiB were measured for a keep-alive connection after a request, the kernel's part included.
const CONNECTION: u64 = 24 << 10;
/// A service that cannot have this many is of no use.
const FEWEST_CONNECTIONS: u64 = 16;
/// More are not needed by default, whatever memory there is.
pub(crate) const MOST_CONNECTIONS: usize = 4096;
/// Large requests get a part of what is left: an eighth for headers, a quarter for bodies, within these bounds.
const MOST_FOR_HEADS: u64 = 4 << 20;
const MOST_FOR_BODIES: u64 = 32 << 20;

/// What a service needs besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// For work of its own, in bytes.
    pub(crate) service: u64,
    /// For each connection, in addition to plain HTTP, in bytes.
    pub(crate) connection: u64,
    /// The largest body of a request, in bytes.
    pub(crate) largest_body: u64,
}

/// Bytes and numbers that follow from a memory limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) limit: u64,
    pub(crate) base: u64,
    pub(crate) connections: usize,
    pub(crate) heads: usize,
    pub(crate) bodies: usize,
    /// Whether the limit is too small even for the fewest connections.
    pub(crate) is_tight: bool,
}

impl Budget {
    /// The budget of a process that occupies `base` bytes and may occupy `limit`.
    pub(crate) fn new(limit: u64, base: u64, needs: Needs) -> Self {
        let room = limit.saturating_sub(base).saturating_sub(HEADROOM).saturating_sub(needs.service);
        let heads = (room / 8).clamp(2 * LARGE_HEAD as u64, MOST_FOR_HEADS);
        // A client's half has room for one body of the largest size.
        let bodies =
            (room / 4).clamp(2 * of_body(needs.largest_body), MOST_FOR_BODIES.max(2 * of_body(needs.largest_body)));
        let fit = room.saturating_sub(heads + bodies) / (CONNECTION + needs.connection);
        Self {
            limit,
            base,
            connections: number(fit.clamp(FEWEST_CONNECTIONS, MOST_CONNECTIONS as u64)),
            heads: number(heads),
            bodies: number(bodies),
            is_tight: fit < FEWEST_CONNECTIONS,
        }
    }
}

fn number(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const NEEDS: Needs = Needs { service: 0, connection: 0, largest_body: 64 << 10 };

    fn total(budget: Budget, needs: Needs) -> u64 {
        let connections = budget.connections as u64 * (CONNECTION + needs.connection);
        budget.base + HEADROOM + needs.service + connections + (budget.heads + budget.bodies) as u64
    }

    #[test]
    fn everything_together_fits_into_the_limit() {
        for needs in [NEEDS, Needs { service: 3 * MIB, connection: 40 << 10, ..NEEDS }] {
            for mib in [16, 24, 32, 64, 128, 1024] {
                let budget = Budget::new(mib * MIB, 5 * MIB, needs);
                assert!(total(budget, needs) <= budget.limit, "{mib} MiB: {budget:?}");
                assert!(!budget.is_tight, "{mib} MiB: {budget:?}");
            }
        }
    }

    #[test]
    fn more_memory_means_more_connections_up_to_what_anybody_needs() {
        let connections = [10, 16, 32, 64, 128, 4096].map(|mib| Budget::new(mib * MIB, 5 * MIB, NEEDS).connections);
        assert!(connections.is_sorted(), "{connections:?}");
        assert_eq!(connections.last(), Some(&4096));
    }

    #[test]
    fn a_limit_that_is_too_small_is_said_to_be() {
        for (limit, base) in [(0, 0), (4 * MIB, 5 * MIB), (u64::MAX, u64::MAX)] {
            let budget = Budget::new(limit, base, NEEDS);
            assert!(budget.is_tight, "{budget:?}");
            assert_eq!(budget.connections, 16);
        }
    }

    #[test]
    fn half_of_the_pools_is_enough_for_one_large_request() {
        for largest_body in [64 << 10, 64 * MIB] {
            let budget = Budget::new(0, 0, Needs { largest_body, ..NEEDS });
            assert!(budget.bodies as u64 >= 2 * of_body(largest_body) && budget.heads >= 2 * LARGE_HEAD);
        }
    }
}
