//! A service in a container: without a right that it does not need, alone in it, and within its memory.
use e2e::{Program, skips::revision};

use super::{Check, alone, checks};
use crate::lifecycle::load::Load;

const CLIENTS: usize = 32;

pub(crate) fn checks() -> Vec<Check> {
    checks![it_serves_without_rights, it_is_alone, thirty_two_clients_fit_into_its_memory]
}

async fn it_serves_without_rights(program: Program) {
    let container = alone(program).ready().await;
    let version = container.client().version(200).await.json();
    assert_eq!((&version["version"], &version["revision"]), (&env!("CARGO_PKG_VERSION").into(), &revision().into()));
    let status = container.exec(&["cat", "/proc/1/status"]).expect(0).out;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(field("CapEff:"), ["0000000000000000"]);
    assert_eq!(field("CapBnd:"), ["0000000000000000"]);
    assert_eq!(field("NoNewPrivs:"), ["1"]);
    assert_eq!(field("Uid:"), ["10001"; 4]);
    container.exec(&["touch", "/usr/bin/anything"]).expect(1);
}

/// Its own processes, of which it is the first, and its own name.
async fn it_is_alone(program: Program) {
    let container = alone(program).ready().await;
    assert_eq!(container.exec(&["cat", "/proc/1/comm"]).expect(0).out.trim(), program.name());
    // A healthcheck of the engine's is the same program.
    let processes = container.exec(&["sh", "-c", "cat /proc/[0-9]*/comm"]).expect(0).out;
    assert!(processes.lines().all(|name| [program.name(), "sh", "cat"].contains(&name)), "{processes}");
    let hostname = container.exec(&["hostname"]).expect(0).out;
    assert!(container.inspect()["Id"].as_str().is_some_and(|id| id.starts_with(hostname.trim())), "{hostname}");
    assert_eq!(container.client().version(200).await.header("x-served-by"), hostname.trim());
}

async fn thirty_two_clients_fit_into_its_memory(program: Program) {
    let container = alone(program).ready().await;
    let origin = container.client().origin().to_owned();
    // The frontend has nobody behind it here, and auth greets nobody: compose::… has both under load.
    let path = if matches!(program, Program::Frontend | Program::Auth) { "/version" } else { "/" };
    let load = Load::of(path, CLIENTS, &origin, None);
    load.answers(5_000).await;
    assert_eq!(load.stop().await, Vec::<String>::new());
    let state = container.inspect();
    assert_eq!(state["HostConfig"]["Memory"], program.memory_mib() << 20);
    assert_eq!((&state["State"]["OOMKilled"], &state["State"]["Running"]), (&false.into(), &true.into()));
}
