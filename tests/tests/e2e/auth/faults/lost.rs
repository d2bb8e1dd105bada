//! Row 2: the database is lost under load.
use e2e::{
    Database, LONG, Program, Store, Suite, Test, eventually,
    postgres::{Durability, Server, Stop},
};
use tokio::time::Instant;

use super::{is_healed, is_put_off, login};
use crate::lifecycle::load::Load;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        fault_2_a_database_lost_under_load_puts_logins_off_and_nothing_else,
        fault_2_an_outage_is_no_storm_of_connections,
        fault_2_a_database_that_falls_silent_is_lost_too,
        fault_2_connections_that_were_cut_are_made_anew,
        fault_2_a_database_that_became_read_only_puts_writes_off,
    ]
}

const CLIENTS: usize = 4;
/// Logins that are put off in each outage.
const LOGINS: usize = 20;
/// A pool of four, and one who looks for the database: more in a second were a storm.
const STORM: usize = 10;

/// A real crash, a real recovery: what was acknowledged before is there after.
async fn fault_2_a_database_lost_under_load_puts_logins_off_and_nothing_else() {
    let mut server = Server::start(Durability::Full).await;
    let mut suite = Suite::split_on(Store::on(&server).await).await;
    let client = suite.anonymous();
    let answer = login(&client).await;
    let load = Load::start(CLIENTS, suite.origin(), Some(&answer.token()));
    load.answers(50).await;
    server.stop(Stop::Immediate).await;
    // The first may be the one that notices.
    for _ in 0..LOGINS {
        is_put_off(&client).await;
    }
    let body = serde_json::json!({"refresh_token": answer.refresh_token()});
    let refresh = client.request("POST", "/refresh").json(&body).send(503).await;
    refresh.retry_after();
    client.key_set(200).await;
    suite.health(Program::Auth).await.liveness(200).await;
    load.answers(50).await;
    server.start_again().await;
    is_healed(&client).await;
    load.answers(50).await;
    assert_eq!(load.stop().await, Vec::<String>::new(), "/secure did not notice");
    client.refresh(&answer.refresh_token(), 200).await;
}

async fn fault_2_an_outage_is_no_storm_of_connections() {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let mut replicas = store.replicas(2).await;
    let clients = [replicas[0].client().await, replicas[1].client().await];
    let lost = Instant::now();
    gate.reset().await;
    // Long enough for pauses to grow: requests do not knock, so their number does not matter.
    while gate.knocks_since(lost).len() < 2 * 6 {
        for client in &clients {
            is_put_off(client).await;
        }
    }
    let back = Instant::now();
    let during = gate.knocks_by_second(lost);
    gate.open().await;
    for client in &clients {
        is_healed(client).await;
    }
    let after = gate.knocks_by_second(back);
    assert!(during.iter().chain(&after).all(|rate| *rate <= 2 * STORM), "by second: {during:?}, then {after:?}");
    assert!(during.last() <= during.first(), "the pauses grow: {during:?}");
}

/// A network that loses packets: connections are there, and nothing comes.
async fn fault_2_a_database_that_falls_silent_is_lost_too() {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let mut auth = store.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    is_healed(&client).await;
    gate.stall().await;
    for _ in 0..LOGINS {
        is_put_off(&client).await;
    }
    client.key_set(200).await;
    health.liveness(200).await;
    gate.open().await;
    is_healed(&client).await;
}

async fn fault_2_connections_that_were_cut_are_made_anew() {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    for _ in 0..5 {
        is_healed(&client).await;
        gate.cut();
        is_healed(&client).await;
    }
}

/// As after a failover: connections hold, and every write is refused.
async fn fault_2_a_database_that_became_read_only_puts_writes_off() {
    let server = Server::start(Durability::Fast).await;
    let store = Store::on(&server).await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let answer = login(&client).await;
    store.execute("ALTER SYSTEM SET default_transaction_read_only = on").await;
    store.execute("SELECT pg_reload_conf()").await;
    eventually("writes are refused", LONG, async || (login(&client).await.status == 503).then_some(())).await;
    is_put_off(&client).await;
    client.key_set(200).await;
    let mut operator = store.database().connect().await;
    for order in [
        "SET default_transaction_read_only = off",
        "ALTER SYSTEM RESET default_transaction_read_only",
        "SELECT pg_reload_conf()",
    ] {
        sqlx::raw_sql(order).execute(&mut operator).await.expect(order);
    }
    is_healed(&client).await;
    client.refresh(&answer.refresh_token(), 200).await;
}
