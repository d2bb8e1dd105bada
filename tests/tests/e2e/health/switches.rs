//! Switches over the probes: the classic toggle, and settings that end by themselves.
use std::time::Duration;

use e2e::{Program, Test, eventually};
use serde_json::json;

use super::{Check, Subject, checks, configured};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        looking_changes_nothing,
        the_classic_toggle_flips_and_flips_back,
        a_switch_that_is_off_ends_by_itself,
        the_next_probes_fail_as_many_as_asked,
        liveness_and_readiness_are_switched_apart,
        a_setting_that_makes_no_sense_is_refused,
        a_page_of_another_site_switches_nothing,
    ]
}

const SWITCHES: [(&str, &str); 2] = [("/healthz", "/healthz/status"), ("/readiness", "/readiness/status")];

async fn looking_changes_nothing(subject: Subject) {
    for (probe, status) in SWITCHES {
        for _ in 0..4 {
            assert_eq!(subject.health.get(status).send(200).await.json()["healthy"], true);
        }
        subject.health.get(probe).send(200).await;
    }
}

async fn the_classic_toggle_flips_and_flips_back(subject: Subject) {
    for (probe, status) in SWITCHES {
        assert_eq!(subject.health.post(status, 200).await.json()["healthy"], false);
        assert_eq!(subject.health.get(probe).send(503).await.json()["healthy"], false);
        assert_eq!(subject.health.get(status).send(200).await.json()["switch"], "off");
        assert_eq!(subject.health.post(status, 200).await.json()["healthy"], true);
        subject.health.get(probe).send(200).await;
    }
}

async fn a_switch_that_is_off_ends_by_itself(subject: Subject) {
    for (probe, status) in SWITCHES {
        let report = subject.health.put(status, &json!({"healthy": false, "for_seconds": 1.0}), 200).await.json();
        assert_eq!((&report["healthy"], &report["ends_in_seconds"]), (&json!(false), &json!(1)));
        subject.health.get(probe).send(503).await;
        eventually("the switch is on again", Duration::from_secs(5), async || {
            subject.health.get(probe).try_send().await.filter(|answer| answer.status == 200)
        })
        .await;
    }
}

async fn the_next_probes_fail_as_many_as_asked(subject: Subject) {
    for (probe, status) in SWITCHES {
        subject.health.put(status, &json!({"fail_next": 2}), 200).await;
        subject.health.get(status).send(200).await;
        for expected in [503, 503, 200] {
            subject.health.get(probe).send(expected).await;
        }
    }
}

async fn liveness_and_readiness_are_switched_apart(subject: Subject) {
    subject.health.post("/readiness/status", 200).await;
    subject.health.liveness(200).await;
    subject.http.version(200).await;
    subject.health.put("/readiness/status", &json!({"healthy": true}), 200).await;
    subject.health.readiness(200).await;
}

async fn a_setting_that_makes_no_sense_is_refused(subject: Subject) {
    for body in [
        json!({}),
        json!({"healthy": false, "for_seconds": 0}),
        json!({"fail_next": 0}),
        json!({"fail_next": 1e30}),
        json!({"healthy": true, "fail_next": 1}),
    ] {
        subject.health.put("/readiness/status", &body, 422).await.problem();
    }
    for body in [
        json!({"heathy": false}),
        json!([]),
        json!([false, 60, null]),
        json!({"fail_next": -1}),
        json!({"fail_next": 1.5}),
        json!({"healthy": "no"}),
    ] {
        subject.health.put("/readiness/status", &body, 400).await.problem();
    }
    subject.health.readiness(200).await;
}

async fn a_page_of_another_site_switches_nothing(subject: Subject) {
    for (method, path) in
        [("POST", "/readiness/status"), ("PUT", "/healthz/status"), ("PUT", "/faults"), ("DELETE", "/faults")]
    {
        subject.health.request(method, path).header("sec-fetch-site", "cross-site").send(403).await.problem();
    }
    subject.health.readiness(200).await;
}

/// Staging and production take the switches away.
pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![without_the_lab_there_are_no_switches]
}

async fn without_the_lab_there_are_no_switches() {
    for program in Program::SERVICES {
        let subject = Subject::own(configured(program).set("LAB", "false")).await;
        for path in ["/healthz/status", "/readiness/status", "/faults"] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                subject.health.request(method, path).send(404).await.problem();
            }
        }
        subject.health.readiness(200).await;
        subject.health.get("/probes").send(200).await;
    }
}
