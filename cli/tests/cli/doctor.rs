//! `flotilla doctor` on machines with few tools.

use std::os::unix::fs::symlink;

use crate::flotilla::{Ran, command, finish, run};

/// On a machine that has nothing but `sh`.
fn bare(args: &[&str]) -> Ran {
    let path = tempfile::tempdir().expect("a directory");
    symlink("/bin/sh", path.path().join("sh")).expect("a link");
    finish(command(args).env("PATH", path.path()), "")
}

#[test]
fn every_tool_is_named_with_its_use_and_missing_ones_are_hints() {
    let ran = bare(&["doctor"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for tool in ["cargo", "curl", "docker", "just", "kubectl", "minikube", "psql"] {
        let line = ran.stdout.lines().find(|line| line.trim_start().starts_with(tool));
        assert!(line.is_some_and(|line| line.contains("missing")), "{tool} in {}", ran.stdout);
    }
    for fact in ["port 8080", "port 8081", "memory"] {
        assert!(ran.stdout.contains(fact), "{fact} in {}", ran.stdout);
    }
}

#[test]
fn a_purpose_without_anything_to_do_is_not_offered() {
    let ran = bare(&["doctor", "--for", "helm"]);
    assert_eq!(ran.code, Some(2), "there is no chart: {ran:?}");
    assert!(ran.stderr.contains("walkthrough") && ran.stderr.contains("postgres"), "it names the others: {ran:?}");
    assert!(!bare(&["doctor", "--help"]).stdout.to_lowercase().contains("chart"));
}

#[test]
fn the_walkthrough_needs_more_than_curl() {
    let ran = bare(&["doctor", "--for", "walkthrough"]);
    assert_eq!(ran.code, Some(1));
    let (_, fixes) = ran.stdout.split_once("To fix\n").expect("a list of remedies");
    let named: Vec<_> = fixes.lines().filter_map(|line| line.trim().split(':').next()).collect();
    assert_eq!(named, ["cargo", "curl", "docker", "just", "kubectl"]);
}

#[test]
fn what_is_asked_for_and_missing_is_an_error_with_a_line_each() {
    let ran = bare(&["doctor", "--for", "minikube,postgres"]);
    assert_eq!(ran.code, Some(1));
    let (_, fixes) = ran.stdout.split_once("To fix\n").expect("a list of remedies");
    let named: Vec<_> = fixes.lines().filter_map(|line| line.trim().split(':').next()).collect();
    assert_eq!(named, ["docker", "just", "kubectl", "minikube", "psql"]);
}

#[test]
fn a_tool_that_is_here_is_shown_with_its_version() {
    // Whoever runs this test has cargo.
    let ran = run(&["doctor", "--for", "rust"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    let cargo = ran.stdout.lines().find(|line| line.contains("cargo")).expect("a line");
    assert!(cargo.contains("ok") && cargo.contains("1."), "{cargo}");
    assert!(ran.stdout.contains("Nothing you asked for is missing."));
}
