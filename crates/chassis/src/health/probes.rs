//! The last probes, for `GET /probes`: a learner sees the kubelet come by.
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

const KEPT: usize = 20;
/// A user agent longer than this is cut: the list stays small whatever callers send.
const MAX_AGENT: usize = 200;

/// One call of a probe.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Probe {
    time: String,
    path: &'static str,
    status: u16,
    user_agent: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Probes(Mutex<VecDeque<Probe>>);

impl Probes {
    pub(super) fn remember(&self, path: &'static str, status: u16, user_agent: Option<&str>) {
        let user_agent = user_agent.map(|agent| agent.chars().take(MAX_AGENT).collect());
        let probe = Probe { time: crate::telemetry::utc_now(), path, status, user_agent };
        let mut probes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        probes.truncate(KEPT - 1);
        probes.push_front(probe);
    }

    /// Newest first.
    pub(super) fn list(&self) -> Vec<Probe> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
