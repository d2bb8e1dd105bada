//! `flotilla demo`: the list, what cannot be asked for, and every demo to its end in a suite of its own.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Child;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::flotilla::{command, run};
use crate::processes::{self, until};
use crate::suite;

/// A demo that runs, with a home of its own.
pub(crate) struct Demo {
    child: Child,
    home: TempDir,
}

impl Demo {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    /// With these variables.
    pub(crate) fn start_with(args: &[&str], variables: &[(&str, &OsStr)]) -> Self {
        let home = suite::home();
        let mut command = command(&[&["demo", "--plain"], args].concat());
        suite::at_home(&mut command, home.path());
        command.envs(variables.iter().copied());
        for (stream, name) in [(false, "stdout"), (true, "stderr")] {
            let file = File::create(home.path().join(name)).expect("a file");
            if stream {
                command.stderr(file)
            } else {
                command.stdout(file)
            };
        }
        // The group that a terminal would send Ctrl-C to.
        let child = command.process_group(0).spawn().expect("the executable starts");
        Self { child, home }
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.path().join(name)).expect("UTF-8")
    }

    pub(crate) fn output(&self) -> String {
        self.text("stdout")
    }

    pub(crate) fn errors(&self) -> String {
        self.text("stderr")
    }

    pub(crate) fn wait_for(&mut self, part: &str) {
        until(part, || {
            let ended = self.child.try_wait().expect("our child");
            let found = self.output().contains(part);
            assert!(found || ended.is_none(), "it ended without {part:?}:\n{}{}", self.output(), self.errors());
            found.then_some(())
        });
    }

    /// As a terminal does.
    pub(crate) fn send(&self, signal: Signal) {
        processes::send_to_group(self.child.id().try_into().expect("an id"), signal);
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let status = self.child.wait().expect("our child");
        status.code()
    }

    /// Its services. Known on Linux only; elsewhere the address of their frontend has to do.
    pub(crate) fn children(&self) -> Vec<i32> {
        let id = self.child.id();
        let list = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        list.split_whitespace().filter_map(|id| id.parse().ok()).collect()
    }

    /// Where its suite is.
    pub(crate) fn origin(&self) -> String {
        let output = self.output();
        let (_, rest) = output.split_once("runs at ").expect("it says where");
        rest.split(':').take(3).collect::<Vec<_>>().join(":")
    }

    /// What is left in its temporary directory.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let entries = self.home.path().join("tmp").read_dir().expect("it stays");
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }
}

impl Drop for Demo {
    /// Its services end with it.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Plays a demo whose promises are kept, and says what it told.
fn passes(name: &str, parts: &[&str]) {
    let mut demo = Demo::start(&[name, "--pace", "100ms"]);
    let code = demo.exit_code();
    let output = demo.output();
    assert_eq!(code, Some(0), "{output}{}", demo.errors());
    for part in parts {
        assert!(output.contains(part), "{part:?} is not in {output}");
    }
    assert!(!output.contains("NOT OK") && !output.contains('\u{1b}'), "{output}");
    let verdict = output.lines().last().expect("a line");
    assert!(verdict.starts_with(&format!("PASS: demo {name}: all ")), "{verdict}");
    assert!(demo.errors().contains("t=1s rate="), "the load is shown: {}", demo.errors());
    assert_eq!(demo.left(), Vec::<PathBuf>::new());
}

#[test]
fn without_a_name_they_are_listed() {
    let ran = run(&["demo"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    for name in ["tokens", "health", "rollout", "faults", "shutdown"] {
        let lines = ran.stdout.lines().filter(|line| line.trim_start().starts_with(name));
        assert_eq!(lines.count(), 1, "{ran:?}");
    }
}

#[test]
fn tokens() {
    passes(
        "tokens",
        &[
            "a good token works: 200 OK",
            "a changed token is refused: 401",
            "an expired token is refused: 401",
            "published before it signs: 2 keys",
            "its tokens work: 200",
            "the old token still works: 200",
            "no request fails: 0 of ",
        ],
    );
}

#[test]
fn health() {
    passes(
        "health",
        &[
            "gets no traffic: hello-2 100 %",
            "it lives on: /healthz 200",
            "is started anew: process ",
            "no request fails: 0 of ",
        ],
    );
}

#[test]
fn rollout() {
    passes(
        "rollout",
        &["hello-1 drains", "hello-2 drains", "hello-4 answers", "only new ones are left", "no request fails: 0 of "],
    );
}

#[test]
fn faults() {
    passes(
        "faults",
        &["users see the delay: ", "users see the errors: ", "all is well again: ", "failed (status 500)"],
    );
}

#[test]
fn shutdown() {
    passes("shutdown", &["hello-1 drains: it ended with exit code 0", "no request fails: 0 of ", "SIGKILL to hello-2"]);
}

#[test]
fn what_cannot_be_shown_there_is_exit_code_2() {
    for (args, part) in [
        (["rollout", "--url", "localhost:1"].as_slice(), "leave --url out"),
        (&["faults", "--url", "localhost:1"], "--health"),
        (&["tokens", "--url", "localhost:1", "--health", "localhost:2"], "leave --health out"),
        (&["faults", "--url", "localhost:1", "--health", "localhost:2", "-u", "ada"], "leave --user out"),
        (&["tokens", "--url", "ftp://localhost"], "neither http nor https"),
        (&["tokens", "--pace", "2m"], "at most 1m"),
        (&["tokens", "--user", "ada"], "--url"),
        (&["tokens", "--kubernetes", "--url", "localhost:1"], "cannot be used with"),
        (&["tokens", "--context", "minikube"], "--kubernetes"),
        (&["tokens", "--namespace", "mine"], "--kubernetes"),
        (&["tokens", "--registry", "registry.example.com"], "--kubernetes"),
        (&["tokens", "--kubernetes", "--namespace", "Mine"], "up to 63 of a-z"),
        (&["tokens", "--kubernetes", "--registry", "https://registry.example.com"], "without a scheme"),
        (&["--kubernetes"], "<NAME>"),
        (&["token"], "tokens"),
    ] {
        let ran = run(&[&["demo"], args].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(part), "{part}: {ran:?}");
    }
}
