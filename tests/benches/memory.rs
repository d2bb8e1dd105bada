//! Whether every service keeps under load to the memory that its pod is promised to need: `cargo bench -p e2e --bench memory`.
//! Exit code 1 if one does not.
//!
//! 32 connections, a mix of `/`, `/secure` and `/login`, through the frontend and on the monolith. What is measured is
//! the largest resident set (VmHWM): all of a process's memory, its file's mapped pages among it. `FLOTILLA_BIN_DIR` says
//! which executables; the promise is for those of `just release-static`, which run in images.
#![expect(clippy::print_stdout, reason = "a table for a person")]

use std::{fs, process::ExitCode, time::Duration};

use e2e::{Client, Process, Suite};
use tokio::{task::JoinSet, time::Instant};

const CONNECTIONS: usize = 32;
const TIME: Duration = Duration::from_secs(8);
/// One request in so many is a login.
const LOGIN_EVERY: usize = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    println!("{:<10}{:>12}{:>12}{:>14}", "", "VmHWM KiB", "of it anon", "requests/s");
    let mut kept = true;
    for suite in [Suite::split().await, Suite::monolith().await] {
        let rate = load(&suite).await;
        for process in suite.into_processes() {
            kept &= tell(&process, rate);
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(process: &Process, rate: f64) -> bool {
    let largest = status_kib(process, "VmHWM:");
    let limit = process.program().memory_mib();
    let kept = largest <= limit * 1024;
    let verdict = if kept { String::new() } else { format!("   above {limit} MiB") };
    let name = process.program().name();
    println!("{name:<10}{largest:>12}{:>12}{rate:>14.0}{verdict}", status_kib(process, "RssAnon:"));
    kept
}

fn status_kib(process: &Process, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("it runs, on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(field)).expect("a line of that name");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Requests a second.
async fn load(suite: &Suite) -> f64 {
    let client = suite.token_holder().await;
    let (started, end) = (Instant::now(), Instant::now() + TIME);
    let mut connections = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let client = client.clone();
        connections.spawn(async move { one_connection(&client, connection, end).await });
    }
    let answered: usize = connections.join_all().await.into_iter().sum();
    f64::from(u32::try_from(answered).expect("a number")) / started.elapsed().as_secs_f64()
}

async fn one_connection(client: &Client, first: usize, end: Instant) -> usize {
    let mut answered = 0;
    while Instant::now() < end {
        match (first + answered) % LOGIN_EVERY {
            0 => drop(client.logged_in().await),
            turn if turn % 2 == 0 => drop(client.secure(200).await),
            _ => drop(client.greeting(200).await),
        }
        answered += 1;
    }
    answered
}
