//! A configuration that is wrong stops the start before anything listens (fault 18): one line a problem, which names the
//! variable and says what is allowed, and never shows a secret.
use std::fs;

use e2e::{Launch, Program, Test};
use tempfile::TempDir;

use super::{alone, last_word, last_words};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        an_address_that_is_none_is_refused,
        a_mistyped_name_is_answered_with_the_right_one,
        a_strange_name_is_only_warned_of,
        a_bad_flag_is_called_as_it_was_written,
        a_file_that_cannot_be_read_is_named,
        a_value_and_its_file_together_are_refused,
        a_key_encryption_key_that_is_none_is_refused,
        a_key_file_in_the_data_directory_that_holds_none_is_refused,
        a_key_that_does_not_open_the_database_is_refused,
        a_data_directory_that_cannot_be_made_is_refused,
        all_problems_are_told_at_once,
        a_value_out_of_range_is_told_beside_a_value_that_is_none,
        a_deadline_that_would_never_come_is_refused,
        a_refused_configuration_leaves_nothing_behind,
        what_cannot_be_accepted_of_a_token_cannot_be_listed,
    ]
}

/// What must not be shown.
const HIDDEN: &str = "hunter2-hunter2";

fn holds(word: &str, parts: &[&str]) {
    for part in parts {
        assert!(word.contains(part), "{part} is expected in: {word}");
    }
    assert!(!word.contains(HIDDEN), "{word}");
}

async fn an_address_that_is_none_is_refused() {
    for program in Program::SERVICES {
        for (setting, value) in
            [("HTTP_ADDR", "nonsense"), ("HEALTH_ADDR", "127.0.0.1:http"), ("HTTP_ADDR", "127.0.0.1:65536")]
        {
            let word = last_word(alone(program).set(setting, value), 78).await;
            holds(&word, &[&program.variable(setting), "allowed: an IP address and a port"]);
        }
    }
}

async fn a_mistyped_name_is_answered_with_the_right_one() {
    for program in Program::SERVICES {
        let word = last_word(alone(program).set("HTTP_ADR", HIDDEN), 78).await;
        holds(&word, &[&program.variable("HTTP_ADR"), &format!("did you mean {}?", program.variable("HTTP_ADDR"))]);
    }
}

/// Kubernetes itself puts strange names into a pod: a Service that is called hello makes HELLO_PORT.
async fn a_strange_name_is_only_warned_of() {
    let launch = alone(Program::Hello).set("COLOUR", HIDDEN).set("PORT", "tcp://10.0.0.1:80");
    let hello = launch.set("SERVICE_HOST", "10.0.0.1").ready().await;
    let warnings: Vec<String> =
        hello.output().events().iter().filter(|event| event["level"] == "WARN").map(ToString::to_string).collect();
    assert_eq!(warnings.iter().filter(|warning| warning.contains("HELLO_COLOUR")).count(), 1, "{warnings:?}");
    assert!(
        !warnings.iter().any(|warning| warning.contains("HELLO_PORT") || warning.contains("HELLO_SERVICE")),
        "{warnings:?}"
    );
    assert!(!warnings.concat().contains(HIDDEN));
}

async fn a_bad_flag_is_called_as_it_was_written() {
    let word = last_word(Launch::bare(Program::Hello).args(["-http=nonsense"]), 78).await;
    holds(&word, &["hello: -http: "]);
}

async fn a_file_that_cannot_be_read_is_named() {
    let directory = TempDir::new().expect("a directory");
    let (missing, empty) = (directory.path().join("missing"), directory.path().join("empty"));
    fs::write(&empty, "").expect("written");
    for program in [Program::Auth, Program::Hello, Program::Monolith] {
        for file in [missing.as_path(), &empty, directory.path(), &missing.join("below")] {
            let word = last_word(Launch::service(program).set("SECRET_FILE", file), 78).await;
            holds(&word, &[&program.variable("SECRET_FILE"), &file.display().to_string()]);
        }
    }
}

async fn a_value_and_its_file_together_are_refused() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&file, HIDDEN).expect("written");
    for program in [Program::Auth, Program::Hello, Program::Monolith] {
        let word = last_word(Launch::service(program).set("SECRET", HIDDEN).set("SECRET_FILE", file.path()), 78).await;
        holds(&word, &[&program.variable("SECRET"), &program.variable("SECRET_FILE"), "set one of the two"]);
    }
}

async fn a_key_encryption_key_that_is_none_is_refused() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&file, HIDDEN).expect("written");
    for program in [Program::Auth, Program::Monolith] {
        let word = last_word(Launch::service(program).set("KEY_ENCRYPTION_KEY", HIDDEN), 78).await;
        holds(&word, &[&program.variable("KEY_ENCRYPTION_KEY"), "32 bytes", "openssl rand -base64 32"]);
        let word = last_word(Launch::service(program).set("KEY_ENCRYPTION_KEY_FILE", file.path()), 78).await;
        holds(&word, &[&program.variable("KEY_ENCRYPTION_KEY_FILE"), "32 bytes"]);
    }
}

