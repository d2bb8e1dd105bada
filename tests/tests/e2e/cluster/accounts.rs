//! Tokens are their environment's own; admin processes run; accounts outlive the database's pod.
use e2e::{
    Test,
    cluster::{self, Deployed, Overlay, Pod, figure, kubectl, until},
};
use serde_json::Value;
use tokio::time::Instant;

use super::{ANN, ann, token};
use crate::lifecycle::load::{Ask, Load};

pub(crate) fn dev_and_production() -> Vec<Test> {
    e2e::tests![a_token_of_dev_is_none_in_production]
}

pub(crate) fn production() -> Vec<Test> {
    e2e::tests![admin_processes_do_their_work, the_audit_trail_names_the_client_behind_both_proxies]
}

pub(crate) fn staging() -> Vec<Test> {
    e2e::tests![accounts_outlive_the_pod_of_the_database]
}

async fn a_token_of_dev_is_none_in_production() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    let theirs = token(dev).await;
    dev.client().holding(&theirs).secure(200).await;
    let production = turn.deploy(Overlay::Production).await;
    let ours = ann(production).await;
    production.client().holding(ours).secure(200).await;
    let refused = production.client().holding(theirs).secure(401).await;
    assert_eq!(refused.header("www-authenticate"), r#"Bearer realm="flotilla", error="invalid_token""#);
    // The demo account is dev's alone, too.
    production.client().log_in(super::DEMO.0, super::DEMO.1, 401).await;
}

async fn admin_processes_do_their_work() {
    let mut turn = cluster::turn().await;
    let production = turn.deploy(Overlay::Production).await;
    let (client, before) = (production.client(), ann(production).await);
    let keys = async || client.key_set(200).await.json()["keys"].as_array().expect("a list").clone();
    let first = keys().await;
    let start = Instant::now();
    production.run_job("auth-migrate", "migrate");
    production.run_job("auth-purge", "purge");
    production.run_job("auth-key-rotation", "rotation");
    figure(&format!("three admin jobs in production: {:.0} s", start.elapsed().as_secs_f64()));
    // Published at once; it signs when every verifier has seen it (docs/security.md, "Rotation").
    until("the next key is published beside the first", async || {
        let keys = keys().await;
        (keys.len() == first.len() + 1 && first.iter().all(|key| keys.contains(key))).then_some(())
    })
    .await;
    client.holding(before).secure(200).await;
    client.log_in(ANN.0, ANN.1, 200).await;
}

/// Not the Ingress controller and not the frontend: the limits on failed logins go by this address.
async fn the_audit_trail_names_the_client_behind_both_proxies() {
    let mut turn = cluster::turn().await;
    let production = turn.deploy(Overlay::Production).await;
    production.client().log_in("nobody", "wrong", 401).await;
    let peer = until("the failed login is logged", async || peer_of_a_failed_login(production)).await;
    let pods: Value =
        serde_json::from_str(&kubectl(["get", "pods", "--all-namespaces", "--output=json"]).expect(0).out)
            .expect("a list of pods");
    let pods = pods["items"].as_array().expect("a list").iter().filter(|pod| pod["spec"]["hostNetwork"] != true);
    let addresses: Vec<&str> = pods.filter_map(|pod| pod["status"]["podIP"].as_str()).collect();
    assert!(addresses.len() >= 6 && !addresses.contains(&peer.as_str()), "{peer} is one of {addresses:?}");
}

/// Which client failed to log in last, as auth saw it.
fn peer_of_a_failed_login(deployed: &Deployed) -> Option<String> {
    let told = deployed.kubectl(&["logs", "--selector=app.kubernetes.io/name=auth", "--tail=-1"]).expect(0).out;
    let lines = told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let failed = lines.rev().find(|line| line["event"] == "login.failed")?;
    failed["peer"].as_str().map(str::to_owned)
}

async fn accounts_outlive_the_pod_of_the_database() {
    let mut turn = cluster::turn().await;
    let staging = turn.deploy(Overlay::Staging).await;
    let client = staging.client();
    let token = ann(staging).await;
    // Who has a token needs no database.
    let load = Load::asking(&[Ask::Secure(token)], 4, &client, super::PACE);
    let start = Instant::now();
    staging.kubectl(&["delete", "pod/postgres-0"]).expect(0);
    let mut refused = 0;
    until("logins are back", async || {
        let answer = client.get("/login").basic(ANN.0, ANN.1).try_send().await.expect("an answer");
        // auth is not ready without a database, so after a while its Service has no Pod to send a request to: 502.
        assert!(matches!(answer.status, 200 | 502 | 503), "{answer:?}");
        refused += usize::from(answer.status != 200);
        (answer.status == 200 && staging.pods_of("postgres").iter().any(Pod::is_ready)).then_some(())
    })
    .await;
    let seconds = start.elapsed().as_secs_f64();
    let outcome = load.end().await;
    assert_eq!(outcome.failures, Vec::<String>::new());
    figure(&format!(
        "PostgreSQL's pod deleted in staging: logins back after {seconds:.0} s, {refused} of them refused; {} greetings by \
         name meanwhile, 0 failed",
        outcome.answered
    ));
}
