//! One child process: how it is started, what it says, how it is ended.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::logs;
use super::said::Said;
use crate::exit;

/// How long the last lines of an ended process may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What to start.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) settings: Vec<(String, String)>,
    pub(super) unset: Vec<String>,
}

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pid: Pid,
    pumps: JoinSet<()>,
    /// Nothing is written to it: the child drains when it closes (see `service`).
    _lifeline: Option<ChildStdin>,
}

impl Process {
    pub(super) fn start(launch: &Launch, said: &Said) -> io::Result<Self> {
        let mut command = Command::new(&launch.program);
        command.args(&launch.args);
        for name in &launch.unset {
            command.env_remove(name);
        }
        command.envs(launch.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A terminal's Ctrl-C goes to its whole process group; the order in which services end is ours to give.
        command.process_group(0);
        command.kill_on_drop(true);
        let mut child = command.spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let pid = pid.ok_or_else(|| io::Error::other("the process has no id"))?;
        // Taken out, because waiting for the child would close it.
        let lifeline = child.stdin.take();
        let mut pumps = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            let said = said.clone();
            pumps.spawn(logs::lines(stdout, move |line: &str| said.log(line)));
        }
        if let Some(stderr) = child.stderr.take() {
            let said = said.clone();
            pumps.spawn(logs::lines(stderr, move |line: &str| said.error(line)));
        }
        Ok(Self { child, pid, pumps, _lifeline: lifeline })
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    /// Comes back when the process has ended and its last lines are printed. May be cancelled and called again.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        let heard_out = async { while self.pumps.join_next().await.is_some() {} };
        let _ = timeout(LAST_WORDS, heard_out).await;
        Ok(status)
    }

    /// Asks it to drain. It is our child and not yet waited for, so the id is still its own.
    pub(super) fn terminate(&self) {
        if self.child.id().is_some() {
            let _ = kill_process(self.pid, Signal::TERM);
        }
    }

    /// Ends it at once.
    pub(super) async fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.start_kill();
        let _ = self.ended().await;
    }
}

/// Whether this signal ended a process.
pub(super) fn ended_by(status: ExitStatus, signal: Signal) -> bool {
    status.signal() == Some(signal.as_raw())
}

/// How a process ended, to complete a sentence that begins with its name; with a hint where there is one.
pub(super) fn in_words(status: ExitStatus) -> String {
    let hint = match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(exit::CONFIGURATION) => ": its configuration is wrong, see its last line",
        (_, Some(9)) => ": by hand, or because memory ran out",
        _ => "",
    };
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}{hint}"),
        (None, Some(signal)) => format!("was killed by {}{hint}", signal_name(signal)),
        (None, None) => "ended".to_owned(),
    }
}

/// The numbers that are the same on every Unix.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_told_in_words() {
        let exited = |code| in_words(ExitStatus::from_raw(code << 8));
        assert_eq!(exited(1), "ended with exit code 1");
        assert_eq!(exited(78), "ended with exit code 78: its configuration is wrong, see its last line");
        assert_eq!(in_words(ExitStatus::from_raw(11)), "was killed by SIGSEGV");
        assert_eq!(in_words(ExitStatus::from_raw(9)), "was killed by SIGKILL: by hand, or because memory ran out");
        assert_eq!(in_words(ExitStatus::from_raw(60)), "was killed by signal 60");
    }
}
