//! `flotilla up` while it runs: the table, the commands, what it keeps, what it starts again.

use std::path::Path;
use std::sync::Arc;

use rustix::process::Signal;

use crate::flotilla::run;
use crate::processes::{self, until};
use crate::suite::{self, Suite, paste};
use crate::{http, needs, tokens};

fn is_ready(health: &str) -> bool {
    http::get(&format!("{health}/readiness"), &[]).is_ok_and(|answer| answer.status == 200)
}

fn entries(directory: &Path) -> usize {
    directory.read_dir().map_or(0, Iterator::count)
}

#[test]
fn the_table_tells_where_everything_is() {
    let suite = Suite::up(&["--ephemeral"]);
    let table = suite.table();
    let services: Vec<_> = table.iter().map(|row| row.service.as_str()).collect();
    assert_eq!(services, ["auth", "hello", "frontend"]);
    for row in &table {
        assert!(processes::lives(row.pid), "{row:?}");
        assert!(is_ready(&row.health), "{row:?}");
        let version = format!("{}/version", row.url.replace("localhost", "127.0.0.1"));
        assert_eq!(http::get(&version, &[]).expect("an answer").status, 200, "{row:?}");
        // What a browser tries first for localhost.
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            let version = version.replace("127.0.0.1", "[::1]");
            assert_eq!(http::get(&version, &[]).expect("an answer").status, 200, "{row:?}");
        }
    }
    assert!(!suite.output().contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn every_line_says_whose_it_is() {
    let suite = Suite::up(&["--ephemeral"]);
    let output = suite.output();
    let (start, _) = output.split_once("\n\n").expect("a gap before the table");
    for line in start.lines() {
        let name = line.split_once(" | ").map(|(name, _)| name.trim_end());
        assert!(matches!(name, Some("auth" | "hello" | "frontend" | "flotilla")), "{line}");
    }
}

#[test]
fn the_commands_work_as_they_are_printed() {
    if !needs::tool("curl", "the_commands_work_as_they_are_printed") {
        return;
    }
    let suite = Suite::up(&["--ephemeral"]);
    check_commands(&suite, "hello");
}

#[test]
fn the_monolith_does_all_of_it_alone() {
    if !needs::tool("curl", "the_monolith_does_all_of_it_alone") {
        return;
    }
    let suite = Suite::up(&["--ephemeral", "--monolith"]);
    let services: Vec<_> = suite.table().into_iter().map(|row| row.service).collect();
    assert_eq!(services, ["monolith"]);
    check_commands(&suite, "monolith");
}

#[test]
fn over_tls_the_commands_work_as_they_are_printed() {
    if !needs::tool("curl", "over_tls_the_commands_work_as_they_are_printed") {
        return;
    }
    let home = Arc::new(suite::home());
    let tls = home.path().join("tls");
    let file = |name: &str| tls.join(name).display().to_string();
    assert_eq!(run(&["certs", &tls.display().to_string()]).code, Some(0));
    let (certificate, key) = (file("cert.pem"), file("key.pem"));
    let settings = [("FRONTEND_TLS_CERT_FILE", certificate.as_str()), ("FRONTEND_TLS_KEY_FILE", key.as_str())];
    let suite = Suite::start(&home, &["--ephemeral"], &settings);
    suite.wait_for("Ctrl-C stops everything.");
    assert!(suite.row("frontend").url.starts_with("https://localhost:"), "{}", suite.output());
    check_commands(&suite, "hello");
}

fn check_commands(suite: &Suite, greeter: &str) {
    let commands = suite.commands();
    let [login, secure, tampered, switch] = commands.as_slice() else { panic!("four commands: {commands:?}") };
    let token = paste(std::slice::from_ref(login));
    assert_eq!(token.trim_end().split('.').count(), 3, "{token}");
    let welcome = paste(&[login.clone(), secure.clone()]);
    assert!(welcome.contains("200 OK") && welcome.contains(r#""user":"user""#), "{welcome}");
    let refused = paste(&[login.clone(), tampered.clone()]).to_ascii_lowercase();
    assert!(refused.contains("401 unauthorized"), "{refused}");
    assert!(refused.contains("www-authenticate: bearer"), "{refused}");
    let health = suite.row(greeter).health;
    assert!(is_ready(&health));
    paste(std::slice::from_ref(switch));
    assert!(!is_ready(&health));
}

#[test]
fn accounts_and_keys_are_kept_from_run_to_run() {
    let home = Arc::new(suite::home());
    let mut first = Suite::start(&home, &[], &[]);
    first.wait_for("Ctrl-C stops everything.");
    let token = first.log_in();
    assert_eq!(first.end(Signal::INT), Some(0), "{}", first.output());

    let second = Suite::start(&home, &[], &[]);
    second.wait_for("Ctrl-C stops everything.");
    let answer = second.secure(&token);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let jwks = format!("{}/.well-known/jwks.json", second.origin());
    let verified = run(&["token", "verify", &token, "--jwks", &jwks]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);
    let kept = home.path().join(".local/share/flotilla");
    assert!(entries(&kept) > 0);
    assert!(second.output().contains(&format!("Accounts and keys are kept in {}", kept.display())));
}

#[test]
fn a_data_directory_can_be_chosen_and_is_shared_with_the_monolith() {
    let data = tempfile::tempdir().expect("a directory");
    let path = data.path().join("ours");
    let chosen = ["--data-dir", path.to_str().expect("UTF-8")];
    let mut split = Suite::up(&chosen);
    let token = split.log_in();
    assert_eq!(split.end(Signal::INT), Some(0));
    let monolith = Suite::up(&[chosen.as_slice(), &["--monolith"]].concat());
    assert_eq!(monolith.secure(&token).status, 200);
}

#[test]
fn nothing_ephemeral_stays() {
    let mut suite = Suite::up(&["--ephemeral"]);
    let temporary = suite.home().join("tmp");
    assert_eq!(entries(&temporary), 1);
    assert_eq!(suite.end(Signal::INT), Some(0));
    assert_eq!(entries(&temporary), 0);
    assert!(!suite.home().join(".local").exists());
}

#[test]
fn an_ephemeral_suite_does_not_touch_the_database_that_the_environment_names() {
    let home = Arc::new(suite::home());
    let database = home.path().join("precious.db");
    let named = format!("sqlite://{}", database.display());
    let suite = Suite::start(&home, &["--ephemeral"], &[("AUTH_DATABASE_URL", &named)]);
    suite.wait_for("Ctrl-C stops everything.");
    assert!(!database.exists());
}

#[test]
fn the_users_own_settings_reach_the_services() {
    let home = Arc::new(suite::home());
    let own = [("AUTH_AUDIENCE", "billing"), ("HELLO_AUDIENCE", "billing"), ("AUTH_HTTP_ADDR", "127.0.0.1:1")];
    let suite = Suite::start(&home, &["--ephemeral"], &own);
    suite.wait_for("Ctrl-C stops everything.");
    let decoded = run(&["token", "decode", &suite.log_in()]);
    assert!(decoded.stdout.contains("billing"), "{}", decoded.stdout);
}

#[test]
fn a_service_that_dies_is_started_again_where_it_was() {
    let suite = Suite::up(&["--ephemeral"]);
    let token = suite.log_in();
    processes::send(suite.row("hello").pid, Signal::KILL);
    suite.wait_for("hello was killed by SIGKILL: by hand, or because memory ran out; starting it again in 0.5 s");
    suite.wait_for("hello is ready again (pid ");
    let answer = until("hello behind the frontend", || Some(suite.secure(&token)).filter(|it| it.status == 200));
    assert!(answer.body.contains("user"), "{}", answer.body);
}

#[test]
fn logs_may_be_json() {
    let suite = Suite::up(&["--ephemeral", "--monolith", "--log-format", "json"]);
    let output = suite.output();
    let line = output.lines().find_map(|line| line.strip_prefix("monolith | ")).expect("a line of the monolith");
    assert!(serde_json::from_str::<serde_json::Value>(line).is_ok_and(|event| event.is_object()), "{line}");
}

#[test]
fn a_token_of_somebody_else_is_refused() {
    let suite = Suite::up(&["--ephemeral"]);
    assert_eq!(suite.secure(&tokens::fresh(&tokens::issuer())).status, 401);
}
