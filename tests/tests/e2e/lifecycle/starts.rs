//! Readiness from the first moment to the last.
use e2e::{Program, Signal, Test};
use serde_json::json;

use super::{alone, draining};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![readiness_is_earned_and_given_up, switches_do_not_make_a_draining_process_ready]
}

async fn readiness_is_earned_and_given_up() {
    for program in Program::SERVICES {
        let mut process = alone(program).set("DRAIN_DELAY", "60s").ready().await;
        let health = process.health().await;
        let report = health.readiness(200).await.json();
        assert_eq!((&report["waiting_for"], &report["draining"]), (&json!(null), &json!(null)));
        process.signal(Signal::TERM);
        draining(&health).await;
        assert_eq!(health.liveness(200).await.json()["healthy"], true);
    }
}

async fn switches_do_not_make_a_draining_process_ready() {
    let mut hello = alone(Program::Hello).set("DRAIN_DELAY", "60s").ready().await;
    let health = hello.health().await;
    hello.signal(Signal::TERM);
    draining(&health).await;
    assert_eq!(health.put("/readiness/status", &json!({"healthy": true}), 200).await.json()["healthy"], false);
    health.readiness(503).await;
}
