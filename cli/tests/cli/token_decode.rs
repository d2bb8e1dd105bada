//! `flotilla token decode`.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::flotilla::{command, run, run_with_input};
use crate::tokens::{self, USER};

#[test]
fn a_token_is_taken_from_the_argument_or_standard_input() {
    let token = tokens::fresh(&tokens::issuer());
    let answer = format!(r#"{{"token":"{token}","token_type":"Bearer"}}"#);
    for ran in [
        run(&["token", "decode", &token]),
        run_with_input(&["token", "decode", "-"], &token),
        run_with_input(&["token", "decode"], &answer),
    ] {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stdout.contains(USER), "{}", ran.stdout);
        assert!(ran.stdout.contains("expires in 14m 5") || ran.stdout.contains("expires in 15m"), "{}", ran.stdout);
        assert!(ran.stdout.contains("Not verified"), "{}", ran.stdout);
    }
}

#[test]
fn a_forged_and_expired_token_is_shown_all_the_same() {
    let token = tokens::token(&tokens::issuer(), Duration::from_mins(18));
    let ran = run(&["token", "decode", &tokens::tampered(&token)]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("expired 3m"), "{}", ran.stdout);
}

#[test]
fn json_is_for_programs() {
    let token = tokens::fresh(&tokens::issuer());
    let ran = run(&["token", "decode", "--output", "json", &token]);
    let shown: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(shown["claims"]["sub"], USER);
    assert_eq!(shown["header"]["alg"], "EdDSA");
    assert_eq!(shown["verified"], false);
}

#[test]
fn what_is_no_token_is_exit_code_1_and_one_line() {
    for ran in [run(&["token", "decode", "nonsense"]), run_with_input(&["token", "decode"], "")] {
        assert_eq!(ran.code, Some(1));
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn a_reader_that_went_away_is_no_panic() {
    let mut child = command(&["token", "decode"]).stdin(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let token = tokens::fresh(&tokens::issuer());
    child.stdin.take().expect("piped").write_all(token.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
