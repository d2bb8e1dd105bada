//! The report for programs. Its members are described in docs/load.md; one may be added, none changes its meaning.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::load::course::Point;
use crate::load::histogram::Latencies;
use crate::load::outcome::{Outcome, per_second, percent};
use crate::load::schedule::Unit;
use crate::load::verdict::Verdict;

/// All of it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    target: String,
    started: String,
    seconds: f64,
    interrupted: bool,
    load: Load,
    requests: u64,
    good: u64,
    failed: u64,
    unsent: u64,
    rate: f64,
    latency_ms: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_time_ms: Option<Summary>,
    paths: Vec<Path>,
    statuses: BTreeMap<u16, u64>,
    servers: Vec<Server>,
    others: u64,
    versions: BTreeMap<String, u64>,
    failures: Vec<Failure>,
    connections_opened: u64,
    body_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
    marks: Vec<Mark>,
    series: Vec<Stretch>,
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
struct Load {
    r#loop: &'static str,
    connections: usize,
    keep_alive: bool,
    timeout_seconds: f64,
    phases: Vec<Phase>,
}

#[derive(Debug, Serialize)]
struct Phase {
    seconds: f64,
    from: f64,
    to: f64,
}

#[derive(Debug, Serialize)]
struct Summary {
    min: f64,
    mean: f64,
    p50: f64,
    p90: f64,
    p95: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p99_9: f64,
    max: f64,
}

#[derive(Debug, Serialize)]
struct Path {
    #[serde(rename = "path")]
    text: String,
    weight: u32,
    requests: u64,
    good: u64,
    failed: u64,
    latency_ms: Summary,
}

#[derive(Debug, Serialize)]
struct Server {
    pod: String,
    version: String,
    answers: u64,
    percent: f64,
}

#[derive(Debug, Serialize)]
struct Failure {
    kind: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<First>,
}

#[derive(Debug, Serialize)]
struct First {
    second: f64,
    method: String,
    path: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    served_by: Option<String>,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Token {
    refreshed: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Mark {
    second: f64,
    text: String,
}

#[derive(Debug, Serialize)]
struct Stretch {
    second: f64,
    seconds: f64,
    rate: f64,
    good: u64,
    failed: u64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    pods: BTreeMap<String, u64>,
    others: u64,
    versions: BTreeMap<String, u64>,
}

impl Report {
    pub(crate) fn new(outcome: &Outcome, verdict: &Verdict) -> Self {
        let (total, plan) = (&outcome.total, &outcome.plan);
        Self {
            target: plan.target.origin(),
            started: outcome.started.to_string(),
            seconds: thousandths(outcome.elapsed.as_secs_f64()),
            interrupted: outcome.interrupted,
            load: load(outcome),
            requests: total.requests(),
            good: total.good(),
            failed: total.failed_count(),
            unsent: outcome.unsent,
            rate: thousandths(outcome.rate()),
            latency_ms: Summary::of(&total.latencies()),
            service_time_ms: plan.is_open_loop().then(|| Summary::of(&total.service_times)),
            paths: paths(outcome),
            statuses: total.statuses.iter().copied().collect(),
            servers: servers(outcome),
            others: total.shares.others(),
            versions: total.shares.versions().into_iter().collect(),
            failures: failures(outcome),
            connections_opened: total.connections_opened,
            body_bytes: total.body_bytes,
            token: outcome.renewals.as_ref().map(|renewals| Token {
                refreshed: renewals.refreshed,
                failed: renewals.failed,
                last_error: renewals.last_error.clone(),
            }),
            marks: outcome
                .marks
                .iter()
                .map(|mark| Mark { second: thousandths(mark.at.as_secs_f64()), text: mark.text.clone() })
                .collect(),
            series: outcome.points.iter().map(Stretch::of).collect(),
            verdict: verdict.clone(),
        }
    }
}

fn load(outcome: &Outcome) -> Load {
    let plan = &outcome.plan;
    let phases = plan.schedule.phases().iter();
    Load {
        r#loop: if plan.schedule.unit() == Unit::Rate { "open" } else { "closed" },
        connections: plan.connections,
        keep_alive: plan.keep_alive,
        timeout_seconds: plan.timeout.as_secs_f64(),
        phases: phases.map(|it| Phase { seconds: it.length.as_secs_f64(), from: it.from, to: it.to }).collect(),
    }
}

fn paths(outcome: &Outcome) -> Vec<Path> {
    let both = outcome.plan.mix.paths().iter().zip(&outcome.total.paths);
    both.map(|(path, tally)| Path {
        text: path.path.to_string(),
        weight: path.weight,
        requests: tally.latencies.count() + tally.failed,
        good: tally.latencies.count(),
        failed: tally.failed,
        latency_ms: Summary::of(&tally.latencies),
    })
    .collect()
}

fn servers(outcome: &Outcome) -> Vec<Server> {
    let shares = &outcome.total.shares;
    let server = |(server, answers): &(crate::load::shares::Server, u64)| Server {
        pod: server.pod.clone(),
        version: server.version.clone(),
        answers: *answers,
        percent: thousandths(percent(*answers, shares.total())),
    };
    shares.rows().iter().map(server).collect()
}

fn failures(outcome: &Outcome) -> Vec<Failure> {
    let failed = outcome.total.failures.iter();
    failed
        .map(|failed| Failure {
            kind: failed.kind.to_string(),
            count: failed.count,
            first: failed.first.clone().map(|first| First {
                second: thousandths(first.at.as_secs_f64()),
                method: first.method,
                path: first.path,
                request_id: first.request_id,
                served_by: first.served_by,
                detail: first.detail,
            }),
        })
        .collect()
}

impl Summary {
    fn of(latencies: &Latencies) -> Self {
        let at = |percent| millis(latencies.percentile(percent));
        Self {
            min: millis(latencies.min()),
            mean: millis(latencies.mean()),
            p50: at(50.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
            p99_9: at(99.9),
            max: millis(latencies.max()),
        }
    }
}

impl Stretch {
    fn of(point: &Point) -> Self {
        let at = |percent| millis(point.latencies.percentile(percent));
        let mut pods = BTreeMap::new();
        for (server, count) in point.shares.rows() {
            *pods.entry(server.pod.clone()).or_insert(0) += count;
        }
        Self {
            second: point.from.as_secs_f64(),
            seconds: point.length.as_secs_f64(),
            rate: thousandths(per_second(point.good, point.length)),
            good: point.good,
            failed: point.failed(),
            p50_ms: at(50.0),
            p90_ms: at(90.0),
            p99_ms: at(99.0),
            max_ms: millis(point.latencies.max()),
            pods,
            others: point.shares.others(),
            versions: point.shares.versions().into_iter().collect(),
        }
    }
}

/// Whole microseconds.
fn millis(time: Duration) -> f64 {
    thousandths(time.as_secs_f64() * 1e3)
}

/// More would be digits that mean nothing.
fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests;
