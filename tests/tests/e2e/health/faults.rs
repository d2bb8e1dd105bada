//! Faults on the http port, asked for on the health port.
use std::time::Duration;

use e2e::eventually;
use serde_json::json;
use tokio::time::Instant;

use super::{Check, Subject, checks};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        without_faults_nothing_is_labelled,
        errors_are_injected_and_labelled,
        a_delay_is_injected_and_labelled,
        probes_are_spared,
        a_fault_ends_by_itself,
        a_fault_out_of_range_is_refused,
    ]
}

async fn without_faults_nothing_is_labelled(subject: Subject) {
    assert!(!subject.http.version(200).await.has("x-fault-injected"));
    let faults = subject.health.get("/faults").send(200).await.json();
    assert_eq!(faults, json!({"delay_ms": 0, "error_percent": 0, "ends_in_seconds": 0}));
}

async fn errors_are_injected_and_labelled(subject: Subject) {
    subject.health.put("/faults", &json!({"error_percent": 100}), 200).await;
    let answer = subject.http.version(500).await;
    assert_eq!(answer.header("x-fault-injected"), "error");
    answer.problem();
    subject.health.request("DELETE", "/faults").send(204).await;
    subject.http.version(200).await;
}

async fn a_delay_is_injected_and_labelled(subject: Subject) {
    subject.health.put("/faults", &json!({"delay_ms": 150.0}), 200).await;
    let start = Instant::now();
    let answer = subject.http.version(200).await;
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(answer.header("x-fault-injected"), "delay");
    subject.health.request("DELETE", "/faults").send(204).await;
}

async fn probes_are_spared(subject: Subject) {
    subject.health.put("/faults", &json!({"error_percent": 100, "for_seconds": 60}), 200).await;
    assert!(!subject.health.readiness(200).await.has("x-fault-injected"));
    subject.health.liveness(200).await;
    subject.health.request("DELETE", "/faults").send(204).await;
}

async fn a_fault_ends_by_itself(subject: Subject) {
    let set = subject.health.put("/faults", &json!({"error_percent": 100, "for_seconds": 1}), 200).await.json();
    assert_eq!((&set["error_percent"], &set["ends_in_seconds"]), (&json!(100), &json!(1)));
    eventually("the fault has ended", Duration::from_secs(5), async || {
        subject.http.get("/version").try_send().await.filter(|answer| answer.status == 200)
    })
    .await;
}

async fn a_fault_out_of_range_is_refused(subject: Subject) {
    for body in [
        json!({}),
        json!({"delay_ms": 30_001}),
        json!({"error_percent": 101}),
        json!({"error_percent": 300.0}),
        json!({"delay_ms": 1, "for_seconds": 0}),
    ] {
        subject.health.put("/faults", &body, 422).await.problem();
    }
    for body in [json!({"error_percent": -1}), json!({"error_percent": "50"}), json!({"latency": 5}), json!([5, 0, 60])]
    {
        subject.health.put("/faults", &body, 400).await.problem();
    }
    subject.http.version(200).await;
}
