//! `flotilla load` with a login: where the password may come from, and a token that is refreshed during the run.

use std::sync::Arc;

use crate::fake::{Act, Fake};
use crate::flotilla::{command, finish, run, run_with_input};
use crate::load::load;
use crate::suite::{self, Suite};

#[test]
fn the_token_is_refreshed_before_it_expires() {
    let home = Arc::new(suite::home());
    let short = [("MONOLITH_TOKEN_TTL", "4s"), ("MONOLITH_LEEWAY", "0s")];
    let suite = Suite::start(&home, &["--ephemeral", "--monolith"], &short);
    suite.wait_for("Ctrl-C stops everything.");
    let options = ["-u", "user:password", "--rate", "20", "-d", "5s", "--max-failures", "0"];
    let loaded = load(&format!("{}/secure", suite.origin()), &options);
    assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    assert_eq!(loaded.count("/good"), 100);
    assert!(loaded.count("/token/refreshed") >= 1, "{:#}", loaded.report);
    assert_eq!(loaded.count("/token/failed"), 0);
    assert!(loaded.report["marks"].to_string().contains("token refreshed"));
}

/// As after a laptop was suspended, or where a service's clock is ahead.
#[test]
fn a_token_that_is_refused_is_refreshed_before_its_time() {
    let grant = |token: &str| {
        let body = format!(r#"{{"token":"{token}","expires_in":86400,"refresh_token":"r"}}"#);
        Act::Bytes(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    let fake = Fake::serve_by_head(move |_, head| match head {
        _ if head.starts_with("POST /login ") => grant("first"),
        _ if head.starts_with("POST /refresh ") => grant("second"),
        _ if head.contains("Bearer second") => Act::Answer(""),
        _ => Act::Bytes("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n".to_owned()),
    });
    let loaded = load(&fake.origin, &["-u", "user:password", "--rate", "20", "-d", "3s"]);
    assert_eq!(loaded.count("/token/refreshed"), 1, "{:#}", loaded.report);
    assert!(loaded.count("/good") > 20, "{:#}", loaded.report);
    assert_eq!(loaded.kinds(), ["status 401"]);
}

/// Where a new token is refused as the old one was, the issuer is not asked for one after another.
#[test]
fn tokens_that_are_always_refused_are_not_refreshed_without_end() {
    let fake = Fake::serve_by_head(|_, head| {
        let granted = "HTTP/1.1 200 OK\r\ncontent-length: 35\r\n\r\n{\"token\":\"first\",\"expires_in\":9000}";
        let refused = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
        Act::Bytes(if head.starts_with("POST /login ") { granted } else { refused }.to_owned())
    });
    let loaded = load(&fake.origin, &["-u", "user:password", "--rate", "50", "-d", "4s"]);
    assert_eq!((loaded.count("/good"), loaded.ran.code), (0, Some(1)), "{:#}", loaded.report);
    let refreshed = loaded.count("/token/refreshed");
    assert!((1..=3).contains(&refreshed), "{refreshed}");
}

#[test]
fn the_password_need_not_be_on_the_command_line() {
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let url = format!("{}/secure", suite.origin());
    let options = ["load", &url, "-n", "20", "-q", "--max-failures", "0", "-u", "user"];
    let from_stdin = run_with_input(&[&options[..], &["--password-stdin"]].concat(), "password\n");
    assert_eq!((from_stdin.code, from_stdin.stderr.as_str()), (Some(0), ""), "{from_stdin:?}");
    let from_environment = finish(command(&options).env("FLOTILLA_PASSWORD", "password"), "");
    assert_eq!((from_environment.code, from_environment.stderr.as_str()), (Some(0), ""), "{from_environment:?}");
    let shown = run(&["load", &url, "-n", "20", "-q", "-u", "user:password"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stderr.contains("process list"), "{shown:?}");
}

#[test]
fn a_refused_login_is_one_line_and_no_load() {
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let ran = finish(command(&["load", &suite.origin(), "-u", "user"]).env("FLOTILLA_PASSWORD", "secret"), "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
    assert_eq!(ran.stderr, "error: cannot log in: the login was refused: unknown user or wrong password\n");
}

#[test]
fn without_a_token_secure_is_401_and_that_can_be_what_is_wanted() {
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let url = format!("{}/secure", suite.origin());
    let refused = load(&url, &["-n", "20"]);
    assert_eq!((refused.ran.code, refused.kinds()), (Some(1), vec!["status 401"]));
    let wanted = load(&url, &["-n", "20", "--expect", "401", "--max-failures", "0"]);
    assert_eq!((wanted.ran.code, wanted.count("/good")), (Some(0), 20));
}
