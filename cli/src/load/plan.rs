//! What a run is to do, decided: everything that the options say, checked and with its defaults.

use std::time::Duration;

use super::good::Good;
use super::mix::{Mix, WeightedPath};
use super::request::Message;
use super::schedule::{Schedule, Unit};
use super::session::Login;
use super::target::Target;
use super::tls::Trust;

/// A run, ready to begin.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) mix: Mix,
    pub(crate) message: Message,
    pub(crate) schedule: Schedule,
    /// In an open loop: how many there may be at most.
    pub(crate) connections: usize,
    /// The run ends after so many requests, if its time has not come before.
    pub(crate) requests: Option<u64>,
    pub(crate) keep_alive: bool,
    /// Of a request, from making its connection to the last byte of its answer.
    pub(crate) timeout: Duration,
    pub(crate) good: Good,
    pub(crate) login: Option<Login>,
    pub(crate) trust: Trust,
    /// Whether an address may be loaded that is neither of this machine nor private.
    pub(crate) anywhere: bool,
    pub(crate) threads: usize,
}

impl Plan {
    /// Asks for the target's path by this schedule; everything else as it is unless told otherwise.
    pub(crate) fn new(target: Target, schedule: Schedule, connections: usize) -> Self {
        let path = target.path().parse().expect("the path of a parsed address");
        Self {
            mix: Mix::new(vec![WeightedPath { path, weight: 1 }]).expect("one path"),
            target,
            message: Message::default(),
            schedule,
            connections,
            requests: None,
            keep_alive: true,
            timeout: Duration::from_secs(10),
            good: Good::default(),
            login: None,
            trust: Trust::System,
            anywhere: false,
            threads: cores(),
        }
    }

    pub(crate) fn is_open_loop(&self) -> bool {
        self.schedule.unit() == Unit::Rate
    }

    /// What is loaded and how, in a few words.
    pub(crate) fn shape(&self) -> String {
        let Self { connections, schedule, .. } = self;
        let plural = if *connections == 1 { "" } else { "s" };
        let keep = if self.keep_alive { "" } else { ", each for one request" };
        let steady = match schedule.phases() {
            [phase] => phase.from.to_bits() == phase.to.to_bits(),
            _ => false,
        };
        let phases = match schedule.phases().len() {
            1 => "1 phase".to_owned(),
            many => format!("{many} phases"),
        };
        match (schedule.unit(), steady) {
            (Unit::Connections, true) => format!("closed loop, {connections} connection{plural}{keep}"),
            (Unit::Connections, false) => {
                format!("closed loop, up to {connections} connection{plural}{keep}, {phases}")
            }
            (Unit::Rate, true) => {
                format!("open loop, {}/s over up to {connections} connection{plural}{keep}", schedule.highest())
            }
            (Unit::Rate, false) => format!(
                "open loop, up to {}/s over up to {connections} connection{plural}{keep}, {phases}",
                schedule.highest()
            ),
        }
    }
}

/// As many threads as there are cores for this process.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
