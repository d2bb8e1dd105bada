//! A real `PgBouncer` in front of a server. Needs [`crate::skips::PGBOUNCER`].
use std::{
    fs,
    net::{TcpListener, TcpStream},
};

use tempfile::TempDir;

use super::{Server, cluster::ROLE};
use crate::{
    environment,
    eventually::{LONG, eventually},
    skips,
    tool::Tool,
};

/// For how long a client keeps one of the server's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolMode {
    /// Until it leaves.
    Session,
    /// For a transaction.
    Transaction,
    /// For a statement: there are no transactions.
    Statement,
}

/// A running pooler, gone with the value.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    _running: Tool,
    _directory: TempDir,
}

impl Pooler {
    /// Few sessions for many clients, so that they are really shared. `settings` are further lines of its configuration.
    pub async fn start(server: &Server, mode: PoolMode, settings: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let directory = environment::temporary_directory();
        let file = directory.path().join("pgbouncer.ini");
        let mode = format!("{mode:?}").to_lowercase();
        let configuration = format!(
            "[databases]\n* = host={} port={} user={ROLE}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 2\n{settings}\n",
            server.socket_directory().display(),
            server.port(),
        );
        fs::write(&file, configuration).expect("written");
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(directory.path(), readable).expect("readable for the server's user");
        let mut command = server.run_as_its_user(skips::pgbouncer().expect("PgBouncer is here"));
        command.arg("--quiet").arg(&file);
        let running = Tool::start(command);
        eventually("PgBouncer listens", LONG, async || TcpStream::connect(("127.0.0.1", port)).ok()).await;
        Self { port, _running: running, _directory: directory }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}
