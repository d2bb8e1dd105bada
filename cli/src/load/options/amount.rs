//! How much: connections, rate, time, number, phases.

use std::time::Duration;

use anyhow::bail;
use clap::Args;

use crate::load::schedule::{MAX_CONNECTIONS, MAX_RATE, Phase, Schedule, Unit};

/// Without a number of requests and without a time.
const USUAL_LENGTH: Duration = Duration::from_secs(30);
/// The time that a number of requests has, unless it is told.
pub(super) const LENGTH_OF_A_COUNT: Duration = Duration::from_hours(1);
/// No run is without an end.
pub(super) const LONGEST: Duration = Duration::from_hours(24);
const MOST_REQUESTS: u64 = 1_000_000_000;
const USUAL_CONNECTIONS: usize = 8;
/// A rate needs more connections when answers are slow. A frontend of 10 MiB, the smallest that the manifests have, serves about 50
/// connections of one client.
const USUAL_CONNECTIONS_OF_A_RATE: usize = 32;
const MAX_THREADS: u64 = 64;

#[derive(Debug, Args)]
#[command(next_help_heading = "How much")]
pub(super) struct Amount {
    /// How many connections keep asking; with a rate, how many there may be at most [default: 8; with a rate 32]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_CONNECTIONS as u64))]
    connections: Option<u64>,

    /// Send so many requests a second whatever becomes of them (open loop), instead of each when the last is answered
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    rate: Option<f64>,

    /// How long [default: 30s; at most 24h]
    #[arg(short, long, value_name = "TIME", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,

    /// End after so many requests, if not before
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_REQUESTS))]
    pub(super) requests: Option<u64>,

    /// A part of the run, instead of --rate and --duration; may be repeated, see below
    #[arg(long = "phase", value_name = "TIME:LEVEL", conflicts_with_all = ["rate", "duration"])]
    phases: Vec<Phase>,

    /// How many threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_THREADS))]
    pub(super) threads: Option<u64>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.strip_suffix("/s").unwrap_or(text).parse().ok();
    let fits = |rate: &f64| *rate > 0.0 && *rate <= MAX_RATE;
    rate.filter(fits).ok_or_else(|| format!("wanted: requests a second, up to {MAX_RATE}"))
}

impl Amount {
    /// How much when, and how many connections at most.
    ///
    /// More connections than requests would be opened for nothing.
    pub(super) fn schedule(&self) -> anyhow::Result<(Schedule, usize)> {
        let (schedule, connections) = self.shape()?;
        let requests = self.requests.map_or(MAX_CONNECTIONS, |requests| whole(requests.min(MAX_CONNECTIONS as u64)));
        Ok((schedule, connections.min(requests)))
    }

    fn shape(&self) -> anyhow::Result<(Schedule, usize)> {
        let given = self.connections.map(whole);
        if !self.phases.is_empty() {
            let schedule = Schedule::new(self.phases.clone()).map_err(|why| anyhow::anyhow!("--phase: {why}"))?;
            let connections = match schedule.unit() {
                Unit::Rate => given.unwrap_or(USUAL_CONNECTIONS_OF_A_RATE),
                Unit::Connections if given.is_some() => {
                    bail!("--connections and phases of connections say the same twice: leave one out")
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked when it was parsed"
                )]
                Unit::Connections => (schedule.highest().ceil() as usize).max(1),
            };
            return Ok((within(schedule)?, connections));
        }
        let usual = if self.requests.is_some() { LENGTH_OF_A_COUNT } else { USUAL_LENGTH };
        let length = self.duration.unwrap_or(usual);
        if length.is_zero() {
            bail!("--duration: wanted: more than nothing, for example 30s");
        }
        let (level, unit, connections) = if let Some(rate) = self.rate {
            (rate, Unit::Rate, given.unwrap_or(USUAL_CONNECTIONS_OF_A_RATE))
        } else {
            let connections = given.unwrap_or(USUAL_CONNECTIONS);
            #[expect(clippy::cast_precision_loss, reason = "connections are few")]
            (connections as f64, Unit::Connections, connections)
        };
        Ok((within(Schedule::steady(length, level, unit))?, connections))
    }
}

fn within(schedule: Schedule) -> anyhow::Result<Schedule> {
    if schedule.length() > LONGEST {
        bail!("a run takes at most 24h, and this one would take {}", humantime::format_duration(schedule.length()));
    }
    Ok(schedule)
}

pub(super) fn whole(count: u64) -> usize {
    usize::try_from(count).expect("checked when it was parsed")
}
