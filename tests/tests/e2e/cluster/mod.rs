//! The suite in a cluster, from the manifests in `k8s/`: it deploys, rolls and heals, and who uses it notices nothing.
//!
//! Each environment and the lab are deployed by the run, under names of its own (see [`e2e::cluster`]).
mod accounts;
mod crowds;
mod demos;
mod lab;
mod memory;
mod overlays;
mod probes;
mod replicas;
mod rollouts;

use std::time::Duration;

use e2e::{
    Client, Test,
    client::{PASSWORD, USER},
    cluster::{Deployed, figure},
    skips,
};
use tokio::time::Instant;

use crate::{
    contract,
    lifecycle::load::{Ask, Load},
};

/// In this order each environment is deployed once.
pub(crate) fn tests() -> Vec<Test> {
    let mut tests = overlays::warnings();
    tests.extend(overlays::dev());
    tests.extend(contract::CLUSTERED.into_iter().flat_map(contract::tests_against));
    tests.extend([rollouts::dev(), probes::dev(), replicas::dev(), crowds::dev()].into_iter().flatten());
    tests.extend(accounts::dev_and_production());
    tests.extend([overlays::production(), accounts::production(), rollouts::production()].into_iter().flatten());
    tests.extend(replicas::production());
    tests.extend([overlays::staging(), memory::staging(), accounts::staging()].into_iter().flatten());
    tests.extend(lab::tests());
    tests.extend(demos::tests());
    tests.into_iter().map(|test| test.needing(&skips::CLUSTER)).collect()
}

/// Clients of a load that is to leave room for what is watched.
const CLIENTS: usize = 8;
const PACE: Duration = Duration::from_millis(25);

/// Greetings, and greetings by name if there is a token.
fn load(client: &Client, token: Option<&str>) -> Load {
    let mut asked = vec![Ask::Path("/")];
    asked.extend(token.map(|token| Ask::Secure(token.to_owned())));
    Load::asking(&asked, CLIENTS, client, PACE)
}

/// Does something under load, by which nobody may be refused. `what` is said with the figures.
async fn unnoticed(what: &str, loads: impl IntoIterator<Item = Load>, doing: impl AsyncFnOnce()) {
    let loads: Vec<Load> = loads.into_iter().collect();
    for load in &loads {
        load.answers(CLIENTS).await;
    }
    let start = Instant::now();
    doing().await;
    let seconds = start.elapsed().as_secs_f64();
    let (mut answered, mut failures) = (0, Vec::new());
    for load in loads {
        load.answers(CLIENTS).await;
        let outcome = load.end().await;
        answered += outcome.answered;
        failures.extend(outcome.failures);
    }
    figure(&format!("{what}: {answered} requests, {} failed, {seconds:.0} s", failures.len()));
    assert_eq!(failures, Vec::<String>::new(), "{what}");
}

/// Logins: few, for each is a lot of work.
fn logins(client: &Client, (user, password): (&'static str, &'static str)) -> Load {
    Load::asking(&[Ask::LogIn(user, password)], 2, client, PACE * 4)
}

/// The account that dev begins with.
const DEMO: (&str, &str) = (USER, PASSWORD);
/// The others begin with none, so one is added.
const ANN: (&str, &str) = ("ann", "correct horse battery of ann's");

/// Ann's token; her account is made if it is not there.
async fn ann(deployed: &Deployed) -> String {
    let log_in = async || deployed.client().get("/login").basic(ANN.0, ANN.1).try_send().await;
    match log_in().await {
        Some(answer) if answer.status == 200 => answer.token(),
        _ => {
            deployed.add_user(ANN.0, ANN.1);
            deployed.client().log_in(ANN.0, ANN.1, 200).await.token()
        }
    }
}

/// The demo account's token.
async fn token(deployed: &Deployed) -> String {
    deployed.suite().token_holder().await.token().to_owned()
}
