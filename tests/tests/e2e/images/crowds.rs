//! A service in a container with the memory that it is shipped with, and clients that would take all of it (fault matrix, rows 27
//! and 28).
use std::time::Duration;

use e2e::{LONG, Program, container::Container, eventually};

use super::{Check, alone, checks};
use crate::limits::Crowd;

pub(crate) fn checks() -> Vec<Check> {
    checks![it_outlives_idle_connections, it_outlives_unfinished_heads, it_outlives_keep_alive_clients]
}

/// For services that read them themselves; `compose::…` has the frontend with auth behind it.
pub(crate) fn checks_of_bodies() -> Vec<Check> {
    checks![it_outlives_unfinished_bodies, it_outlives_slow_logins]
}

const VERSION: &str = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";
const TIMES: usize = 30;
/// The figures of docs/performance.md are below a second; this is for a machine that does other things, too.
const SOON: Duration = Duration::from_secs(5);

/// While the crowd is there another client and the probes are answered; afterwards the process is the same, and its memory free.
async fn outlives(program: Program, count: usize, request: &str) {
    let container = alone(program).ready().await;
    let (http, health) = (container.address(80), container.address(81));
    let before = container.memory();
    let crowd = Crowd::of(count, http, request.as_bytes()).await;
    crowd.is_in_nobodys_way(http, "/version", TIMES, SOON).await;
    crowd.is_in_nobodys_way(health, "/healthz", TIMES, SOON).await;
    drop(crowd);
    is_unharmed(&container);
    let grown = || container.memory().saturating_sub(before);
    // Half of its memory is far more than what remains of caches, and less than what the crowd would have taken.
    let most = (program.memory_mib() << 20) / 2;
    eventually("memory is back", LONG, async || (grown() < most).then_some(())).await;
}

fn is_unharmed(container: &Container) {
    let state = &container.inspect()["State"];
    assert_eq!((&state["OOMKilled"], &state["Running"]), (&false.into(), &true.into()), "{state}");
}

async fn it_outlives_idle_connections(program: Program) {
    outlives(program, 2_000, "").await;
}

async fn it_outlives_unfinished_heads(program: Program) {
    outlives(program, 600, &format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {}", "x".repeat(31 * 1024))).await;
}

async fn it_outlives_unfinished_bodies(program: Program) {
    outlives(program, 300, &login(61_440, 60_000)).await;
}

async fn it_outlives_keep_alive_clients(program: Program) {
    outlives(program, 300, VERSION).await;
}

async fn it_outlives_slow_logins(program: Program) {
    outlives(program, 300, &login(4_000, 1)).await;
}

/// The beginning of a login whose body is so long.
fn login(length: usize, sent: usize) -> String {
    let head = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json";
    format!("{head}\r\nContent-Length: {length}\r\n\r\n{{\"username\":\"{}", "x".repeat(sent))
}
