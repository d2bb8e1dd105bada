//! The scripts of `.ci` and of `k8s/lab`, with stand-ins for the commands that they call.
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use e2e::{Test, environment};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        advisories_are_checked_where_the_database_can_be_had,
        a_missing_advisory_database_is_named,
        wait_for_shows_what_it_waited_for,
        wait_for_ends_with_what_it_did_not_get
    ]
}

/// Runs a script of the clone with this program in the place of `cargo`: exit code and what was printed.
fn run(script: &str, arguments: &[&str], cargo: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let directory = environment::temporary_directory();
    let program = directory.path().join("cargo");
    fs::write(&program, format!("#!/bin/sh\n{cargo}\n")).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let mut command = Command::new(Path::new(ROOT).join(script));
    command.args(arguments).env_clear().env("HOME", directory.path()).envs(variables.iter().copied());
    command.env("PATH", format!("{}:{}", directory.path().display(), environment::path()));
    let output = command.output().expect("the script runs");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (output.status.code(), said.concat())
}

async fn advisories_are_checked_where_the_database_can_be_had() {
    for (verdict, code) in [("exit 0", 0), ("echo RUSTSEC-2026-0001; exit 1", 1)] {
        let cargo =
            format!("case \"$*\" in 'deny fetch db') ;; 'deny check --disable-fetch advisories') {verdict} ;; esac");
        let (found, said) = run(".ci/advisories", &[], &cargo, &[]);
        assert_eq!(found, Some(code), "{said}");
        assert!(!said.contains("SKIPPED"), "{said}");
    }
}

async fn a_missing_advisory_database_is_named() {
    let cargo = "echo 'fatal: unable to access: Could not resolve host' >&2; exit 1";
    let (code, said) = run(".ci/advisories", &[], cargo, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("SKIPPED advisories: ") && said.contains("Could not resolve host"), "{said}");
    let (code, said) = run(".ci/advisories", &[], cargo, &[("FLOTILLA_REQUIRE", "openssl,advisories")]);
    assert_eq!(code, Some(1), "{said}");
}

async fn wait_for_shows_what_it_waited_for() {
    let answer =
        "[ -e \"$HOME/asked\" ] || { touch \"$HOME/asked\"; exit 1; }\necho '{\"message\":\"Hello from version 2\"}'";
    let (code, said) = run("k8s/lab/wait-for", &["version 2", "cargo"], answer, &[]);
    assert_eq!((code, &*said), (Some(0), "{\"message\":\"Hello from version 2\"}\n"));
}

async fn wait_for_ends_with_what_it_did_not_get() {
    let (code, said) = run("k8s/lab/wait-for", &["version 2", "cargo", "-s"], "echo Hello", &[("WAIT_SECONDS", "2")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("waited 2 s for \"version 2\" from: cargo -s") && said.contains("Hello"), "{said}");
    assert_eq!(run("k8s/lab/wait-for", &[], "", &[]).0, Some(2));
}
