//! Nothing is left of a run, even of one that is killed.
use std::{
    net::{SocketAddr, TcpStream},
    process::Command,
};

use e2e::{LONG, Program, Stream, Test, environment, eventually, tool::Tool};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![a_killed_run_leaves_no_process]
}

async fn a_killed_run_leaves_no_process() {
    let directory = environment::temporary_directory();
    let mut command = Command::new(environment::this_executable());
    command.args(["restart::a_token_dies", "--exact"]).env("TEST_LOG", "1");
    command.env("FLOTILLA_BIN_DIR", Program::directory()).env("TMPDIR", directory.path());
    let run = Tool::start(command);
    let addresses = eventually("the run's three services listen", LONG, async || {
        let lines = run.output().of(Stream::Err);
        let addresses: Vec<SocketAddr> = lines.iter().filter_map(|line| listening(line)).collect();
        (addresses.len() == 3).then_some(addresses)
    })
    .await;
    run.kill();
    eventually("nobody listens any more", LONG, async || {
        addresses.iter().all(|address| TcpStream::connect(address).is_err()).then_some(())
    })
    .await;
}

/// The address in a line such as `auth[1234]| {"message":"listening","http":"127.0.0.1:5678",…}`.
fn listening(line: &str) -> Option<SocketAddr> {
    let (_, event) = line.split_once("| ")?;
    let event: serde_json::Value = serde_json::from_str(event).ok()?;
    if event["message"] == "listening" { event["http"].as_str()?.parse().ok() } else { None }
}
