//! Requests that are being handled when the end is asked for (fault 15).
use e2e::{Answer, Client, HealthPort, LONG, Process, Program, Signal, Test, eventually};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{AT_ONCE, SOON, alone, draining};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_request_in_flight_is_finished,
        a_request_that_is_stuck_is_cut_at_the_deadline,
        an_idle_connection_does_not_hold_the_end_up,
    ]
}

/// A request that takes so long, once the service is handling it.
async fn slow_request(process: &mut Process, delay_ms: u32) -> (JoinHandle<Option<Answer>>, HealthPort) {
    let (client, health) = (process.client().await, process.health().await);
    health.put("/faults", &json!({"delay_ms": delay_ms}), 200).await;
    let request = tokio::spawn(async move { client.get("/version").try_send().await });
    eventually("the request is being handled", LONG, async || {
        let metrics = health.get("/metrics").send(200).await.body;
        metrics.lines().any(|line| line == "http_requests_in_flight 1").then_some(())
    })
    .await;
    (request, health)
}

async fn a_request_in_flight_is_finished() {
    for program in [Program::Hello, Program::Monolith] {
        let mut process = alone(program).set("LAB", "true").ready().await;
        let (request, health) = slow_request(&mut process, 1500).await;
        process.signal(Signal::TERM);
        draining(&health).await;
        let answer = request.await.expect("asked").expect("an answer");
        assert_eq!((answer.status, answer.header("connection")), (200, "close"));
        assert!(process.wait_exit(SOON).await.success());
    }
}

async fn a_request_that_is_stuck_is_cut_at_the_deadline() {
    for program in [Program::Hello, Program::Monolith] {
        let mut process = alone(program).set("LAB", "true").set("SHUTDOWN_TIMEOUT", "300ms").ready().await;
        let (request, _) = slow_request(&mut process, 30_000).await;
        process.signal(Signal::TERM);
        assert!(process.wait_exit(AT_ONCE).await.success());
        assert!(request.await.expect("asked").is_none(), "it is cut, not answered");
        assert!(process.output().event("drained").is_none(), "the log does not say that all went well");
    }
}

async fn an_idle_connection_does_not_hold_the_end_up() {
    for program in Program::SERVICES {
        let mut process = alone(program).ready().await;
        let client: Client = process.client().await;
        client.version(200).await;
        process.signal(Signal::TERM);
        assert!(process.wait_exit(AT_ONCE).await.success());
    }
}
