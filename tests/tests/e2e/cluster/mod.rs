//! The suite in a cluster, from the manifests in `k8s/`: it deploys, rolls and heals, and who uses it notices nothing.
//!
//! Each environment and the lab are deployed by the run, under names of its own (see [`e2e::cluster`]). In this order each
//! environment is deployed once.
mod overlays;
mod rollouts;

use std::time::Duration;

use e2e::{
    Client, Test,
    cluster::{Deployed, figure},
    skips,
};
use tokio::time::Instant;

use crate::{
    contract,
    lifecycle::load::{Ask, Load},
};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = overlays::tests();
    tests.extend(contract::CLUSTERED.into_iter().flat_map(contract::tests_against));
    tests.extend(rollouts::tests());
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

/// Logins of the demo account: few, for each is a lot of work.
fn logins(client: &Client) -> Load {
    Load::asking(&[Ask::LogIn], 2, client, PACE * 4)
}

/// The demo account's token.
async fn token(deployed: &Deployed) -> String {
    deployed.suite().token_holder().await.token().to_owned()
}
