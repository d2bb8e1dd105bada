//! `/healthz` and `/readiness`, and who asked.
use super::{Check, Subject, checks};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        a_service_is_alive_and_ready,
        head_is_a_probe_too,
        the_last_probes_are_shown,
        twenty_probes_are_kept,
        what_there_is_not_is_a_404
    ]
}

async fn a_service_is_alive_and_ready(subject: Subject) {
    for path in ["/healthz", "/readiness"] {
        let report = subject.health.get(path).send(200).await;
        assert_eq!(report.json()["healthy"], true, "{path}");
        assert_eq!(report.header("cache-control"), "no-store");
    }
}

async fn head_is_a_probe_too(subject: Subject) {
    for path in ["/healthz", "/readiness"] {
        assert_eq!(subject.health.request("HEAD", path).send(200).await.body, "");
    }
}

async fn the_last_probes_are_shown(subject: Subject) {
    subject.health.get("/healthz").header("user-agent", "kube-probe/1.33").send(200).await;
    let probes = subject.health.get("/probes").send(200).await.json();
    let last = probes.as_array().expect("a list").iter().find(|probe| probe["user_agent"] == "kube-probe/1.33");
    let last = last.expect("the probe");
    assert_eq!((last["path"].as_str(), last["status"].as_u64()), (Some("/healthz"), Some(200)));
    assert!(last["time"].as_str().is_some_and(|time| time.ends_with('Z')), "UTC: {last}");
}

async fn twenty_probes_are_kept(subject: Subject) {
    for _ in 0..25 {
        subject.health.liveness(200).await;
    }
    assert_eq!(subject.health.get("/probes").send(200).await.json().as_array().map(Vec::len), Some(20));
}

async fn what_there_is_not_is_a_404(subject: Subject) {
    for path in ["/", "/nope", "/healthz/", "/secure", "/login"] {
        subject.health.get(path).send(404).await.problem();
    }
    assert_eq!(subject.health.post("/healthz", 405).await.header("allow"), "GET,HEAD");
}
