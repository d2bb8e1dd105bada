//! PostgreSQL for tests: one real server a run, which all tests share, and a database of its own for each of them.
//!
//! A test that stops the server starts one of its own: `Server::start(Durability::Fast)`.
//! Needs [`skips::POSTGRES`](crate::skips::POSTGRES).
mod cluster;
mod pooler;
mod server;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{runtime, sync::OnceCell, time::timeout};

pub use self::cluster::Certificate;
pub use self::pooler::{PoolMode, Pooler};
pub use self::server::{Durability, Server, Stop};

type Shared = Arc<OnceCell<Server>>;
static SHARED: Mutex<Option<Shared>> = Mutex::new(None);
static NUMBER: AtomicUsize = AtomicUsize::new(1);

/// An empty database, dropped with the value.
#[derive(Debug)]
pub struct Database {
    name: String,
    url: String,
    port: u16,
    administration: PgConnectOptions,
    // Kept alive as long as somebody uses it.
    server: Option<Shared>,
}

impl Database {
    /// On the server that all tests share; the first one to come starts it.
    pub async fn fresh() -> Self {
        let cell = Arc::clone(SHARED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default());
        let mut database = Self::on(cell.get_or_init(|| Server::start(Durability::Fast)).await).await;
        database.server = Some(cell);
        database
    }

    /// On a server of the test's own.
    pub async fn on(server: &Server) -> Self {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        let mut connection = server.connect("postgres").await.expect("a connection to the server");
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut connection).await.expect("a database");
        let url = server.url(&name, server.port());
        Self { url, port: server.port(), administration: server.options("postgres"), name, server: None }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the server listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// As a service is told.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same through somebody who listens on this port of 127.0.0.1.
    pub fn url_at(&self, port: u16) -> String {
        self.url.replace(&format!(":{}/", self.port), &format!(":{port}/"))
    }

    /// A connection of the test's own, past any gate.
    pub async fn connect(&self) -> PgConnection {
        self.administration.clone().database(&self.name).connect().await.expect("a connection to the database")
    }

    async fn remove(name: String, administration: PgConnectOptions) -> sqlx::Result<()> {
        let mut connection = administration.connect().await?;
        let drop = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
        sqlx::raw_sql(drop).execute(&mut connection).await?;
        connection.close().await
    }
}

impl Drop for Database {
    /// In a thread of its own, for nothing can be awaited here. Where it fails the server has ended, and its files go.
    fn drop(&mut self) {
        let (name, administration) = (self.name.clone(), self.administration.clone());
        let removal = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let removal = Self::remove(name, administration);
            std::io::Result::Ok(runtime.block_on(async { timeout(Duration::from_secs(10), removal).await.is_ok() }))
        });
        let _ = removal.join();
        drop(self.server.take());
    }
}

/// Ends the shared server.
pub(crate) fn stop() {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner).take();
}
