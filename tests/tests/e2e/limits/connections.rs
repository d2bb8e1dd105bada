//! Many connections, and more than are served (security 21, fault 21).
use std::net::SocketAddr;

use e2e::{HealthPort, LONG, Process, Test, eventually};
use tokio::time::timeout;

use super::{SERVICES, Wire, own};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        one_more_connection_than_allowed_gets_its_turn,
        a_crowd_of_idle_connections_is_in_nobodys_way,
        a_crowd_of_half_requests_is_in_nobodys_way,
        a_storm_of_resets_leaves_nothing_open,
    ]
}

const VERSION: &str = "GET /version HTTP/1.1\r\nHost: a\r\n\r\n";
const CROWD: usize = 200;

async fn connected(address: SocketAddr, count: usize) -> Vec<Wire> {
    let mut wires = Vec::new();
    for _ in 0..count {
        wires.push(Wire::to(address).await);
    }
    wires
}

async fn is_answered(wire: &mut Wire) {
    wire.send(VERSION).await;
    assert_eq!(wire.answer().await.status, 200);
}

/// What the service counts as open.
async fn open_connections(health: &HealthPort) -> usize {
    let metrics = health.get("/metrics").send(200).await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("http_connections "));
    line.and_then(|count| count.parse().ok()).expect("the gauge")
}

async fn eventually_open(process: &mut Process, expected: usize) {
    let health = process.health().await;
    let what = format!("{expected} connections are open");
    eventually(&what, LONG, async || (open_connections(&health).await == expected).then_some(())).await;
}

/// Two clients ask all the time: a third one gets its turn, and they get theirs.
async fn one_more_connection_than_allowed_gets_its_turn() {
    for program in SERVICES {
        let (_process, address) = own(program, &[("MAX_CONNECTIONS", "2"), ("MAX_CLIENT_CONNECTIONS", "2")]).await;
        let [mut first, mut second, mut third] =
            [Wire::to(address).await, Wire::to(address).await, Wire::to(address).await];
        is_answered(&mut first).await;
        is_answered(&mut second).await;
        third.send(VERSION).await;
        assert_eq!(third.answer().await.status, 200, "{program:?}");
        is_answered(&mut Wire::to(address).await).await;
    }
}

async fn a_crowd_of_idle_connections_is_in_nobodys_way() {
    for program in SERVICES {
        let (mut process, address) = own(program, &[]).await;
        let crowd = connected(address, CROWD).await;
        eventually_open(&mut process, CROWD).await;
        timeout(LONG / 5, is_answered(&mut Wire::to(address).await)).await.expect("an answer within 2 s × 3");
        drop(crowd);
        eventually_open(&mut process, 0).await;
    }
}

async fn a_crowd_of_half_requests_is_in_nobodys_way() {
    for program in SERVICES {
        let (mut process, address) = own(program, &[]).await;
        let mut crowd = connected(address, CROWD).await;
        for wire in &mut crowd {
            wire.send("GET /version HTTP/1.1\r\nHost: a\r\nX-Slow: l").await;
        }
        eventually_open(&mut process, CROWD).await;
        timeout(LONG / 5, is_answered(&mut Wire::to(address).await)).await.expect("an answer within 2 s × 3");
        drop(crowd);
        eventually_open(&mut process, 0).await;
    }
}

async fn a_storm_of_resets_leaves_nothing_open() {
    for program in SERVICES {
        let (mut process, address) = own(program, &[]).await;
        for mut wire in connected(address, CROWD).await {
            wire.send(VERSION).await;
            wire.reset();
        }
        is_answered(&mut Wire::to(address).await).await;
        eventually_open(&mut process, 0).await;
    }
}
