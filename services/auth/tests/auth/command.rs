//! Commands as an administrator gives them: the executable itself, on a data directory.
use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection};

/// What a command said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// What is on stderr for a person: all but the log.
    pub(crate) fn told(&self) -> String {
        self.err.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n")
    }

    /// The events of the audit trail.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let events = self.err.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events.filter(|event| event["target"] == "audit").collect()
    }
}

/// `auth` on this directory, with nothing else in its environment. The directory is also where it may keep a file for a while.
pub(crate) fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth"));
    command.args(arguments).env_clear().env("AUTH_DATA_DIR", data).env("TMPDIR", data).env("LOG_FORMAT", "json");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(data: &Path, arguments: &[&str]) -> Said {
    ended(command(data, arguments).spawn().expect("auth starts"))
}

/// The same with something to read.
pub(crate) fn run_with(data: &Path, arguments: &[&str], stdin: &[u8]) -> Said {
    let mut child = command(data, arguments).stdin(Stdio::piped()).spawn().expect("auth starts");
    // It may end without reading.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    ended(child)
}

pub(crate) fn ended(child: Child) -> Said {
    let output = child.wait_with_output().expect("auth ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The accounts as they are listed.
pub(crate) fn listed(data: &Path) -> Vec<Value> {
    run(data, &["user", "list", "--output", "json"]).expect(0).json().as_array().expect("a list").clone()
}

/// Their names.
pub(crate) fn names(data: &Path) -> Vec<String> {
    listed(data).iter().map(|account| account["username"].as_str().expect("a name").to_owned()).collect()
}

async fn database(data: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", data.join("auth.db").display());
    SqliteConnection::connect(&url).await.expect("a connection")
}

/// One value out of the database.
pub(crate) async fn value(data: &Path, statement: &'static str) -> String {
    sqlx::query_scalar(statement).fetch_one(&mut database(data).await).await.expect("a value")
}

/// Changes the database behind the back of everybody.
pub(crate) async fn change(data: &Path, statement: &'static str) {
    sqlx::query(statement).execute(&mut database(data).await).await.expect("changed");
}
