//! One shell for a document's commands, each one's output told from the next one's.
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{blocks::Step, scene::Stage};
use crate::{Program, environment, output::Stream, skips, tool::Tool};

const MARK: &str = "@@ flotilla docs: block";
/// How long the command of a second terminal may take to print what the document expects.
const TERMINAL_DEADLINE: Duration = Duration::from_mins(1);

/// The shell that runs a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// `/bin/sh`.
    Posix,
    /// The default shell of macOS, as it is without a user's settings.
    Zsh,
}

impl Shell {
    /// zsh where it is installed: it splits no variable into words and fails for a pattern without a match.
    pub fn strictest() -> Self {
        if skips::ZSH.is_here() { Self::Zsh } else { Self::Posix }
    }

    fn command(self) -> Command {
        match self {
            Self::Posix => Command::new("/bin/sh"),
            Self::Zsh => {
                let mut command = Command::new(skips::zsh().expect("zsh"));
                command.arg("-f");
                command
            }
        }
    }

    /// As a word of a script.
    fn word(self) -> String {
        match self {
            Self::Posix => "/bin/sh".to_owned(),
            Self::Zsh => format!("{} -f", skips::zsh().expect("zsh").display()),
        }
    }

    /// Stops what was left running in the background, which would keep the output open. dash tells its jobs only outside
    /// of `$(…)`.
    fn stop_jobs(self, list: &Path) -> String {
        match self {
            Self::Posix => format!("jobs -p >{0}; kill $(cat {0}) 2>/dev/null || true", list.display()),
            Self::Zsh => "for job in ${${(v)jobstates##*:*:}%=*}; do kill $job 2>/dev/null; done".to_owned(),
        }
    }
}

/// Runs the commands one after another; what each printed, or why it failed. Those after a failed one are not run, and
/// every line of a block has to succeed. The stage may have a directory and the platform's data directory for them; else
/// they are of their own.
pub(super) async fn run(steps: &[&Step], stage: &Stage, shell: Shell) -> Vec<Result<String, String>> {
    let directory = environment::temporary_directory();
    let terminals = Terminals::of(steps, stage);
    let blocks = steps.iter().enumerate().map(|(place, step)| {
        let command = if step.is_terminal { terminals.script(place, shell) } else { stage.real(&step.command) };
        format!("echo; echo '{MARK}'\n{command}\n")
    });
    let script = format!(
        "set -e\ntrap '{}' EXIT\n{}",
        shell.stop_jobs(&terminals.0.path().join("jobs")),
        blocks.collect::<String>()
    );
    let mut command = shell.command();
    command.arg("-c").arg(script).stdin(Stdio::null());
    command.current_dir(stage.directory().unwrap_or(directory.path()));
    let data = stage.data().unwrap_or_else(|| directory.path().to_owned());
    command.env_clear().env("HOME", directory.path()).env("XDG_DATA_HOME", data).envs(stage.environment());
    command.env("PATH", format!("{}:{}", Program::directory().display(), environment::path()));
    let mut tool = Tool::start(command);
    let status = tokio::select! {
        status = tool.wait_within(stage.longest()) => status,
        () = terminals.watch(steps, stage) => unreachable!("it watches until it is dropped"),
    };
    let printed = tool.output().of(Stream::Out).join("\n");
    let mut outcomes: Vec<Result<String, String>> =
        printed.split(MARK).skip(1).map(|part| Ok(part.trim().replace('\r', ""))).collect();
    let is_success = status.is_some_and(|status| status.success());
    if !is_success {
        let said = tool.output().of(Stream::Err).join("\n");
        let last = outcomes.pop().and_then(Result::ok).unwrap_or_default();
        let how = match status {
            Some(status) => format!("ended with {status}"),
            None => format!("did not end in {:?}", stage.longest()),
        };
        outcomes.push(Err(format!("{how}\n{last}\n{said}\n{}", stage.shown())));
    }
    if is_success && outcomes.len() != steps.len() {
        outcomes.push(Err("the block before ended the shell".to_owned()));
    }
    outcomes
}

/// The commands that a reader runs in a second terminal: each has a shell of its own, which knows no variable of the first.
struct Terminals(TempDir);

impl Terminals {
    fn of(steps: &[&Step], stage: &Stage) -> Self {
        let this = Self(environment::temporary_directory());
        for (place, step) in steps.iter().enumerate().filter(|(_, step)| step.is_terminal) {
            fs::write(this.file(place, "commands"), stage.real(&step.command)).expect("written");
        }
        this
    }

    fn file(&self, place: usize, what: &str) -> PathBuf {
        self.0.path().join(format!("{place}.{what}"))
    }

    /// Starts it, and prints what it has printed when [`Self::watch`] allows the next block.
    fn script(&self, place: usize, shell: Shell) -> String {
        let [commands, printed, go] =
            ["commands", "printed", "go"].map(|what| self.file(place, what).display().to_string());
        let shell = shell.word();
        format!(
            "{shell} '{commands}' >'{printed}' 2>&1 </dev/null &\n\
             while [ ! -e '{go}' ]; do sleep 0.05; done\ncat '{printed}'"
        )
    }

    /// Allows the block after each terminal as soon as the terminal shows what the document expects, or after a minute.
    async fn watch(&self, steps: &[&Step], stage: &Stage) {
        for (place, step) in steps.iter().enumerate().filter(|(_, step)| step.is_terminal) {
            let shown = async || fs::read_to_string(self.file(place, "printed")).ok();
            while shown().await.is_none() {
                sleep(Duration::from_millis(20)).await;
            }
            let deadline = Instant::now() + TERMINAL_DEADLINE;
            let is_met = |printed: &str| step.expected.as_ref().is_none_or(|it| it.is_met_by(printed).is_ok());
            while !shown().await.is_some_and(|printed| is_met(&stage.told(&printed))) && Instant::now() < deadline {
                sleep(Duration::from_millis(20)).await;
            }
            create(&self.file(place, "go"));
        }
        std::future::pending::<()>().await;
    }
}

fn create(file: &Path) {
    fs::write(file, "").expect("written");
}
