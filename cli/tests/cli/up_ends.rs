//! How `flotilla up` ends: in order, at once, or not by its own will. No process is ever left.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::sync::Arc;

use rustix::process::Signal;

use crate::flotilla::command;
use crate::processes::{self, lives, until};
use crate::suite::{self, Suite};

fn pids(suite: &Suite) -> Vec<i32> {
    suite.table().iter().map(|row| row.pid).collect()
}

#[test]
fn ctrl_c_drains_from_the_outside_in() {
    let mut suite = Suite::up(&["--ephemeral"]);
    let pids = pids(&suite);
    assert_eq!(suite.end(Signal::INT), Some(0), "{}", suite.output());
    assert!(!pids.into_iter().any(lives));
    assert!(suite.output().contains("auth has stopped"), "{}", suite.output());
    let output = suite.output();
    let said: Vec<_> = output.lines().filter_map(|line| line.strip_prefix("flotilla | stopping ")).collect();
    assert_eq!(said, ["frontend", "hello", "auth"]);
    assert!(!output.contains("starting it again"), "{output}");
    assert_eq!(suite.errors(), "");
}

#[test]
fn sigterm_is_as_good() {
    let mut suite = Suite::up(&["--ephemeral", "--monolith"]);
    let pids = pids(&suite);
    assert_eq!(suite.end(Signal::TERM), Some(0), "{}", suite.output());
    assert!(!pids.into_iter().any(lives));
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let home = Arc::new(suite::home());
    let mut suite = Suite::start(&home, &["--ephemeral"], &[("FRONTEND_DRAIN_DELAY", "10m")]);
    suite.wait_for("Ctrl-C stops everything.");
    let pids = pids(&suite);
    processes::send_to_group(suite.pid(), Signal::INT);
    suite.wait_for("stopping frontend");
    // Not counted while it may be the echo of the first: a person presses again.
    until("the end at once", || {
        processes::send_to_group(suite.pid(), Signal::INT);
        suite.output().contains("stopping at once").then_some(())
    });
    assert_eq!(suite.exit_code(), Some(130));
    for service in ["frontend", "hello", "auth"] {
        let told = format!("flotilla | {service} was killed\n");
        assert!(suite.output().contains(&told), "{}", suite.output());
    }
    assert!(!pids.into_iter().any(lives));
    assert_eq!(home.path().join("tmp").read_dir().expect("it stays").count(), 0);
}

#[test]
fn a_service_is_waited_for_as_long_as_its_settings_say_and_then_reported() {
    let home = Arc::new(suite::home());
    let quick = [("HELLO_DRAIN_DELAY", "0s"), ("HELLO_SHUTDOWN_TIMEOUT", "0s")];
    let mut suite = Suite::start(&home, &["--ephemeral"], &quick);
    suite.wait_for("Ctrl-C stops everything.");
    processes::send(suite.row("hello").pid, Signal::STOP);
    assert_eq!(suite.end(Signal::INT), Some(1), "{}", suite.output());
    let output = suite.output();
    assert!(output.contains("flotilla | hello did not stop within 5 s and was killed\n"), "{output}");
    assert!(output.contains("flotilla | auth has stopped"), "{output}");
}

#[test]
fn a_service_that_ends_otherwise_than_drained_is_reported() {
    let home = Arc::new(suite::home());
    let mut suite = Suite::start(&home, &["--ephemeral"], &[("HELLO_DRAIN_DELAY", "10m")]);
    suite.wait_for("Ctrl-C stops everything.");
    let hello = suite.row("hello").pid;
    processes::send_to_group(suite.pid(), Signal::INT);
    suite.wait_for("draining: not ready, still serving");
    suite.wait_for("stopping hello");
    processes::send(hello, Signal::KILL);
    assert_eq!(suite.exit_code(), Some(1), "{}", suite.output());
    let output = suite.output();
    assert!(output.contains("flotilla | hello was killed by SIGKILL"), "{output}");
    assert!(!output.contains("hello has stopped"), "{output}");
}

#[test]
fn ctrl_c_during_the_start_leaves_nothing() {
    let home = Arc::new(suite::home());
    let mut suite = Suite::start(&home, &["--ephemeral"], &[]);
    suite.wait_for("auth ");
    assert_eq!(suite.end(Signal::INT), Some(0), "{}", suite.output());
    assert!(suite.output().contains("auth has stopped"), "{}", suite.output());
    assert_eq!(home.path().join("tmp").read_dir().expect("it stays").count(), 0);
}

#[test]
fn the_services_do_not_outlive_a_killed_flotilla() {
    let mut suite = Suite::up(&["--ephemeral"]);
    let pids = pids(&suite);
    processes::send(suite.pid(), Signal::KILL);
    assert_eq!(suite.exit_code(), None);
    until("the end of the services", || (!pids.iter().copied().any(lives)).then_some(()));
}

#[test]
fn a_reader_that_went_away_stops_nothing() {
    let home = suite::home();
    let mut command = command(&["up", "--port", "0", "--ephemeral", "--monolith"]);
    let mut child = suite::at_home(&mut command, home.path()).process_group(0).spawn().expect("it starts");
    let pid = child.id().try_into().expect("an id");
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    let mut printed = String::new();
    while !printed.contains("Ctrl-C stops everything.") {
        assert_ne!(reader.read_line(&mut printed).expect("a line"), 0, "it ended:\n{printed}");
    }
    drop(reader);
    processes::send(pid, Signal::TERM);
    let status = until("its end", || child.try_wait().expect("our child"));
    assert_eq!(status.code(), Some(0));
}
