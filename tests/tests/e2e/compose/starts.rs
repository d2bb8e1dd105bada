//! `up`: everything healthy, one after another; and nothing left behind.
use e2e::{
    Shared, Target, Test,
    compose::Project,
    container::{docker, inspect},
};
use serde_json::Value;

use super::OURS;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![each_waits_until_the_one_before_is_healthy, a_demo_account_is_a_loud_warning, nothing_is_left_behind]
}

async fn each_waits_until_the_one_before_is_healthy() {
    let suite = Shared::of(Target::Compose).await;
    let mut healthy = String::new();
    for service in OURS {
        let [container] = &suite.project().containers(service)[..] else { panic!("one {service} is expected") };
        let state = inspect("container", container)["State"].take();
        assert_eq!(state["Health"]["Status"], "healthy", "{service}");
        // Times in RFC 3339, in UTC, are in order as text.
        let started = state["StartedAt"].as_str().expect("a time");
        assert!(*started > *healthy, "{service} started at {started}, and what it waits for was healthy at {healthy}");
        // The engine's first good healthcheck is in the service's own log.
        let log = docker(["logs", container]).expect(0).out;
        let asked = |line: &&str| line.contains("flotilla-healthcheck/") && line.contains(r#""status":200"#);
        let event: Value = serde_json::from_str(log.lines().find(asked).expect(&log)).expect("JSON");
        event["timestamp"].as_str().expect("a time").clone_into(&mut healthy);
    }
}

async fn a_demo_account_is_a_loud_warning() {
    let suite = Shared::of(Target::Compose).await;
    let log = suite.project().run(&["logs", "--no-log-prefix", "auth"]).expect(0).out;
    let warning = log.lines().find(|line| line.contains(r#""level":"WARN""#) && line.contains("DEMO ACCOUNT"));
    assert!(warning.is_some(), "{log}");
}

async fn nothing_is_left_behind() {
    let project = Project::up(&["--scale", "frontend=0"]);
    let label = format!("label=com.docker.compose.project={}", project.name());
    let left =
        || ["container", "volume", "network"].map(|kind| docker([kind, "ls", "--quiet", "--filter", &label]).out);
    assert!(left().iter().all(|names| !names.is_empty()), "{:?}", left());
    drop(project);
    assert_eq!(left(), [""; 3]);
}
