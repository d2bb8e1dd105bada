//! One PostgreSQL server of our own: started, stopped as an operator or a crash would, started again on the same port.
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{
    ConnectOptions as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::time::{Instant, sleep};

use super::cluster::{Certificate, Cluster, PASSWORD, ROLE};
use crate::{
    audit,
    eventually::{LONG, eventually},
    output::{Output, Stream},
    reaper,
};

/// Whether what was committed survives a power cut. A crash of the server alone it survives in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing waits for a disk: several times faster.
    Fast,
    /// As installed.
    Full,
}

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Connections are ended properly, everything is written.
    Fast,
    /// As by a crash: the next start recovers from the log.
    Immediate,
}

/// Several tests at once, several replicas each, and a pool in each of them.
const CONNECTIONS: &str = "max_connections=300";
/// A free port may be taken before the server binds it.
const ATTEMPTS: usize = 5;

/// A server with a cluster of its own. Dropping it ends it and removes the files.
#[derive(Debug)]
pub struct Server {
    // Before the files it works on: fields are dropped in this order.
    running: Option<Running>,
    cluster: Cluster,
    durability: Durability,
    encrypted: bool,
    address: IpAddr,
    port: u16,
}

impl Server {
    /// A new cluster, served on a free port.
    pub async fn start(durability: Durability) -> Self {
        Self::serving(Cluster::new(), durability, false).await
    }

    /// The same, on this address alone.
    pub async fn start_at(address: IpAddr) -> Self {
        Self::listening(Cluster::new(), Durability::Fast, false, address).await
    }

    /// The same, and it speaks TLS with a certificate for `localhost` of its own making. Needs [`crate::skips::OPENSSL`].
    pub async fn start_with_tls() -> Self {
        Self::start_with_certificate(Certificate::SelfSigned).await
    }

    /// The same with another certificate.
    pub async fn start_with_certificate(kind: Certificate) -> Self {
        let cluster = Cluster::new();
        cluster.make_certificate(kind);
        Self::serving(cluster, Durability::Fast, true).await
    }

    /// A hot standby of this server: it has the same databases, refuses writes, and follows what is committed here.
    pub async fn standby(&self) -> Self {
        Self::serving(Cluster::copy_of(&self.cluster, self.port), self.durability, false).await
    }

    /// Makes a standby a primary, and waits until it accepts writes.
    pub async fn promote(&self) {
        let mut operator = self.connect("postgres").await.expect("a connection to the standby");
        sqlx::raw_sql("SELECT pg_promote()").execute(&mut operator).await.expect("promoted");
    }

    /// Address of its listener.
    pub fn address(&self) -> SocketAddr {
        (self.address, self.port).into()
    }

    async fn serving(cluster: Cluster, durability: Durability, encrypted: bool) -> Self {
        Self::listening(cluster, durability, encrypted, Ipv4Addr::LOCALHOST.into()).await
    }

    async fn listening(cluster: Cluster, durability: Durability, encrypted: bool, address: IpAddr) -> Self {
        audit::secret(PASSWORD);
        let mut server = Self { running: None, cluster, durability, encrypted, address, port: 0 };
        for _ in 0..ATTEMPTS {
            let free = TcpListener::bind((address, 0)).expect("a free port");
            server.port = free.local_addr().expect("an address").port();
            drop(free);
            if server.try_start().await {
                return server;
            }
        }
        panic!("no port stayed free");
    }

    /// Serves again, on the port it had. Whoever else took it meanwhile must leave it soon.
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let deadline = Instant::now() + LONG;
        while !self.try_start().await {
            assert!(Instant::now() < deadline, "port {} stays taken", self.port);
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends it, and waits for its end.
    pub async fn stop(&mut self, how: Stop) {
        let mut running = self.running.take().expect("it runs");
        running.signal(match how {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
        });
        eventually("PostgreSQL ends", LONG, async || running.exit_status()).await;
    }

    /// Whether it came up; not if the port is taken.
    async fn try_start(&mut self) -> bool {
        let mut running = Running::start(self.command());
        let up = eventually("PostgreSQL starts", LONG, async || {
            if running.exit_status().is_some() && running.output.is_complete() {
                return Some(false);
            }
            self.connect("postgres").await.is_ok().then_some(true)
        })
        .await;
        if up {
            self.running = Some(running);
        } else {
            let said = running.output.shown("postgres", 0);
            assert!(said.contains("Address already in use"), "{said}");
        }
        up
    }

    fn command(&self) -> Command {
        let mut command = self.cluster.program("postgres");
        command.arg("-D").arg(self.cluster.data()).args(["-p", &self.port.to_string(), "-c", CONNECTIONS]);
        command.arg("-c").arg(format!("listen_addresses={}", self.address));
        command.args(["-c", "shared_buffers=16MB", "-c", "autovacuum=off"]);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.cluster.path().display()));
        if self.durability == Durability::Fast {
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
        }
        if self.encrypted {
            command.args(["-c", "ssl=on"]);
        }
        command
    }

    /// The certificate that it shows, which signed itself.
    pub fn certificate(&self) -> PathBuf {
        self.cluster.certificate()
    }

    /// The directory of its socket.
    pub fn socket_directory(&self) -> &Path {
        self.cluster.path()
    }

    /// A program that runs as the user whom the server runs as.
    pub(super) fn run_as_its_user(&self, program: PathBuf) -> Command {
        self.cluster.run_by_the_server(program)
    }

    /// The certificate of the CA that signed it, if one did.
    pub fn ca(&self) -> PathBuf {
        self.cluster.ca()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A database of it, as a service is told, at this port of 127.0.0.1: the server's own, or that of a gate before it.
    pub fn url(&self, database: &str, port: u16) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// A connection of the test's own, past any gate.
    pub async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        self.options(database).connect().await
    }

    /// How such a connection is made.
    pub(super) fn options(&self, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().socket(self.cluster.path()).port(self.port);
        options.username(ROLE).database(database).ssl_mode(PgSslMode::Disable)
    }
}

#[derive(Debug)]
struct Running {
    child: Child,
    output: Output,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        // Its children notice the end of their parent.
        reaper::add(&child.id().to_string());
        let output = Output::default();
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            output.capture("postgres".to_owned(), Stream::Out, stdout);
            output.capture("postgres".to_owned(), Stream::Err, stderr);
        }
        Self { child, output }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process of ours that is not reaped");
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("a child of ours can be waited for");
        if status.is_some() {
            reaper::remove(&self.child.id().to_string());
        }
        status
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.exit_status().is_none() {
            self.signal(Signal::QUIT);
            // It kills by itself what does not end within 5 s.
            let _ = self.child.wait();
            reaper::remove(&self.child.id().to_string());
        }
        if thread::panicking() {
            eprint!("{}", self.output.shown("postgres", 0));
        }
    }
}
