//! `flotilla token login` against a server with one answer.

use crate::flotilla::{run, run_with_input};
use crate::http;

const ANSWER: &str = r#"{"token":"a.b.c","token_type":"Bearer","expires_in":900,"refresh_token":"r"}"#;
/// `user:password`.
const BASIC: &str = "authorization: Basic dXNlcjpwYXNzd29yZA==";

#[test]
fn the_token_and_nothing_else_is_on_stdout() {
    let server = http::serve("200 OK", ANSWER.to_owned());
    let ran = run(&["token", "login", &server.origin, "-u", "user:password"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "a.b.c\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("process list"), "{}", ran.stderr);
    let request = server.requests.recv().expect("a request");
    assert!(request.starts_with("POST /login "), "{request}");
    assert!(request.contains(BASIC), "{request}");
}

#[test]
fn the_password_may_come_on_standard_input() {
    let server = http::serve("200 OK", ANSWER.to_owned());
    let url = format!("{}/login", server.origin);
    let ran = run_with_input(&["token", "login", &url, "--user", "user", "--password-stdin"], "password\n");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "a.b.c\n", ""));
    assert!(server.requests.recv().expect("a request").contains(BASIC));
}

#[test]
fn json_is_the_whole_answer() {
    let server = http::serve("200 OK", ANSWER.to_owned());
    let ran = run(&["token", "login", &server.origin, "-u", "user:password", "--output", "json"]);
    assert!(ran.stdout.contains("\"refresh_token\": \"r\""), "{}", ran.stdout);
}

#[test]
fn a_refusal_says_why_and_is_exit_code_1() {
    for (status, body, said) in [
        ("401 Unauthorized", r#"{"title":"Unauthorized"}"#, "unknown user or wrong password"),
        ("429 Too Many Requests", "", "too many logins"),
        ("404 Not Found", "", "is this auth"),
        ("503 Service Unavailable", r#"{"detail":"no database\u001b[2J"}"#, "no database\\u{1b}[2J"),
        ("200 OK", "{}", "without a token"),
        ("302 Found", "", "302"),
    ] {
        let server = http::serve(status, body.to_owned());
        let ran = run(&["token", "login", &server.origin, "-u", "user:password"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{status}");
        assert!(ran.stderr.contains(said), "{status}: {}", ran.stderr);
    }
}

#[test]
fn nobody_there_is_one_line() {
    let ran = run(&["token", "login", "localhost:1", "-u", "user:password"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cannot log in: no answer from http://localhost:1: "), "{}", ran.stderr);
}
