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
    let script: String = blocks.collect();
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).stdin(Stdio::null());
    shell.current_dir(stage.directory().unwrap_or(directory.path()));
    let data = stage.data().unwrap_or_else(|| directory.path().to_owned());
    shell.env_clear().env("HOME", directory.path()).env("XDG_DATA_HOME", data).envs(stage.environment());
    shell.env("PATH", format!("{}:{}", Program::directory().display(), environment::path()));
    let mut tool = Tool::start(shell);
    let status = tool.wait().await;
    let printed = tool.output().of(Stream::Out).join("\n");
    let mut outcomes: Vec<Result<String, String>> =
        printed.split(MARK).skip(1).map(|part| Ok(part.trim().replace('\r', ""))).collect();
    if !status.success() {
        let said = tool.output().of(Stream::Err).join("\n");
        let last = outcomes.pop().and_then(Result::ok).unwrap_or_default();
        outcomes.push(Err(format!("ended with {status}\n{last}\n{said}")));
    }
    if status.success() && outcomes.len() != commands.len() {
        outcomes.push(Err("the block before ended the shell".to_owned()));
    }
    outcomes
}
