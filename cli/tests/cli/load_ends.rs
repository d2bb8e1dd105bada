//! How `flotilla load` ends before its time: with the report at the first Ctrl-C, at once at the second.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use crate::fake::{Act, Fake};
use crate::flotilla::{Ran, command};
use crate::processes::{self, until};

fn start(args: &[&str]) -> Child {
    command(&[&["load"], args].concat()).spawn().expect("the executable starts")
}

fn send(child: &Child, signal: Signal) {
    processes::send(child.id().try_into().expect("an id"), signal);
}

fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_signal_ends_the_load_with_its_report_and_verdict() {
    for signal in [Signal::INT, Signal::TERM] {
        let fake = Fake::serve(|_| Act::Answer(""));
        let child = start(&[&fake.origin, "-d", "10m", "-c", "2", "--output", "json", "--max-failures", "0"]);
        until("some requests", || (fake.requests() > 100).then_some(()));
        send(&child, signal);
        let ran = finish(child);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
        assert_eq!(report["interrupted"], true);
        assert_eq!(report["good"].as_u64(), Some(fake.requests() as u64), "nothing that was sent is left out");
        assert!(ran.stderr.contains("once more ends at once"), "{ran:?}");
    }
}

#[test]
fn an_open_loop_ends_as_well() {
    let fake = Fake::serve(|_| Act::Answer(""));
    let child = start(&[&fake.origin, "--rate", "200", "-d", "10m", "--output", "json", "--max-failures", "0"]);
    until("some requests", || (fake.requests() > 50).then_some(()));
    send(&child, Signal::INT);
    let ran = finish(child);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!(report["good"].as_u64(), Some(fake.requests() as u64));
}

#[test]
fn answers_after_the_stop_are_good_and_no_part_of_the_rate() {
    let held = Arc::new(AtomicBool::new(true));
    let fake = Fake::serve({
        let held = Arc::clone(&held);
        move |_| {
            until("the stop", || (!held.load(Ordering::SeqCst)).then_some(()));
            Act::Answer("")
        }
    });
    let mut child = start(&[&fake.origin, "-d", "10m", "-c", "2", "--output", "json", "--min-rate", "0.01"]);
    until("both requests", || (fake.requests() == 2).then_some(()));
    send(&child, Signal::INT);
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("stopping")), "it says that it stops");
    held.store(false, Ordering::SeqCst);
    let ran = finish(child);
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!((report["good"].as_u64(), report["rate"].as_f64()), (Some(2), Some(0.0)), "{report:#}");
    assert_eq!(ran.code, Some(1), "{ran:?}");
}

#[test]
fn what_is_in_flight_is_waited_for_a_little_and_then_named() {
    let fake = Fake::serve(|_| Act::Silence);
    let child = start(&[&fake.origin, "-d", "10m", "-c", "2", "--timeout", "10m", "--output", "json"]);
    until("both requests", || (fake.requests() == 2).then_some(()));
    send(&child, Signal::INT);
    let ran = finish(child);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout).expect("a report");
    assert_eq!((report["requests"].as_u64(), report["failed"].as_u64()), (Some(2), Some(2)));
    assert_eq!(report["failures"][0]["kind"], "unanswered when stopped");
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let fake = Fake::serve(|_| Act::Silence);
    let mut child = start(&[&fake.origin, "-d", "10m", "-c", "1", "--timeout", "10m"]);
    until("a request", || (fake.requests() == 1).then_some(()));
    // Not counted while it may be the echo of the first: a person presses again.
    let status = until("the end at once", || {
        send(&child, Signal::INT);
        thread::sleep(std::time::Duration::from_millis(100));
        child.try_wait().expect("our child")
    });
    assert_eq!(status.code(), Some(130));
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_load() {
    let fake = Fake::serve(|_| Act::Answer(""));
    for option in ["--json", "--html"] {
        let ran = crate::flotilla::run(&["load", &fake.origin, option, "/no/such/directory/report"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.stderr.contains(&format!("{option}: cannot write /no/such/directory/report")), "{ran:?}");
    }
    assert_eq!(fake.requests(), 0);
}

#[test]
fn one_file_for_both_reports_is_a_wrong_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("report");
    let name = file.to_str().expect("UTF-8");
    let ran = crate::flotilla::run(&["load", "localhost:1", "--json", name, "--html", name]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("--json and --html name the same file"), "{ran:?}");
    assert!(!file.exists(), "nothing is written");
}
