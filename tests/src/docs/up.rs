//! The suite as `cargo run` starts it: the documents are about that one, with all its settings.
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    Program, environment,
    eventually::{LONG, eventually},
    output::Stream,
    tool::Tool,
};

/// A running `flotilla up`. The services stop by themselves when it is gone.
pub(super) struct Up {
    _tool: Tool,
    home: TempDir,
    table: Vec<Row>,
}

/// A service with its addresses, as `flotilla up` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) service: String,
    /// Host and port.
    pub(super) http: String,
    pub(super) health: String,
}

impl Up {
    /// Starts it on free ports, and waits until it says that all services are ready.
    pub(super) async fn start() -> Self {
        let home = environment::temporary_directory();
        let mut command = Command::new(Program::Flotilla.path());
        command.args(["up", "--port", "0"]).current_dir(home.path()).stdin(Stdio::null());
        command.env_clear().env("PATH", environment::path());
        command.env("HOME", home.path()).env("XDG_DATA_HOME", home.path().join("data"));
        let tool = Tool::start(command);
        let table = eventually("flotilla up prints the table of services", LONG * 2, async || {
            let lines = tool.output().of(Stream::Out);
            assert!(!tool.output().is_complete(), "flotilla up ended: {lines:?} {:?}", tool.output().of(Stream::Err));
            let is_whole = lines.iter().any(|line| line.starts_with("Ctrl-C "));
            is_whole.then(|| lines.iter().filter_map(|line| row(line)).collect::<Vec<_>>())
        })
        .await;
        assert_eq!(table.len(), 3, "{table:?}");
        Self { _tool: tool, home, table }
    }

    pub(super) fn table(&self) -> &[Row] {
        &self.table
    }

    /// What `XDG_DATA_HOME` is for it.
    pub(super) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }
}

fn row(line: &str) -> Option<Row> {
    let [service, http, health, _pid] = line.split_whitespace().collect::<Vec<_>>()[..] else { return None };
    let address = |url: &str| url.strip_prefix("http://").map(str::to_owned);
    Some(Row { service: service.to_owned(), http: address(http)?, health: address(health)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_service_and_its_two_addresses() {
        let found = row("  auth      http://127.0.0.1:8082  http://127.0.0.1:8083  4082").expect("a row");
        assert_eq!(found.service, "auth");
        assert_eq!([&*found.http, &*found.health], ["127.0.0.1:8082", "127.0.0.1:8083"]);
        assert_eq!(row("  service   url                    health                 pid"), None);
    }
}