async fn a_key_file_in_the_data_directory_that_holds_none_is_refused() {
    let directory = TempDir::new().expect("a directory");
    for content in [HIDDEN.as_bytes(), b"", b"\xff\xfe", &[b'A'; 4096]] {
        fs::write(directory.path().join("key-encryption.key"), content).expect("written");
        let word = last_word(Launch::service(Program::Auth).set("DATA_DIR", directory.path()), 78).await;
        holds(&word, &["AUTH_DATA_DIR", "key-encryption.key"]);
    }
}

async fn a_key_that_does_not_open_the_database_is_refused() {
    let home = Launch::service(Program::Auth).ready().await.home();
    let other = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    let mut auth = Launch::service(Program::Auth).home(home).set("KEY_ENCRYPTION_KEY", other).spawn();
    assert_eq!(auth.wait_exit(super::SOON).await.code(), Some(1));
    let words = auth.output().of(e2e::Stream::Err);
    assert!(words.len() == 1 && words[0].contains("cannot be opened") && !words[0].contains(other), "{words:?}");
    assert!(auth.output().event("serving").is_none());
}

/// Root may write wherever permissions forbid it, but not in /proc, nor below a file.
async fn a_data_directory_that_cannot_be_made_is_refused() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    for program in [Program::Auth, Program::Monolith] {
        for directory in ["/proc/flotilla".into(), file.path().join("data"), file.path().to_owned()] {
            let word = last_word(Launch::service(program).set("DATA_DIR", &directory), 78).await;
            holds(&word, &[&program.variable("DATA_DIR"), &directory.display().to_string()]);
        }
    }
}

async fn all_problems_are_told_at_once() {
    let launch =
        Launch::service(Program::Auth).set("HTTP_ADDR", "nonsense").set("LAB", "perhaps").set("DEMO_USER", "2");
    let launch = launch.set("SECRET_FILE", "/nonexistent").set("KEY_ENCRYPTION_KEY", HIDDEN).set("IDLE_TIMOUT", "1s");
    let words = last_words(launch.env("LOG_FORMAT", "xml").set("TOKEN_TTL", "5"), 78).await;
    for name in [
        "AUTH_HTTP_ADDR",
        "AUTH_LAB",
        "AUTH_DEMO_USER",
        "AUTH_SECRET_FILE",
        "AUTH_KEY_ENCRYPTION_KEY",
        "AUTH_IDLE_TIMOUT",
        "LOG_FORMAT",
        "AUTH_TOKEN_TTL",
    ] {
        let of_it = format!("auth: {name}: ");
        assert_eq!(words.iter().filter(|word| word.starts_with(&of_it)).count(), 1, "{name}: {words:?}");
    }
    holds(&words.concat(), &[]);
}

async fn a_value_out_of_range_is_told_beside_a_value_that_is_none() {
    let launch = Launch::service(Program::Auth).set("DEMO_USER", "perhaps").set("TOKEN_TTL", "48h");
    let words = last_words(launch.set("IDLE_TIMEOUT", "0s"), 78).await.concat();
    holds(&words, &["AUTH_DEMO_USER", "AUTH_TOKEN_TTL", "AUTH_IDLE_TIMEOUT"]);
}

/// The request's own deadline covers the wait for an upstream.
async fn a_deadline_that_would_never_come_is_refused() {
    for (setting, value) in [("UPSTREAM_TIMEOUT", "15s"), ("REQUEST_TIMEOUT", "10001ms")] {
        let word = last_word(alone(Program::Frontend).set("UPSTREAM_TIMEOUT", "10001ms").set(setting, value), 78).await;
        holds(&word, &["frontend: FRONTEND_UPSTREAM_TIMEOUT: not below FRONTEND_REQUEST_TIMEOUT"]);
    }
    alone(Program::Frontend).set("UPSTREAM_TIMEOUT", "14s").ready().await;
}

async fn a_refused_configuration_leaves_nothing_behind() {
    for program in [Program::Auth, Program::Monolith] {
        let mut process = Launch::service(program).set("HTTP_ADDR", "nonsense").spawn();
        let home = process.home();
        assert_eq!(process.wait_exit(super::SOON).await.code(), Some(78));
        assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 0, "{}", program.name());
    }
}

async fn what_cannot_be_accepted_of_a_token_cannot_be_listed() {
    let algorithms = "allowed: EdDSA, ES256 and RS256, separated by commas";
    let types = "allowed: media types separated by commas";
    for (setting, value, wrong, allowed) in [
        ("ALGORITHMS", "EdDSA,HS256", "HS256 in it, which needs a shared secret", algorithms),
        ("ALGORITHMS", "none", "an algorithm in it that is not known", algorithms),
        ("ALGORITHMS", "eddsa", "an algorithm in it that is not known", algorithms),
        ("ALGORITHMS", "EdDSA,", "an empty name in it", algorithms),
        ("TOKEN_TYPES", "*", "a type in it that is no media type", types),
        ("TOKEN_TYPES", "at+jwt,,JWT", "an empty name in it", types),
        ("JTI_REQUIRED", "no", "JTI_REQUIRED", "allowed: true or false"),
        ("FRACTIONAL_TIMES", "yes", "FRACTIONAL_TIMES", "allowed: true or false"),
    ] {
        let word = last_word(alone(Program::Hello).set(setting, value), 78).await;
        holds(&word, &[&Program::Hello.variable(setting), wrong, allowed]);
    }
}
