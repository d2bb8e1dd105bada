//! What a memory limit means for connections and large requests (fault matrix, rows 27 and 28).
use std::time::Duration;

use e2e::{LONG, Process, Program, Test, eventually};
use serde_json::Value;

use super::{Crowd, SERVICES, Wire, own};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        connections_follow_from_the_memory_limit,
        fault_27_idle_connections_make_room_for_the_next,
        fault_27_one_client_has_a_share_of_the_connections,
        fault_27_unfinished_heads_make_room_for_the_next,
        fault_27_unfinished_bodies_make_room_for_the_next,
        a_head_that_begins_behind_a_request_has_its_time_too,
        a_connection_that_sends_nothing_ends_in_time_on_every_port,
        fault_28_idle_connections_on_the_health_port_stop_no_probe,
    ]
}

const VERSION: &str = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";
/// Half of what a service is given to serve its next client, on a busy machine.
const SOON: Duration = Duration::from_secs(5);

/// A value of `/config` and its origin.
async fn shown(process: &mut Process, program: Program, setting: &str) -> (String, String) {
    let config = process.health().await.get("/config").send(200).await.json();
    let name = program.variable(setting);
    let entry = config.as_array().and_then(|all| all.iter().find(|entry| entry["name"] == name.as_str()));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entry = entry.unwrap_or_else(|| panic!("no {name}: {config}"));
    (text(&entry["value"]), text(&entry["origin"]))
}

async fn number(process: &mut Process, program: Program, setting: &str) -> u64 {
    let (value, origin) = shown(process, program, setting).await;
    assert_eq!(origin, "memory", "{program:?} {setting}");
    value.parse().unwrap_or_else(|_| panic!("{program:?} {setting}: {value:?}"))
}

async fn connections_follow_from_the_memory_limit() {
    for program in SERVICES {
        let (mut small, _) = own(program, &[("MEMORY_LIMIT", "128Mi")]).await;
        let (mut large, _) = own(program, &[("MEMORY_LIMIT", "1Gi")]).await;
        for setting in ["MAX_CONNECTIONS", "MAX_CLIENT_CONNECTIONS", "HEADERS_MEMORY", "BODIES_MEMORY"] {
            let (few, many) = (number(&mut small, program, setting).await, number(&mut large, program, setting).await);
            assert!(0 < few && few <= many, "{program:?} {setting}: {few} {many}");
        }
        assert_eq!(shown(&mut small, program, "MEMORY_LIMIT").await, ("128Mi".to_owned(), "env".to_owned()));
        let limits = eventually("the limits are logged", LONG, async || small.output().event("limits")).await;
        assert_eq!(limits["memory_limit_bytes"], 128 << 20, "{limits}");
    }
}

async fn fault_27_idle_connections_make_room_for_the_next() {
    for program in SERVICES {
        let (_process, address) = own(program, &[("MAX_CONNECTIONS", "8")]).await;
        let crowd = Crowd::of(100, address, b"").await;
        crowd.is_in_nobodys_way(address, "/version", 20, SOON).await;
    }
}

async fn fault_27_one_client_has_a_share_of_the_connections() {
    for program in SERVICES {
        let (mut process, address) = own(program, &[("MAX_CONNECTIONS", "8"), ("MAX_CLIENT_CONNECTIONS", "3")]).await;
        let health = process.health().await;
        let crowd = Crowd::of(100, address, b"").await;
        for _ in 0..20 {
            let metrics = health.get("/metrics").send(200).await.body;
            let open = metrics.lines().find_map(|line| line.strip_prefix("http_connections ")).expect("the gauge");
            assert!(open.parse::<usize>().expect("a number") <= 3, "{open}");
        }
        drop(crowd);
    }
}

async fn fault_27_unfinished_heads_make_room_for_the_next() {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {}", "x".repeat(31 * 1024));
    for program in SERVICES {
        let (_process, address) = own(program, &[("MEMORY_LIMIT", "128Mi"), ("MAX_CONNECTIONS", "8")]).await;
        let crowd = Crowd::of(100, address, head.as_bytes()).await;
        crowd.is_in_nobodys_way(address, "/version", 20, SOON).await;
    }
}

async fn fault_27_unfinished_bodies_make_room_for_the_next() {
    let request = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 61440\r\n\r\n";
    let request = format!("{request}{{\"username\":\"{}", "x".repeat(60_000));
    // The frontend has no auth here that would read them: compose:: has both.
    for program in [Program::Auth, Program::Monolith] {
        let (_process, address) = own(program, &[("MEMORY_LIMIT", "128Mi"), ("MAX_CONNECTIONS", "8")]).await;
        let crowd = Crowd::of(60, address, request.as_bytes()).await;
        crowd.is_in_nobodys_way(address, "/version", 20, SOON).await;
    }
}

async fn a_head_that_begins_behind_a_request_has_its_time_too() {
    for program in SERVICES {
        let (_process, address) = own(program, &[("HEADER_TIMEOUT", "500ms")]).await;
        let mut wire = Wire::to(address).await;
        wire.send(format!("{VERSION}GET /version HT")).await;
        assert_eq!(wire.answer().await.status, 200);
        eventually("the connection ends", LONG, async || wire.has_ended().then_some(())).await;
    }
}

async fn a_connection_that_sends_nothing_ends_in_time_on_every_port() {
    for program in SERVICES {
        let (mut process, address) = own(program, &[("HEADER_TIMEOUT", "500ms")]).await;
        let health = process.ready().await.health;
        for address in [address, health] {
            let mut wire = Wire::to(address).await;
            eventually("the connection ends", LONG, async || wire.has_ended().then_some(())).await;
        }
    }
}

async fn fault_28_idle_connections_on_the_health_port_stop_no_probe() {
    for program in SERVICES {
        let (mut process, _) = own(program, &[("MEMORY_LIMIT", "128Mi")]).await;
        let health = process.ready().await.health;
        for begun in [&b""[..], b"GET /healthz HTTP/1.1\r\nHo"] {
            let crowd = Crowd::of(100, health, begun).await;
            crowd.is_in_nobodys_way(health, "/healthz", 20, SOON).await;
        }
    }
}
