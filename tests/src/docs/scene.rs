//! What has to run for a document's commands, and at which addresses the document thinks it does.
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{cluster::Cluster, engine::Engine, up::Up};
use crate::{Launch, Process, Program};

/// Chosen by the word after `sh test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// No word: what `flotilla up` starts. frontend at 8080 and 8081, auth at 8082 and 8083, hello at 8084 and 8085.
    Suite,
    /// `monolith`: what `flotilla up --monolith` starts, at 8080 and 8081.
    Monolith,
    /// `engine`: nothing runs but the container engine; the directory is the clone. Containers called `my-…`, and what compose
    /// starts, are this run's own and are removed at its end; so are the ports 8080, 8081, 9080 and 9081.
    Engine,
    /// `cluster`: nothing runs; kubectl has a namespace of this run's own, `NODE` is set, and the directory has `k8s`. Namespaces
    /// called `flotilla-…`, hosts below `flotilla.test`, node ports 31000 and 31001 and local ports 10080, 10081 and 10443
    /// are this run's own, too.
    Cluster,
    /// `gateway`: as `cluster`, in another namespace; the cluster has the Gateway API.
    Gateway,
    /// `classic`: with `-secret=secret`, a monolith at 9080 and 9081, auth at 9090 and 9091, hello at 9092 and 9093.
    Classic,
}

const PORTS: [u16; 15] = [8080, 8081, 8082, 8083, 8084, 8085, 8443, 8444, 8445, 9080, 9081, 9090, 9091, 9092, 9093];

/// Where a document starts something itself: nobody is there before.
const FREE: [u16; 3] = [8443, 8444, 8445];

/// A scene that is set. Dropping it ends it.
#[derive(Default)]
pub(super) struct Stage {
    /// What a document says, and where it really is.
    addresses: Vec<(String, String)>,
    processes: Vec<Process>,
    up: Option<Up>,
    engine: Option<Engine>,
    cluster: Option<Cluster>,
}

impl Scene {
    /// Those that need nothing but what was built here.
    pub const LOCAL: [Self; 3] = [Self::Suite, Self::Monolith, Self::Classic];

    pub(super) fn of(marks: &[&str]) -> Self {
        match marks {
            ["monolith", ..] => Self::Monolith,
            ["classic", ..] => Self::Classic,
            ["engine", ..] => Self::Engine,
            ["cluster", ..] => Self::Cluster,
            ["gateway", ..] => Self::Gateway,
            // Nothing, or `terminal`.
            _ => Self::Suite,
        }
    }

    pub(super) async fn set(self) -> Stage {
        match self {
            Self::Suite => Stage::with_suite(Up::start().await),
            Self::Monolith => {
                let monolith = Launch::service(Program::Monolith).set("LAB", "true").ready().await;
                Stage::of(vec![monolith], &[(Program::Monolith, 8080)]).await
            }
            Self::Classic => {
                let ports = [(Program::Monolith, 9080), (Program::Auth, 9090), (Program::Hello, 9092)];
                let start = |(program, _)| Launch::service(program).set("SECRET", "secret").spawn();
                Stage::of(ports.map(start).into(), &ports).await
            }
            Self::Engine => Stage::with_engine(),
            Self::Cluster | Self::Gateway => Stage::with(Cluster::new().await),
        }
    }
}

impl Stage {
    /// Each service has its health port next to the other one.
    async fn of(mut processes: Vec<Process>, ports: &[(Program, u16)]) -> Self {
        let mut addresses = Vec::new();
        for process in &mut processes {
            let real = process.ready().await;
            let told = ports.iter().find(|(program, _)| *program == process.program()).map(|(_, port)| *port);
            let mut pair =
                |port: u16, real: SocketAddr| addresses.push((format!("localhost:{port}"), real.to_string()));
            if let Some(port) = told {
                pair(port, real.http);
                pair(port + 1, real.health);
            }
        }
        addresses.extend(free());
        Self { addresses, processes, ..Self::default() }
    }

