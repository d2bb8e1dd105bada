//! Runs `flotilla` to its end.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The executable, in a fixed time zone and language, and in nobody's terminal.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flotilla"));
    command.args(args).env("TZ", "UTC").env_remove("LOG_FORMAT").env_remove("CLICOLOR_FORCE");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it.
pub(crate) fn run(args: &[&str]) -> Ran {
    finish(&mut command(args), "")
}

/// Runs it with something on standard input.
pub(crate) fn run_with_input(args: &[&str], input: &str) -> Ran {
    finish(command(args).stdin(Stdio::piped()), input)
}

pub(crate) fn finish(command: &mut Command, input: &str) -> Ran {
    let mut child = command.spawn().expect("the executable starts");
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).expect("it reads its input");
    }
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
