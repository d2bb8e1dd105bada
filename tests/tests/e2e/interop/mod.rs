//! Other languages' standard libraries and we understand each other over HTTP: our tokens there, theirs here.
//!
//! The other side are the scripts of `tests/interop`.
mod issuers;
mod verifiers;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use e2e::{Test, environment, skips, tool::Tool};

pub(crate) fn tests() -> Vec<Test> {
    verifiers::tests().into_iter().chain(issuers::tests()).collect()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name)
}

fn python(name: &str) -> Command {
    let mut command = bare(&skips::python());
    command.arg(script(name));
    command
}

fn node(name: &str) -> Command {
    let mut command = bare(&skips::node().expect("node"));
    command.arg(script(name)).arg(skips::node_modules());
    command
}

/// Nothing of our own environment, and nothing to read.
fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", environment::path()).stdin(Stdio::null());
    command
}

/// Runs it to its good end, for what it wrote.
async fn lines(command: Command) -> Vec<String> {
    let mut tool = Tool::start(command);
    let status = tool.wait().await;
    let said = tool.output().of(e2e::Stream::Err);
    assert!(status.success(), "it ended with {status}: {said:?}");
    tool.output().of(e2e::Stream::Out)
}
