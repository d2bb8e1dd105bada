//! What a document's commands about containers get of the engine: names and ports of their own.
use std::net::{Ipv4Addr, TcpListener};

use crate::{
    compose::{self, Project},
    container::docker,
    environment, reaper,
};

/// A project, and whatever containers are named after it; all are removed with the value.
pub(super) struct Engine {
    project: Project,
    ports: [u16; 4],
}

/// Where a document has the suite and the monolith, and by which variable compose is told.
const PORTS: [(u16, &str); 4] = [
    (8080, "FLOTILLA_PORT"),
    (8081, "FLOTILLA_HEALTH_PORT"),
    (9080, "FLOTILLA_MONOLITH_PORT"),
    (9081, "FLOTILLA_MONOLITH_HEALTH_PORT"),
];

impl Engine {
    /// The clone.
    pub(super) const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

    pub(super) fn new() -> Self {
        let project = Project::down();
        reaper::add(&format!("containers={}", project.name()));
        // All are taken before one is given back, so they differ.
        let taken = PORTS.map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
        Self { project, ports: taken.map(|taken| taken.local_addr().expect("an address").port()) }
    }

    pub(super) fn name(&self) -> &str {
        self.project.name()
    }

    /// A document's ports, and the real ones.
    pub(super) fn ports(&self) -> Vec<(u16, u16)> {
        PORTS.iter().zip(self.ports).map(|((told, _), real)| (*told, real)).collect()
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let ports = PORTS.iter().zip(self.ports).map(|((_, variable), real)| (*variable, real.to_string()));
        let compose = [("COMPOSE_FILE", compose::FILE.to_owned()), ("COMPOSE_PROJECT_NAME", self.name().to_owned())];
        ports.chain(compose).chain(environment::docker()).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let filter = format!("name=^{}-", self.name());
        let named = docker(["ps", "--all", "--quiet", "--filter", &filter]).out;
        // The project removes its own.
        if !named.is_empty() {
            docker(["rm", "--force", "--volumes"].into_iter().chain(named.lines()));
        }
        reaper::remove(&format!("containers={}", self.name()));
    }
}
