//! Row 36: a failover. The address leads to a server that is read-only, then to one that accepts writes.
use e2e::{
    Gate, HealthPort, LONG, Process, Store, Test, eventually,
    postgres::{Durability, Server, Stop},
};

use super::{HEALED, is_healed, is_put_off, login};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        fault_36_connections_to_a_read_only_server_are_dropped,
        fault_36_readiness_notices_a_read_only_server_without_a_request,
        fault_36_a_standby_that_is_promoted_is_used,
        fault_36_connections_that_lead_nowhere_are_replaced,
    ]
}

/// A primary and its standby behind one address, and an auth that has logged in on the primary.
struct Pair {
    // Before its server: the database is dropped while the server runs.
    _store: Store,
    primary: Server,
    standby: Server,
    gate: Gate,
    auth: Process,
}

impl Pair {
    async fn start() -> Self {
        let primary = Server::start(Durability::Fast).await;
        let mut store = Store::on(&primary).await;
        let gate = store.gate().await;
        let mut auth = store.auth().ready().await;
        assert_eq!(login(&auth.client().await).await.status, 200);
        let standby = primary.standby().await;
        Self { _store: store, primary, standby, gate, auth }
    }

    /// Connections end, and new ones reach the standby.
    fn lead_to_the_standby(&self) {
        self.gate.lead_to(self.standby.address());
        self.gate.cut();
    }
}

/// Waits until readiness is this. Not ready says that it is for want of the database.
async fn readiness_becomes(health: &HealthPort, expected: u16) {
    let answer = eventually("readiness follows", HEALED, async || {
        health.get("/readiness").try_send().await.filter(|answer| answer.status == expected)
    })
    .await;
    let text = &answer.body;
    assert_eq!(expected == 503, text.contains(r#""waiting_for":["database"]"#), "{text}");
}

/// The connections to the read-only server stay open: nothing but its answers says that they are of no use.
async fn fault_36_connections_to_a_read_only_server_are_dropped() {
    let mut pair = Pair::start().await;
    let (client, health) = (pair.auth.client().await, pair.auth.health().await);
    pair.lead_to_the_standby();
    eventually("a login is put off", LONG, async || (login(&client).await.status == 503).then_some(())).await;
    readiness_becomes(&health, 503).await;
    is_put_off(&client).await;
    client.key_set(200).await;
    health.liveness(200).await;
    pair.auth.event("the database is away").await;
    pair.gate.lead_to(pair.primary.address());
    is_healed(&client).await;
    readiness_becomes(&health, 200).await;
}

async fn fault_36_readiness_notices_a_read_only_server_without_a_request() {
    let mut pair = Pair::start().await;
    let health = pair.auth.health().await;
    pair.lead_to_the_standby();
    readiness_becomes(&health, 503).await;
    pair.gate.lead_to(pair.primary.address());
    readiness_becomes(&health, 200).await;
    assert_eq!(login(&pair.auth.client().await).await.status, 200);
}

/// What was acknowledged before is there after.
async fn fault_36_a_standby_that_is_promoted_is_used() {
    let mut pair = Pair::start().await;
    let (client, health) = (pair.auth.client().await, pair.auth.health().await);
    let answer = login(&client).await;
    pair.primary.stop(Stop::Fast).await;
    pair.lead_to_the_standby();
    readiness_becomes(&health, 503).await;
    is_put_off(&client).await;
    pair.standby.promote().await;
    is_healed(&client).await;
    readiness_becomes(&health, 200).await;
    client.refresh(&answer.refresh_token(), 200).await;
}

/// The machine of the old server has vanished, and the address leads to a new one: nothing ends the old connections.
async fn fault_36_connections_that_lead_nowhere_are_replaced() {
    let server = Server::start(Durability::Fast).await;
    let mut store = Store::on(&server).await;
    let machine = Gate::before(server.address()).await;
    let address = store.gate().await;
    address.lead_to(([127, 0, 0, 1], machine.port()).into());
    let mut auth = store.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    // All connections of the pool are in use once.
    let logins: tokio::task::JoinSet<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            async move { login(&client).await.status }
        })
        .collect();
    assert_eq!(logins.join_all().await, [200; 8]);
    machine.stall().await;
    address.lead_to(server.address());
    is_healed(&client).await;
    readiness_becomes(&health, 200).await;
}
