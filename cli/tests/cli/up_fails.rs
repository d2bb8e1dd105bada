//! What keeps `flotilla up` from starting: one clear line, the right exit code, nothing half started.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::sync::Arc;

use crate::flotilla::{Ran, command, finish};
use crate::suite::{self, Suite};

fn up(home: &tempfile::TempDir, args: &[&str]) -> Ran {
    let args = [&["up"], args].concat();
    finish(suite::at_home(&mut command(&args), home.path()), "")
}

#[test]
fn the_hint_is_a_command_as_the_person_typed_it() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = held.local_addr().expect("bound").port().to_string();
    let args = ["up", "--ephemeral", "--port", &port];
    let by_cargo = finish(command(&args).env("CARGO_PKG_NAME", "flotilla"), "");
    assert!(by_cargo.stderr.contains("`cargo run -- up --port 9000`"), "{}", by_cargo.stderr);
    // As a shell does for a program on its PATH.
    let by_name = finish(command(&args).env_remove("CARGO_PKG_NAME").arg0("flotilla"), "");
    assert!(by_name.stderr.contains("`flotilla up --port 9000`"), "{}", by_name.stderr);
    let by_path = finish(command(&args).env_remove("CARGO_PKG_NAME").arg0("target/debug/flotilla"), "");
    assert!(by_path.stderr.contains("`target/debug/flotilla up --port 9000`"), "{}", by_path.stderr);
    let strange = finish(command(&args).env_remove("CARGO_PKG_NAME").arg0("/tmp/my tools/x"), "");
    assert!(
        strange.stderr.contains("`flotilla up --port 9000` or `cargo run -- up --port 9000`"),
        "{}",
        strange.stderr
    );
}

#[test]
fn a_taken_port_is_named_with_the_flag_that_changes_it() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = held.local_addr().expect("bound").port().to_string();
    let home = suite::home();
    let ran = up(&home, &["--port", &port]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    let said = format!("error: port {port} is taken: choose another by --port");
    assert!(ran.stderr.starts_with(&said), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(!home.path().join(".local").exists(), "nothing was made");
}

#[test]
fn a_data_directory_that_cannot_be_is_named() {
    let home = suite::home();
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let ran = up(&home, &["--port", "0", "--data-dir", file.to_str().expect("UTF-8")]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains(file.to_str().expect("UTF-8")), "{}", ran.stderr);
    assert!(ran.stderr.contains("--data-dir"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[test]
fn a_refused_configuration_ends_the_suite_with_its_message() {
    let home = Arc::new(suite::home());
    let mut suite = Suite::start(&home, &["--ephemeral"], &[("HELLO_LEEWAY", "soon")]);
    assert_eq!(suite.exit_code(), Some(78), "{}", suite.output());
    let errors = suite.errors();
    assert!(errors.starts_with("error: hello refused its configuration:\n"), "{errors}");
    let everything = suite.output() + &errors;
    assert_eq!(everything.matches("HELLO_LEEWAY").count(), 1, "told once: {everything}");
    assert!(suite.output().contains("auth has stopped"), "{}", suite.output());
    assert!(!suite.output().contains("starting it again"), "{}", suite.output());
    assert_eq!(home.path().join("tmp").read_dir().expect("it stays").count(), 0);
}

#[test]
fn a_service_that_cannot_start_is_given_up_with_what_it_said() {
    let home = Arc::new(suite::home());
    let data = home.path().join("data");
    std::fs::create_dir(&data).expect("a directory");
    std::fs::write(data.join("auth.db"), "garbage ".repeat(1000)).expect("a file");
    let key = [("AUTH_KEY_ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")];
    let mut suite = Suite::start(&home, &["--data-dir", data.to_str().expect("UTF-8")], &key);
    assert_eq!(suite.exit_code(), Some(1), "{}", suite.output());
    let (output, errors) = (suite.output(), suite.errors());
    assert!(errors.starts_with("error: auth cannot start: 3 times it ended with exit code 1\n"), "{errors}");
    assert!(errors.contains("\n  auth: ") && errors.contains("not a database"), "{errors}");
    assert!(!errors.contains("answered"), "no line about a request: {errors}");
    assert_eq!(output.matches("starting it again").count(), 2, "{output}");
    assert!(output.contains("auth was not running"), "{output}");
}