    fn with_suite(up: Up) -> Self {
        let usual = [("frontend", 8080), ("auth", 8082), ("hello", 8084)];
        let pairs = up.table().iter().flat_map(|row| {
            let port = usual.iter().find(|(service, _)| *service == row.service).expect("a service of the suite").1;
            [(port, &row.http), (port + 1, &row.health)]
                .map(|(port, real)| (format!("localhost:{port}"), real.replace("localhost", "127.0.0.1")))
        });
        let addresses = pairs.chain(free()).collect();
        Self { addresses, up: Some(up), ..Self::default() }
    }

    fn with_engine() -> Self {
        let engine = Engine::new();
        let ports =
            engine.ports().into_iter().map(|(told, real)| (format!("localhost:{told}"), format!("127.0.0.1:{real}")));
        let names = [("my-".to_owned(), format!("{}-", engine.name()))];
        let addresses = ports.chain(names).collect();
        Self { addresses, engine: Some(engine), ..Self::default() }
    }

    fn with(cluster: Cluster) -> Self {
        Self { addresses: cluster.addresses(), cluster: Some(cluster), ..Self::default() }
    }

    /// The directory that commands are run in, if it is not an empty one.
    pub(super) fn directory(&self) -> Option<&Path> {
        let clone = self.engine.as_ref().map(|_| Path::new(Engine::DIRECTORY));
        clone.or_else(|| self.cluster.as_ref().map(Cluster::directory))
    }

    /// Variables for the commands.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let engine = self.engine.as_ref().map(Engine::environment);
        engine.or_else(|| self.cluster.as_ref().map(Cluster::environment)).unwrap_or_default()
    }

    /// How long all commands together may take.
    pub(super) fn longest(&self) -> Duration {
        Duration::from_mins(if self.cluster.is_some() { 15 } else { 2 })
    }

    /// What is there, for whoever wonders why a command has failed.
    pub(super) fn shown(&self) -> String {
        self.cluster.as_ref().map(Cluster::shown).unwrap_or_default()
    }

    /// The data directory of whoever keeps accounts here: a command of a document is about these.
    pub(super) fn data(&self) -> Option<PathBuf> {
        if let Some(up) = &self.up {
            return Some(up.data());
        }
        let keeps_accounts = |process: &&Process| matches!(process.program(), Program::Auth | Program::Monolith);
        self.processes.iter().find(keeps_accounts).map(|process| process.home().path().join("data"))
    }

    /// A command for the addresses as they are; and `flotilla` and `auth` for the way to run them from a clone.
    pub(super) fn real(&self, command: &str) -> String {
        let command = command.replace("cargo run -q -p auth -- ", "auth ");
        let command = command.replace("cargo run -q -- ", "flotilla ").replace("cargo run -- ", "flotilla ");
        self.addresses.iter().fold(command, |text, (told, real)| text.replace(told, real))
    }

    /// What was printed, with the addresses as they are told.
    pub(super) fn told(&self, printed: &str) -> String {
        let told = self.addresses.iter().fold(printed.to_owned(), |text, (told, real)| {
            text.replace(real, told).replace(&real.replace("127.0.0.1:", "localhost:"), told)
        });
        // What is printed may name the usual addresses by itself.
        by_name(&told)
    }
}

/// Addresses of this run for what a document starts itself. All are taken before one is given back, so they differ.
fn free() -> Vec<(String, String)> {
    let taken = FREE.map(|port| (port, TcpListener::bind("127.0.0.1:0").expect("a free port")));
    let real = |listener: &TcpListener| listener.local_addr().expect("bound").to_string();
    taken.iter().map(|(port, listener)| (format!("localhost:{port}"), real(listener))).collect()
}

/// One way to write the addresses.
pub(super) fn by_name(document: &str) -> String {
    PORTS.iter().fold(document.to_owned(), |text, port| {
        text.replace(&format!("127.0.0.1:{port}"), &format!("localhost:{port}"))
    })
}
