//! Asking a tool: run it, read what it says, and do not wait for ever.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::output;

const TIMEOUT: Duration = Duration::from_secs(10);

/// What came of asking.
#[derive(Debug)]
pub(super) enum Probe {
    /// It ended well and said this.
    Said(String),
    /// It is there and did not end well: its first line of complaint.
    Failed(String),
    /// There is no such program on the PATH.
    Missing,
}

/// Runs `program` with `args`.
pub(super) async fn ask(program: &str, args: &[&str]) -> Probe {
    let running = Command::new(program).args(args).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match tokio::time::timeout(TIMEOUT, running).await {
        Err(_) => return Probe::Failed(format!("no answer within {} s", TIMEOUT.as_secs())),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Probe::Missing,
        Ok(Err(error)) => return Probe::Failed(error.to_string()),
        Ok(Ok(output)) => output,
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && !said.trim().is_empty() {
        return Probe::Said(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let line = complaint.lines().find(|line| !line.trim().is_empty());
    Probe::Failed(output::harmless(line.unwrap_or("it said nothing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_is_there_or_not_or_broken() {
        assert!(matches!(ask("sh", &["-c", "echo 1.0"]).await, Probe::Said(said) if said == "1.0\n"));
        assert!(matches!(ask("sh", &["-c", "echo no >&2; exit 1"]).await, Probe::Failed(why) if why == "no"));
        assert!(matches!(ask("no-such-program-anywhere", &[]).await, Probe::Missing));
    }
}
