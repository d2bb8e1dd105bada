//! Nothing is left of a run, even of one that is killed.
use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
};

use e2e::{LONG, Program, Stream, Test, container::docker, environment, eventually, skips, tool::Tool};
use tempfile::TempDir;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![a_killed_run_leaves_no_process];
    tests.extend(e2e::tests![POSTGRES: a_killed_run_leaves_no_database_server]);
    tests.extend(
        e2e::tests![a_killed_run_leaves_no_container].into_iter().map(|test| test.needing_all(skips::CONTAINERS)),
    );
    tests.extend(e2e::tests![BROWSER: a_killed_run_leaves_no_browser]);
    tests
}

async fn a_killed_run_leaves_no_process() {
    nobody_listens_after_a_kill("restart::a_token_dies", 3, service).await;
}

async fn a_killed_run_leaves_no_database_server() {
    nobody_listens_after_a_kill("fixtures::a_server_that_crashed_has_what_was_committed", 1, database).await;
}

async fn a_killed_run_leaves_no_container() {
    let directory = environment::temporary_directory();
    let run = a_run("images::data::a_volume_keeps_accounts_and_keys", &directory);
    let names = format!("name=flotilla-e2e-.*-{}-", run.id());
    let containers = || docker(["ps", "--all", "--quiet", "--filter", &names]).expect(0).out;
    let volumes = || docker(["volume", "ls", "--quiet", "--filter", &names]).expect(0).out;
    eventually("the run has a container", LONG, async || (!containers().is_empty()).then_some(())).await;
    assert_ne!(volumes(), "");
    run.kill();
    let gone = || containers().is_empty() && volumes().is_empty();
    eventually("neither it nor its volume is there any more", LONG, async || gone().then_some(())).await;
}

async fn a_killed_run_leaves_no_browser() {
    nobody_listens_after_a_kill("page::token::a_token_is_refreshed_before_it_ends", 1, browser).await;
}

/// Kills a run of that test as soon as so many lines tell an address.
async fn nobody_listens_after_a_kill(test: &str, count: usize, told: fn(&str) -> Option<SocketAddr>) {
    let directory = environment::temporary_directory();
    let run = a_run(test, &directory);
    let addresses = eventually("the run's processes listen", LONG, async || {
        let lines = run.output().of(Stream::Err);
        let addresses: Vec<SocketAddr> = lines.iter().filter_map(|line| told(line)).collect();
        (addresses.len() == count).then_some(addresses)
    })
    .await;
    run.kill();
    eventually("nobody listens any more", LONG, async || {
        addresses.iter().all(|address| TcpStream::connect(address).is_err()).then_some(())
    })
    .await;
}

/// A run of one test.
fn a_run(test: &str, directory: &TempDir) -> Tool {
    let mut command = Command::new(environment::this_executable());
    command.args([test, "--exact"]).env("TEST_LOG", "1");
    command.env("FLOTILLA_BIN_DIR", Program::directory()).env("TMPDIR", directory.path());
    Tool::start(command)
}

/// The address in a line such as `auth[1234]| {"message":"listening","http":"127.0.0.1:5678",…}`.
fn service(line: &str) -> Option<SocketAddr> {
    let (_, event) = line.split_once("| ")?;
    let event: serde_json::Value = serde_json::from_str(event).ok()?;
    if event["message"] == "listening" { event["http"].as_str()?.parse().ok() } else { None }
}

/// The address in PostgreSQL's line: `… LOG:  listening on IPv4 address "127.0.0.1", port 5678`
fn database(line: &str) -> Option<SocketAddr> {
    let (_, port) = line.split_once("listening on IPv4 address \"127.0.0.1\", port ")?;
    Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into())
}

/// The address in the driver's line: `ChromeDriver was started successfully on port 5678.`
fn browser(line: &str) -> Option<SocketAddr> {
    let (_, port) = line.split_once("ChromeDriver was started successfully on port ")?;
    Some((Ipv4Addr::LOCALHOST, port.trim_end_matches('.').parse().ok()?).into())
}
