//! Something a process cannot serve without: met or not, and readiness follows.
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::Health;

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) name: &'static str,
    met: Arc<AtomicBool>,
}

impl State {
    pub(super) fn is_met(&self) -> bool {
        self.met.load(Ordering::SeqCst)
    }
}

/// A condition of readiness. Not met when made; whoever holds it says when it is.
#[derive(Debug)]
pub struct Condition {
    state: State,
    // Keeps the list alive as long as somebody can change it.
    _health: Health,
}

impl Condition {
    pub(super) fn add(conditions: &Mutex<Vec<State>>, name: &'static str, health: Health) -> Self {
        let state = State { name, met: Arc::new(AtomicBool::new(false)) };
        conditions.lock().unwrap_or_else(PoisonError::into_inner).push(state.clone());
        Self { state, _health: health }
    }

    /// Readiness no longer waits for this.
    pub fn met(&self) {
        self.set(true);
    }

    /// Whether this is met from now on.
    pub fn set(&self, met: bool) {
        self.state.met.store(met, Ordering::SeqCst);
    }
}
