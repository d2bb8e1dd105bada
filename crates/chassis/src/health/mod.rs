//! The health port: what Kubernetes asks, and what a lab switches.
//!
//! Liveness depends on nothing outside the process. Readiness is earned: it is false until every [`Condition`] is met
//! and false again while draining. Switches lie over both, for lessons.
mod body;
mod callers;
mod condition;
mod probes;
mod routes;
mod switch;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

pub use condition::Condition;
pub(crate) use routes::{HealthPort, routes};
use serde::Serialize;
use switch::Switch;
use tokio::time::Instant;

/// The state of a process's health. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    alive: Switch,
    ready: Switch,
    conditions: Mutex<Vec<condition::State>>,
    draining: AtomicBool,
    probes: probes::Probes,
}

/// What a probe or a status says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    healthy: bool,
    /// The switch's own state.
    #[serde(flatten)]
    switch: switch::Status,
    /// Conditions not met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting_for: Vec<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    draining: bool,
}

impl Health {
    /// Adds something the process cannot serve without, not met yet. Named as in "waiting for the …".
    pub fn condition(&self, name: &'static str) -> Condition {
        Condition::add(&self.0.conditions, name, self.clone())
    }

    /// Not ready from now on; still alive.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the process is draining.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    fn waiting_for(&self) -> Vec<&'static str> {
        let conditions = self.0.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        conditions.iter().filter(|condition| !condition.is_met()).map(|condition| condition.name).collect()
    }

    fn liveness(status: switch::Status) -> Report {
        Report { healthy: status.is_on(), switch: status, waiting_for: Vec::new(), draining: false }
    }

    fn readiness(&self, status: switch::Status) -> Report {
        let (waiting_for, draining) = (self.waiting_for(), self.is_draining());
        Report { healthy: status.is_on() && waiting_for.is_empty() && !draining, switch: status, waiting_for, draining }
    }

    /// Answers a probe; a switch that fails the next ones counts it.
    pub(crate) fn probe(&self, which: Which, now: Instant) -> Report {
        match which {
            Which::Liveness => Self::liveness(self.0.alive.probe(now)),
            Which::Readiness => self.readiness(self.0.ready.probe(now)),
        }
    }

    /// Looks without counting.
    pub(crate) fn status(&self, which: Which, now: Instant) -> Report {
        match which {
            Which::Liveness => Self::liveness(self.0.alive.status(now)),
            Which::Readiness => self.readiness(self.0.ready.status(now)),
        }
    }

    fn switch(&self, which: Which) -> &Switch {
        match which {
            Which::Liveness => &self.0.alive,
            Which::Readiness => &self.0.ready,
        }
    }
}

/// Which of the two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Liveness,
    Readiness,
}
