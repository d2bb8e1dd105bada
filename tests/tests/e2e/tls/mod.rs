//! TLS at the edge: what clients see of it, what strangers can do to it, and certificates that change (security 26 and
//! 27, fault 26).
mod edge;
mod key_set;
mod proxies;
mod redirect;
mod refused;
mod reload;
mod shake;
mod sidecar;
mod strangers;

use std::net::SocketAddr;

use e2e::{Certificates, Launch, Process, Program, Test};

pub(crate) fn tests() -> Vec<Test> {
    [
        edge::tests(),
        key_set::tests(),
        proxies::tests(),
        redirect::tests(),
        refused::tests(),
        reload::tests(),
        sidecar::tests(),
        strangers::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A frontend without services behind it: it has answers of its own.
const VERSION: &str = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A frontend that speaks TLS, and where.
async fn frontend(certificates: &Certificates, settings: &[(&str, &str)]) -> (Process, SocketAddr) {
    let launch = Launch::service(Program::Frontend).encrypted(certificates);
    let mut process = settings.iter().fold(launch, |launch, (setting, value)| launch.set(setting, value)).spawn();
    let addresses = process.ready().await;
    (process, addresses.http)
}

/// A number that a health port tells in its metrics.
async fn metric(process: &mut Process, name: &str) -> f64 {
    let text = process.health().await.get("/metrics").send(200).await.body;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}
