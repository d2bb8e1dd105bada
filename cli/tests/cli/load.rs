//! `flotilla load` against the suite: what it counts is what the services counted, and its verdict is its exit code.

use serde_json::Value;

use crate::flotilla::{Ran, run};
use crate::http;
use crate::suite::Suite;

/// A run of `flotilla load` and its report.
pub(crate) struct Loaded {
    pub(crate) ran: Ran,
    pub(crate) report: Value,
}

/// Loads what is at `url`, and reads the report.
pub(crate) fn load(url: &str, args: &[&str]) -> Loaded {
    let ran = run(&[&["load", url, "--output", "json"], args].concat());
    let mut report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    // A failed test shows the rest of it.
    report.as_object_mut().and_then(|report| report.remove("series")).expect("a report has it");
    Loaded { ran, report }
}

impl Loaded {
    pub(crate) fn number(&self, pointer: &str) -> f64 {
        let found = self.report.pointer(pointer).and_then(Value::as_f64);
        found.unwrap_or_else(|| panic!("no {pointer} in {:#}", self.report))
    }

    pub(crate) fn count(&self, pointer: &str) -> u64 {
        let found = self.report.pointer(pointer).and_then(Value::as_u64);
        found.unwrap_or_else(|| panic!("no {pointer} in {:#}", self.report))
    }

    pub(crate) fn kinds(&self) -> Vec<&str> {
        let failures = self.report["failures"].as_array().expect("a list");
        failures.iter().map(|failure| failure["kind"].as_str().expect("a kind")).collect()
    }
}

/// What the server counted of a route.
fn counted(suite: &Suite, service: &str, route: &str, status: u16) -> u64 {
    let metrics = http::get(&format!("{}/metrics", suite.row(service).health), &[]).expect("metrics").body;
    let (route, status) = (format!("route=\"{route}\""), format!("status=\"{status}\""));
    let lines = metrics.lines().filter(|line| line.starts_with("http_requests_total{"));
    let fitting = lines.filter(|line| line.contains(&route) && line.contains(&status));
    fitting.map(|line| line.rsplit(' ').next().and_then(|count| count.parse::<u64>().ok()).expect("a count")).sum()
}

#[test]
fn a_run_passes_and_says_so() {
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let ran = run(&["load", &suite.origin(), "-d", "2100ms", "-c", "4", "--max-failures", "0", "--plain"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in ["closed loop, 4 connections", "answered by", "PASS: failures 0 (at most 0)"] {
        assert!(ran.stdout.contains(part), "{part}: {ran:?}");
    }
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'), "no colour in a pipe: {ran:?}");
    for second in ["t=1s rate=", "t=2s rate="] {
        assert_eq!(ran.stderr.lines().filter(|line| line.starts_with(second)).count(), 1, "{ran:?}");
    }
}

#[test]
fn counts_are_those_of_the_server() {
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let mix = ["-u", "user:password", "--path", "/:3", "--path", "/secure:1", "-c", "4"];
    let loaded = load(&suite.origin(), &[&mix[..], &["-n", "1000"]].concat());
    assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    assert_eq!((loaded.count("/requests"), loaded.count("/good"), loaded.count("/failed")), (1000, 1000, 0));
    let [root, secure] = ["/paths/0/good", "/paths/1/good"].map(|pointer| loaded.count(pointer));
    assert_eq!(root + secure, 1000);
    assert!((745..=755).contains(&root), "three of four: {root}");
    assert_eq!(counted(&suite, "monolith", "/", 200), root);
    assert_eq!(counted(&suite, "monolith", "/secure", 200), secure);
    assert_eq!(counted(&suite, "monolith", "/login", 200), 1, "one login, which is no part of the load");
    assert_eq!(loaded.count("/connections_opened"), 4);
    assert_eq!(loaded.count("/servers/0/answers"), 1000);
}

#[test]
fn failures_are_counted_by_kind_with_an_example() {
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let faults = format!("{}/faults", suite.row("monolith").health);
    assert_eq!(http::put(&faults, r#"{"error_percent":30,"for_seconds":300}"#).expect("an answer"), 200);
    let loaded = load(&suite.origin(), &["-n", "500", "--max-failures", "10%"]);
    assert_eq!(loaded.ran.code, Some(1), "{:#}", loaded.report);
    let failed = loaded.count("/failed");
    assert!((50..=300).contains(&failed), "{failed}");
    assert_eq!(loaded.count("/good") + failed, 500);
    assert_eq!(loaded.kinds(), ["status 500"]);
    assert_eq!(counted(&suite, "monolith", "/", 500), failed);
    assert_eq!(counted(&suite, "monolith", "/", 200), loaded.count("/good"));
    let first = &loaded.report["failures"][0]["first"];
    let id = first["request_id"].as_str().expect("an id");
    assert!(id.starts_with("load-"), "{first}");
    assert!(first["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{first}");
    suite.wait_for(id); // the log has the request by its id
    let generous = load(&suite.origin(), &["-n", "200", "--max-failures", "90%"]);
    assert_eq!(generous.ran.code, Some(0), "{:#}", generous.report);
}
