//! One shell for a document's commands, each one's output told from the next one's.
use std::process::{Command, Stdio};

use super::scene::Stage;
use crate::{Program, environment, output::Stream, tool::Tool};

const MARK: &str = "@@ flotilla docs: block";

/// Runs the commands one after another; what each printed, or why it failed. Those after a failed one are not run. The
/// stage may have a directory and the platform's data directory for them; else they are of their own.
pub(super) async fn run(commands: &[String], stage: &Stage) -> Vec<Result<String, String>> {
    let directory = environment::temporary_directory();
    let blocks = commands.iter().map(|command| format!("echo; echo '{MARK}'\n{{\n{command}\n}} || exit $?\n"));
    // What was left running in the background would keep the output open.
    let script = format!("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n{}", blocks.collect::<String>());
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).stdin(Stdio::null());
    shell.current_dir(stage.directory().unwrap_or(directory.path()));
    let data = stage.data().unwrap_or_else(|| directory.path().to_owned());
    shell.env_clear().env("HOME", directory.path()).env("XDG_DATA_HOME", data).envs(stage.environment());
    shell.env("PATH", format!("{}:{}", Program::directory().display(), environment::path()));
    let mut tool = Tool::start(shell);
    let status = tool.wait_within(stage.longest()).await;
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
    if is_success && outcomes.len() != commands.len() {
        outcomes.push(Err("the block before ended the shell".to_owned()));
    }
    outcomes
}
