//! Row 1: the database is down at the start.
use e2e::{Database, LONG, Process, Signal, Store, Test, eventually};
use tokio::time::Instant;

use super::{HEALED, is_healed};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        fault_1_with_the_database_down_auth_lives_and_waits,
        fault_1_with_a_database_that_says_nothing_auth_lives_and_waits,
        fault_1_a_start_that_waits_can_be_ended,
        fault_1_a_database_that_there_is_not_is_waited_for,
    ]
}

async fn store_behind_a_gate() -> (Store, e2e::Gate) {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    (store, gate)
}

async fn is_waiting(auth: &mut Process) {
    let health = auth.health().await;
    health.liveness(200).await;
    health.readiness(503).await;
}

/// From the return of the database on it has some seconds.
async fn becomes_ready(auth: &mut Process) {
    let health = auth.health().await;
    eventually("auth is ready", HEALED, async || {
        health.get("/readiness").try_send().await.filter(|answer| answer.status == 200)
    })
    .await;
    is_healed(&auth.client().await).await;
}

async fn fault_1_with_the_database_down_auth_lives_and_waits() {
    let (store, gate) = store_behind_a_gate().await;
    gate.reset().await;
    let start = Instant::now();
    let mut auth = store.auth().spawn();
    auth.listening().await;
    // By then the pauses have grown.
    eventually("some attempts", LONG, async || (gate.knocks_since(start).len() >= 6).then_some(())).await;
    is_waiting(&mut auth).await;
    let rates = gate.knocks_by_second(start);
    assert!(rates.iter().all(|rate| *rate <= 6), "attempts by second: {rates:?}");
    assert!(rates.last() <= rates.first(), "the pauses grow: {rates:?}");
    gate.open().await;
    becomes_ready(&mut auth).await;
}

async fn fault_1_with_a_database_that_says_nothing_auth_lives_and_waits() {
    let (store, gate) = store_behind_a_gate().await;
    gate.stall().await;
    let start = Instant::now();
    let mut auth = store.auth().spawn();
    auth.listening().await;
    eventually("a second attempt", LONG, async || (gate.knocks_since(start).len() >= 2).then_some(())).await;
    is_waiting(&mut auth).await;
    gate.open().await;
    becomes_ready(&mut auth).await;
}

/// There is nothing to drain yet.
async fn fault_1_a_start_that_waits_can_be_ended() {
    let (store, gate) = store_behind_a_gate().await;
    gate.close().await;
    let mut auth = store.auth().spawn();
    auth.event("cannot reach the database").await;
    is_waiting(&mut auth).await;
    auth.signal(Signal::TERM);
    auth.wait_exit(HEALED).await;
}

/// An operator makes it a moment later: so does a manifest that starts everything at once.
async fn fault_1_a_database_that_there_is_not_is_waited_for() {
    let (store, gate) = store_behind_a_gate().await;
    let database = store.database();
    let url = database.url_at(gate.port()).replace(database.name(), "nobody_made_this");
    let mut auth = store.auth().set("DATABASE_URL", url).spawn();
    auth.listening().await;
    let why = auth.event("cannot reach the database").await;
    assert!(why.to_string().contains("nobody_made_this"), "it says what is wrong: {why}");
    is_waiting(&mut auth).await;
}
