//! How `flotilla demo` ends when all is not as promised, and when somebody ends it: with everything put back.

use rustix::process::Signal;

use crate::demo::Demo;
use crate::http;
use crate::processes::{lives, until};

#[test]
fn a_broken_promise_is_exit_code_1() {
    let mut demo = Demo::start(&["shutdown", "--drain-delay", "0s", "--pace", "0s"]);
    assert_eq!(demo.exit_code(), Some(1), "{}{}", demo.output(), demo.errors());
    let output = demo.output();
    assert!(output.contains("NOT OK  no request fails: "), "{output}");
    assert!(!output.contains("it was the drain"), "what was not seen is not explained: {output}");
    let verdict = output.lines().last().expect("a line");
    assert!(verdict.starts_with("FAIL: demo shutdown: no request fails: "), "{verdict}");
    assert!(demo.left().is_empty());
}

#[test]
fn ctrl_c_ends_the_suite_and_says_no_verdict() {
    for (signal, code, moment) in [(Signal::INT, 130, "1. "), (Signal::TERM, 143, "both answer")] {
        let mut demo = Demo::start(&["health", "--pace", "30s"]);
        demo.wait_for(moment);
        let (origin, children) = (demo.origin(), demo.children());
        assert!(http::get(&format!("{origin}/"), &[]).is_ok(), "it runs");
        demo.send(signal);
        assert_eq!(demo.exit_code(), Some(code), "{}{}", demo.output(), demo.errors());
        assert!(!children.into_iter().any(lives));
        assert!(http::get(&format!("{origin}/"), &[]).is_err(), "it is gone");
        assert!(!demo.output().contains("PASS") && !demo.output().contains("FAIL"), "{}", demo.output());
        assert!(demo.left().is_empty());
    }
}

#[test]
fn ctrl_c_during_the_start_leaves_nothing() {
    let mut demo = Demo::start(&["tokens"]);
    let children = until("a service", || Some(demo.children()).filter(|_| !demo.left().is_empty()));
    demo.send(Signal::INT);
    assert_eq!(demo.exit_code(), Some(130), "{}{}", demo.output(), demo.errors());
    assert!(!children.into_iter().any(lives));
    assert!(demo.left().is_empty());
}

#[test]
fn a_killed_demo_takes_its_suite_along() {
    let mut demo = Demo::start(&["rollout", "--pace", "30s"]);
    demo.wait_for("1. ");
    let (origin, children) = (demo.origin(), demo.children());
    demo.send(Signal::KILL);
    assert_eq!(demo.exit_code(), None);
    until("the end of its services", || (!children.iter().copied().any(lives)).then_some(()));
    until("the end of its frontend", || http::get(&format!("{origin}/"), &[]).is_err().then_some(()));
}
