//! Settings as people write them: pipes for files, line breaks, words that are no level (fault 37).
use std::{fs, path::Path};

use e2e::{Launch, Program, Test, eventually};
use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;

use super::{AT_ONCE, SECRET, alone, last_word};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_pipe_is_refused_by_name,
        the_query_of_a_url_is_not_shown,
        a_secret_in_the_place_of_its_file_is_not_shown,
        a_log_filter_that_cannot_be_read_is_refused,
        a_line_break_silences_no_audit_trail,
        line_breaks_make_no_other_secret_issuer_or_audience,
    ]
}

const HIDDEN: &str = "hunter2-hunter2";

fn pipe(directory: &Path, name: &str) -> std::path::PathBuf {
    let pipe = directory.join(name);
    mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("made");
    pipe
}

/// Nobody ever writes into it, so reading it would never end.
async fn a_pipe_is_refused_by_name() {
    let directory = TempDir::new().expect("a directory");
    let pipe_ = pipe(directory.path(), "pipe");
    let key = pipe(directory.path(), "key-encryption.key");
    let launches = [
        (Launch::service(Program::Auth).set("SECRET_FILE", &pipe_), "AUTH_SECRET_FILE"),
        (Launch::service(Program::Auth).set("KEY_ENCRYPTION_KEY_FILE", &pipe_), "AUTH_KEY_ENCRYPTION_KEY_FILE"),
        (Launch::service(Program::Auth).set("DATA_DIR", directory.path()), "AUTH_DATA_DIR"),
        (Launch::service(Program::Hello).set("JWKS_URL_FILE", &pipe_), "HELLO_JWKS_URL_FILE"),
        (Launch::service(Program::Monolith).set("ISSUER_FILE", &pipe_), "MONOLITH_ISSUER_FILE"),
        (
            Launch::service(Program::Frontend).set("TLS_CERT_FILE", &pipe_).set("TLS_KEY_FILE", &key),
            "FRONTEND_TLS_CERT_FILE",
        ),
        (Launch::bare(Program::Auth).set("SECRET_FILE", &pipe_).args(["user", "list"]), "AUTH_SECRET_FILE"),
    ];
    for (launch, setting) in launches {
        let word = last_word(launch, 78).await;
        assert!(word.contains(setting) && word.contains("it is a pipe, not a regular file"), "{word}");
        assert!(word.contains(&directory.path().display().to_string()), "{word}");
    }
}

async fn the_query_of_a_url_is_not_shown() {
    let url = format!("http://127.0.0.1:9/keys?sig={HIDDEN}");
    let mut hello = Launch::service(Program::Hello).set("JWKS_URL", &url).spawn();
    let config = hello.health().await.get("/config").send(200).await;
    assert!(config.body.contains("http://127.0.0.1:9/keys?***") && !config.body.contains(HIDDEN), "{config:?}");
    assert!(!format!("{:?}", hello.output().events()).contains(HIDDEN));
    let with_user = format!("http://ann:{HIDDEN}@127.0.0.1:9/keys");
    let word = last_word(Launch::service(Program::Hello).set("JWKS_URL", with_user), 78).await;
    assert!(word.contains("HELLO_JWKS_URL") && !word.contains(HIDDEN), "{word}");
}

async fn a_secret_in_the_place_of_its_file_is_not_shown() {
    let url = format!("postgres://ann:{HIDDEN}@db/accounts");
    for (setting, value) in [("SECRET_FILE", HIDDEN), ("DATABASE_URL_FILE", url.as_str())] {
        let word = last_word(Launch::service(Program::Auth).set(setting, value), 78).await;
        assert!(word.contains(&Program::Auth.variable(setting)) && !word.contains(HIDDEN), "{word}");
    }
}

async fn a_log_filter_that_cannot_be_read_is_refused() {
    for program in Program::SERVICES {
        for filter in ["warning", "auth", "info,", "auth=verbose"] {
            let word = last_word(alone(program).env("RUST_LOG", filter), 78).await;
            assert!(word.contains("RUST_LOG") && word.contains("off, error, warn, info, debug"), "{filter}: {word}");
        }
    }
}

async fn a_line_break_silences_no_audit_trail() {
    for filter in ["info\n", " INFO ", "auth=debug"] {
        let mut auth = Launch::service(Program::Auth).env("RUST_LOG", filter).ready().await;
        auth.client().await.logged_in().await;
        let output = auth.output();
        let is_logged = || output.events().iter().any(|event| event["event"] == "login.succeeded").then_some(());
        eventually(&format!("{filter:?} lets the audit trail through"), AT_ONCE, async || is_logged()).await;
    }
}

/// auth has them from variables, as `kubectl create secret` and YAML leave them; hello from files.
async fn line_breaks_make_no_other_secret_issuer_or_audience() {
    let directory = TempDir::new().expect("a directory");
    let written = [("SECRET", SECRET), ("ISSUER", "https://issuer.test"), ("AUDIENCE", "api")];
    for (auths, hellos) in [("\n", ""), ("", "\n"), ("\r\n", "\n\n")] {
        let (mut auth, mut hello) = (Launch::service(Program::Auth), Launch::service(Program::Hello));
        for (setting, value) in written {
            let file = directory.path().join(setting);
            fs::write(&file, format!("{value}{hellos}")).expect("written");
            auth = auth.set(setting, format!("{value}{auths}"));
            hello = hello.set(&format!("{setting}_FILE"), &file);
        }
        let (mut auth, mut hello) = (auth.ready().await, hello.ready().await);
        let token = auth.client().await.logged_in().await.token().to_owned();
        hello.client().await.holding(token).secure(200).await;
    }
}
