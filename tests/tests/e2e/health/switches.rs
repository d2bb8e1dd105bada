//! Switches over the probes: the classic toggle, and settings that end by themselves.
use std::time::Duration;

use e2e::{HealthPort, Launch, Program, Test, eventually};
use serde_json::json;

use super::{Check, SECRET, Subject, checks, configured};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        looking_changes_nothing,
        the_classic_toggle_flips_and_flips_back,
        a_switch_that_is_off_ends_by_itself,
        the_next_probes_fail_as_many_as_asked,
        liveness_and_readiness_are_switched_apart,
        a_setting_that_makes_no_sense_is_refused,
        a_page_of_another_site_switches_and_reads_nothing,
        a_rebound_host_name_switches_and_reads_nothing,
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

/// What the health port answers, and whether it changes something.
const REQUESTS: [(&str, &str); 8] = [
    ("POST", "/readiness/status"),
    ("PUT", "/healthz/status"),
    ("PUT", "/faults"),
    ("DELETE", "/faults"),
    ("GET", "/config"),
    ("GET", "/metrics"),
    ("GET", "/probes"),
    ("GET", "/healthz"),
];

/// Fault 33.
async fn a_page_of_another_site_switches_and_reads_nothing(subject: Subject) {
    for (method, path) in REQUESTS {
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "http://evil.test"), ("origin", "null")] {
            subject.health.request(method, path).header(name, value).send(403).await.problem();
        }
    }
    subject.health.readiness(200).await;
}

/// Fault 33.
async fn a_rebound_host_name_switches_and_reads_nothing(subject: Subject) {
    for (method, path) in REQUESTS {
        subject.health.request(method, path).header("host", "evil.test:8081").send(403).await.problem();
        let own = [("host", "evil.test"), ("origin", "http://evil.test"), ("sec-fetch-site", "same-origin")];
        let request = own
            .into_iter()
            .fold(subject.health.request(method, path), |request, (name, value)| request.header(name, value));
        request.send(403).await.problem();
    }
    subject.health.readiness(200).await;
}

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![there_are_no_switches_unless_they_are_asked_for, classic_mode_has_switches]
}

/// Fault 33.
async fn there_are_no_switches_unless_they_are_asked_for() {
    for program in Program::SERVICES {
        let launch = Launch::service(program);
        let launch = if program == Program::Hello { launch.set("JWKS_URL", "http://127.0.0.1:9/") } else { launch };
        has_no_switches(program, launch).await;
        has_no_switches(program, configured(program).set("LAB", "false")).await;
    }
}

async fn has_no_switches(program: Program, launch: Launch) {
    let mut process = launch.spawn();
    let health = HealthPort::new(format!("http://{}", process.listening().await.health));
    for path in ["/healthz/status", "/readiness/status", "/faults"] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            health.request(method, path).send(404).await.problem();
        }
    }
    health.liveness(200).await;
    health.get("/probes").send(200).await;
    assert_eq!(lab_of(program, &health).await, "false");
}

/// As the labs of 2016 need it: they set a secret, and no variable.
async fn classic_mode_has_switches() {
    for program in [Program::Auth, Program::Hello, Program::Monolith] {
        let mut process = Launch::service(program).args([format!("-secret={SECRET}")]).ready().await;
        let health = process.health().await;
        health.post("/readiness/status", 200).await;
        health.readiness(503).await;
        assert_eq!(lab_of(program, &health).await, "true");
    }
}

async fn lab_of(program: Program, health: &HealthPort) -> String {
    let config = health.get("/config").send(200).await.json();
    let lab = config.as_array().into_iter().flatten().find(|shown| shown["name"] == program.variable("LAB"));
    lab.expect("LAB is shown")["value"].as_str().expect("a value").to_owned()
}
