//! The limits are enough under load.
use std::time::Duration;

use e2e::{
    Test,
    cluster::{self, OURS, Overlay, figure},
    skips::METRICS,
};
use serde_json::{Value, json};

use super::{ANN, ann, logins, overlays::limit};
use crate::lifecycle::load::{Ask, Load};

pub(crate) fn staging() -> Vec<Test> {
    e2e::tests![thirty_two_clients_fit_into_the_limits]
}

const CLIENTS: usize = 32;
const REQUESTS: usize = 20_000;

/// Greetings, greetings by name, and logins all the while; nobody is killed for memory.
async fn thirty_two_clients_fit_into_the_limits() {
    let mut turn = cluster::turn().await;
    let staging = turn.deploy(Overlay::Staging).await;
    let client = staging.client();
    let asked = [Ask::Path("/"), Ask::Secure(ann(staging).await), Ask::Path("/version")];
    let (load, logins) = (Load::asking(&asked, CLIENTS, &client, Duration::ZERO), logins(&client, ANN));
    for _ in 0..REQUESTS / 500 {
        load.answers(500).await;
    }
    let used = if METRICS.is_here() { staging.kubectl(&["top", "pods", "--no-headers"]).out } else { String::new() };
    let (load, logins) = (load.end().await, logins.end().await);
    assert_eq!([load.failures, logins.failures].concat(), Vec::<String>::new());
    for (name, pod) in OURS.into_iter().flat_map(|name| staging.pods_of(name).into_iter().map(move |pod| (name, pod))) {
        let status: &Value = &pod.statuses()[0];
        assert_eq!((&status["restartCount"], &status["lastState"]), (&json!(0), &json!({})), "{pod:?}");
        assert_eq!(pod.containers()[0]["resources"]["limits"]["memory"], limit(Overlay::Staging, name), "{name}");
    }
    figure(&format!(
        "{CLIENTS} clients and logins in staging, within the limits of memory: {} requests and {} logins, 0 failed, 0 killed",
        load.answered, logins.answered
    ));
    for line in used.lines() {
        figure(&format!("in use: {line}"));
    }
}
