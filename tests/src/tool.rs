//! A program that is no service of ours and ends by itself, with whatever it starts: a shell, a browser.
use std::{
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use tokio::time::timeout;

use crate::{
    eventually::eventually,
    output::{Output, Stream},
    reaper,
};

const LONGEST: Duration = Duration::from_mins(2);

/// A running program in a process group of its own, which is killed when this is dropped.
#[derive(Debug)]
pub struct Tool {
    name: String,
    child: Child,
    output: Output,
}

impl Tool {
    /// Starts it, capturing what it writes.
    pub fn start(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        reaper::add(&format!("-{}", child.id()));
        let output = Output::default();
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            output.capture(name.clone(), Stream::Out, stdout);
            output.capture(name.clone(), Stream::Err, stderr);
        }
        Self { name, child, output }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Kills it alone, and what it started not.
    pub fn kill(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::KILL).expect("a process of ours that is not reaped can be signalled");
    }

    /// Waits for its end and its last line.
    pub async fn wait(&mut self) -> ExitStatus {
        let status = self.wait_within(LONGEST).await;
        status.unwrap_or_else(|| panic!("did not happen within {LONGEST:?}: {} ends", self.name))
    }

    /// The same; `None` if it goes on for longer than that.
    pub async fn wait_within(&mut self, longest: Duration) -> Option<ExitStatus> {
        let end = eventually(&self.name, longest * 2, async || {
            let status = self.child.try_wait().expect("a child of ours can be waited for")?;
            self.output.is_complete().then_some(status)
        });
        timeout(longest, end).await.ok()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // An error means that the group has ended already.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        reaper::remove(&format!("-{}", self.child.id()));
        let _ = self.child.wait();
    }
}
