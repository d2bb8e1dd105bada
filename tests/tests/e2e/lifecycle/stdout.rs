//! A reader of the log that goes away, or does not read (fault 23): the service serves on, and ends when asked.
use std::{
    io::{BufRead as _, BufReader, PipeReader},
    net::SocketAddr,
};

use e2e::{HealthPort, Launch, Process, Program, Signal, Test};
use serde_json::Value;

use super::{SOON, alone, load::Load};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![a_log_that_nobody_reads_holds_nothing_up, a_log_whose_reader_is_gone_holds_nothing_up]
}

/// An access line has some 300 bytes, a pipe holds 64 KiB, and then there is the queue.
const ENOUGH: usize = 4000;

/// A service that writes its log into a pipe; the other end of it, read up to the line that tells the addresses.
fn piped(launch: Launch) -> (Process, BufReader<PipeReader>, [SocketAddr; 2]) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let process = launch.stdout(writer).spawn();
    let mut reader = BufReader::with_capacity(1024, reader);
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).is_ok_and(|length| length > 0), "it ended instead of listening");
        let event: Value = serde_json::from_str(&line).expect("JSON");
        if event["message"] == "listening" {
            let address = |port: &str| event[port].as_str().and_then(|text| text.parse().ok()).expect("an address");
            return (process, reader, [address("http"), address("health")]);
        }
    }
}

/// Serves more than a pipe and a queue can hold.
async fn serves_on([http, health]: [SocketAddr; 2]) -> HealthPort {
    let load = Load::start(8, format!("http://{http}"), None);
    load.answers(ENOUGH).await;
    assert_eq!(load.stop().await, Vec::<String>::new());
    let health = HealthPort::at(health);
    health.liveness(200).await;
    health.readiness(200).await;
    health
}

async fn a_log_that_nobody_reads_holds_nothing_up() {
    let (mut hello, _unread, addresses) = piped(alone(Program::Hello));
    let health = serves_on(addresses).await;
    let metrics = health.get("/metrics").send(200).await.body;
    let lost = metrics.lines().find_map(|line| line.strip_prefix("log_lines_dropped_total ")).expect("the counter");
    assert!(lost.parse::<u64>().is_ok_and(|lost| lost > 0), "what is lost is counted: {lost}");
    hello.signal(Signal::TERM);
    assert!(hello.wait_exit(SOON).await.success());
}

async fn a_log_whose_reader_is_gone_holds_nothing_up() {
    let (mut hello, reader, addresses) = piped(alone(Program::Hello));
    drop(reader);
    serves_on(addresses).await;
    hello.signal(Signal::TERM);
    assert!(hello.wait_exit(SOON).await.success());
}
