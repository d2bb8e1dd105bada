//! A process that has no descriptor left for another connection (fault 13).
use std::time::Duration;

use e2e::{LONG, Process, Program, Test, eventually};
use tokio::{net::TcpStream, time::Instant};

use super::{SOON, alone};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![out_of_descriptors_it_waits_and_recovers]
}

/// How often it has said that it cannot accept.
fn complaints(process: &Process) -> u128 {
    let events = process.output().events();
    events.iter().filter(|event| event["message"] == "cannot accept connections").map(|_| 1).sum()
}

async fn out_of_descriptors_it_waits_and_recovers() {
    for program in Program::SERVICES {
        let mut process = alone(program).after("ulimit -n 40").ready().await;
        let (client, health) = (process.client().await, process.health().await);
        let mut crowd = Vec::new();
        for _ in 0..100 {
            crowd.push(TcpStream::connect(process.listening().await.http).await.expect("a place in the backlog"));
        }
        does_not_spin(&process).await;
        assert!(!process.has_ended());
        drop(crowd);
        for asked in [health.get("/readiness"), health.get("/healthz"), client.get("/version")] {
            let answer = tokio::time::timeout(SOON, asked.send(200)).await;
            answer.expect("it answers again");
        }
    }
}

/// It tries again now and then, not all the time: at most every 50 ms on each of its two ports.
async fn does_not_spin(process: &Process) {
    let (began, before) = (Instant::now(), complaints(process));
    eventually("it cannot accept", LONG, async || (complaints(process) >= before + 5).then_some(())).await;
    let tries = complaints(process) - before;
    let pauses = began.elapsed().as_millis() / Duration::from_millis(50).as_millis();
    assert!(tries <= 2 * (pauses + 3), "{tries} tries in {:?}", began.elapsed());
}
