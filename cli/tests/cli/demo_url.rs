//! `flotilla demo --url`: on a suite that runs, which is afterwards as it was before.

use std::sync::Arc;

use rustix::process::Signal;
use serde_json::Value;

use crate::demo::Demo;
use crate::fake::{Act, Fake};
use crate::http;
use crate::suite::{self, Suite};

fn faults(suite: &Suite) -> u64 {
    let answer = http::get(&format!("{}/faults", suite.row("hello").health), &[]).expect("an answer");
    let faults: Value = serde_json::from_str(&answer.body).expect("JSON");
    faults["ends_in_seconds"].as_u64().expect("a number")
}

/// A demo of faults at this suite.
fn at(suite: &Suite, pace: &str) -> Demo {
    let (origin, health) = (suite.origin(), suite.row("hello").health);
    Demo::start(&["faults", "--url", &origin, "--health", &health, "--pace", pace])
}

#[test]
fn tokens_are_shown_and_the_logins_ended() {
    let home = Arc::new(suite::home());
    let suite = Suite::start(&home, &["--ephemeral"], &[("HELLO_LEEWAY", "0s")]);
    suite.wait_for("Ctrl-C stops everything.");
    let mut demo = Demo::start(&["tokens", "--url", &suite.origin(), "--pace", "0s"]);
    assert_eq!(demo.exit_code(), Some(0), "{}{}", demo.output(), demo.errors());
    assert!(demo.output().contains("PASS: demo tokens: all 3 promises were kept"), "{}", demo.output());
    suite.wait_for("route=\"/logout\"");
}

#[test]
fn faults_come_and_go() {
    let suite = Suite::up(&["--ephemeral"]);
    let mut demo = at(&suite, "0s");
    assert_eq!(demo.exit_code(), Some(0), "{}{}", demo.output(), demo.errors());
    assert!(demo.output().contains("users see the delay: "), "{}", demo.output());
    assert_eq!(faults(&suite), 0);
}

#[test]
fn faults_end_with_ctrl_c() {
    let suite = Suite::up(&["--ephemeral"]);
    let mut demo = at(&suite, "2s");
    demo.wait_for("users see the delay: ");
    assert!(faults(&suite) > 0);
    demo.send(Signal::INT);
    assert_eq!(demo.exit_code(), Some(130), "{}{}", demo.output(), demo.errors());
    assert_eq!(faults(&suite), 0);
    assert!(demo.errors().contains("Ctrl-C: putting everything back"), "{}", demo.errors());
}

#[test]
fn faults_of_somebody_else_are_left_alone() {
    let suite = Suite::up(&["--ephemeral"]);
    let url = format!("{}/faults", suite.row("hello").health);
    assert_eq!(http::put(&url, r#"{"delay_ms":5,"for_seconds":300}"#).expect("an answer"), 200);
    let mut demo = at(&suite, "0s");
    assert_eq!(demo.exit_code(), Some(1), "{}", demo.output());
    assert!(demo.errors().contains("there are faults at "), "{}", demo.errors());
    assert!(faults(&suite) > 0);
}

#[test]
fn a_service_that_takes_a_forged_token_breaks_the_promise() {
    let answer = |status: &str, body: &str| {
        Act::Last(format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    // {"alg":"EdDSA"} {"sub":"ada","aud":"hello"}
    let pair = r#"{"token":"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEiLCJhdWQiOiJoZWxsbyJ9.c2ln","refresh_token":"r"}"#;
    let fake = Fake::serve(move |number| match number {
        // login, /secure with the token and with the forged one, refresh, /secure with the expired one
        0 | 3 => answer("200 OK", pair),
        1 | 2 => answer("200 OK", "{}"),
        4 => answer("401 Unauthorized", "{}"),
        _ => answer("204 No Content", ""),
    });
    let mut demo = Demo::start(&["tokens", "--url", &fake.origin, "--pace", "0s"]);
    assert_eq!(demo.exit_code(), Some(1), "{}{}", demo.output(), demo.errors());
    let verdict = "FAIL: demo tokens: a changed token is refused: 200 OK\n";
    assert!(demo.output().ends_with(verdict), "{}", demo.output());
    assert_eq!(fake.requests(), 7, "both pairs are logged out");
}

#[test]
fn a_suite_that_is_not_there_is_one_line() {
    let mut demo = Demo::start(&["tokens", "--url", "127.0.0.1:1"]);
    assert_eq!(demo.exit_code(), Some(1));
    assert!(demo.errors().starts_with("error: cannot log in: no answer from http://127.0.0.1:1"), "{}", demo.errors());
}
