//! `/config` and `/metrics`: what is in force and what has happened, without a secret.
use e2e::{Launch, Program, Test};
use serde_json::Value;

use super::{Check, SECRET, Subject, checks};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        every_setting_is_shown_with_its_origin,
        secrets_are_masked,
        metrics_count_answers_by_route,
        metrics_tell_the_build
    ]
}

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_setting_tells_where_it_came_from,
        a_secret_from_a_file_is_masked,
        a_refused_token_is_counted_by_reason
    ]
}

async fn every_setting_is_shown_with_its_origin(subject: Subject) {
    let config = subject.health.get("/config").send(200).await.json();
    for shown in config.as_array().expect("a list") {
        assert!(shown["name"].is_string(), "{shown}");
        assert!(["default", "env", "file", "flag"].iter().any(|origin| shown["origin"] == *origin), "{shown}");
    }
    let has = |end: &str| {
        config
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["name"].as_str().is_some_and(|name| name.ends_with(end))))
    };
    assert!(has("_HTTP_ADDR") && has("_DRAIN_DELAY") && has("RUST_LOG"), "{config}");
}

async fn secrets_are_masked(subject: Subject) {
    let config = subject.health.get("/config").send(200).await;
    assert!(!config.body.contains(SECRET), "{config:?}");
}

async fn metrics_count_answers_by_route(subject: Subject) {
    for _ in 0..3 {
        subject.http.version(200).await;
    }
    subject.http.get("/never/heard/of").send(404).await;
    let metrics = subject.health.get("/metrics").send(200).await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    assert!(
        metrics.body.contains(r#"http_requests_total{method="GET",route="/version",status="200"} "#),
        "{}",
        metrics.body
    );
    assert!(metrics.body.contains(r#"route="unmatched",status="404"} "#), "a stranger makes no new series");
    assert!(!metrics.body.contains("never/heard/of") && metrics.body.ends_with("# EOF\n"));
}

async fn metrics_tell_the_build(subject: Subject) {
    let version = subject.http.version(200).await.json();
    let metrics = subject.health.get("/metrics").send(200).await.body;
    let build = format!("build_info{{version={},revision={}}} 1", version["version"], version["revision"]);
    assert!(metrics.contains(&build), "{build} in {metrics}");
}

async fn config_of(launch: Launch) -> impl Fn(&str) -> Value {
    let config = launch.ready().await.health().await.get("/config").send(200).await.json();
    move |name| {
        let found = config.as_array().expect("a list").iter().find(|shown| shown["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is shown: {config}")).clone()
    }
}

async fn a_setting_tells_where_it_came_from() {
    let launch = Launch::bare(Program::Hello).args(["-http=127.0.0.1:0"]).set("HEALTH_ADDR", "127.0.0.1:0");
    let shown = config_of(launch.set("SECRET", SECRET).set("LEEWAY", "")).await;
    assert_eq!(
        (&shown("HELLO_HTTP_ADDR")["origin"], &shown("HELLO_HTTP_ADDR")["from"]),
        (&"flag".into(), &"-http".into())
    );
    assert_eq!(shown("HELLO_HEALTH_ADDR")["origin"], "env");
    assert_eq!(shown("HELLO_SECRET"), serde_json::json!({"name": "HELLO_SECRET", "value": "***", "origin": "env"}));
    assert_eq!(shown("HELLO_LEEWAY")["origin"], "default", "empty means unset");
}

async fn a_secret_from_a_file_is_masked() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).expect("written");
    let shown = config_of(Launch::service(Program::Hello).set("SECRET_FILE", &file)).await;
    let secret = shown("HELLO_SECRET");
    assert_eq!((&secret["value"], &secret["origin"]), (&"***".into(), &"file".into()), "{secret}");
}

async fn a_refused_token_is_counted_by_reason() {
    let mut monolith = Launch::service(Program::Monolith).ready().await;
    let (client, health) = (monolith.client().await, monolith.health().await);
    let token = client.logged_in().await.token().to_owned();
    let (head, _) = token.rsplit_once('.').expect("three parts");
    client.holding(format!("{head}.{}", "A".repeat(86))).secure(401).await;
    client.secure(401).await;
    let metrics = health.get("/metrics").send(200).await.body;
    assert!(metrics.contains(r#"token_refusals_total{reason="missing"} 1"#), "{metrics}");
    let reasons = metrics.lines().filter(|line| line.starts_with("token_refusals_total")).count();
    assert_eq!(reasons, 2, "{metrics}");
}
