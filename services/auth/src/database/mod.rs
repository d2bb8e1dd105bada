//! The database: SQLite in a file of ours, or PostgreSQL that many replicas share. One set of tables and one query text
//! for both; which of the two it is shows nowhere else.
//!
//! A PostgreSQL that went away is noticed once: from then on every request is told so at once, and a single task knocks
//! until it is back. So an outage costs no request its patience, and no storm of connections greets the server's return.
mod away;
mod begin;
mod failure;
mod migrate;
mod monitor;
mod postgres;
mod postgres_url;
mod probe;
mod session;
mod source;
mod sqlite;

use std::{
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chassis::{
    health::Condition,
    metrics::{CounterBy, Metrics},
};
use sqlx::{
    SqlitePool,
    migrate::{MigrateError, Migrator},
};

pub(crate) use self::begin::Begin;
use self::failure::{ServerState, classify, describe, describe_migration};
use self::postgres::Connections;
pub use self::source::{DatabaseUrl, Source};
pub use self::sqlite::embedded;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The server is asked to give up first, so that its reason is the one that is told.
const GRACE: Duration = Duration::from_millis(200);

/// Why the database could not be opened. Waiting would not help.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a database, not readable…
    #[error("cannot open the database {path}: {}", describe(.error))]
    Open {
        /// The file.
        path: String,
        /// What is wrong with it.
        #[source]
        error: sqlx::Error,
    },
    /// A command does not wait for it.
    #[error("the database is away: {0}")]
    Away(String),
    /// A migration failed, or the database is of a newer version.
    #[error("cannot migrate the database: {}", describe_migration(.0))]
    Migrate(#[from] MigrateError),
}

/// Why a request to the database failed. All of it is "not now" to a client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was lost before, and is being looked for.
    #[error("the database is away")]
    Away,
    /// It did not answer in time.
    #[error("the database did not answer in time")]
    Slow,
    /// It failed: locked, full, read-only, or lost just now.
    #[error("the database failed: {}", describe(.0))]
    Failed(#[from] sqlx::Error),
}

/// Connections of the one kind or the other.
#[derive(Clone, Debug)]
pub enum Pool {
    /// A file.
    Sqlite(SqlitePool),
    /// A server.
    Postgres(Connections),
}

/// How to reach the database, and how patiently.
#[derive(Debug)]
pub struct Options {
    /// Where it is.
    pub source: Source,
    /// The most connections to a server. A file has one.
    pub connections: u32,
    /// The longest wait for a connection or an answer.
    pub timeout: Duration,
}

/// Whether to wait for a server that is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until it is there.
    ForIt,
    /// No: to fail is better.
    No,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    /// None while it is away. The number tells pools apart: what fails on an old one says nothing of the new one.
    pool: RwLock<Option<(u64, Pool)>>,
    number: AtomicU64,
    suspected: AtomicBool,
    answers: AtomicU64,
    connects: CounterBy,
    /// Of readiness, once a service has asked for it.
    condition: OnceLock<Condition>,
}

/// Runs one expression on the database, whichever it is: `on!(database, connections => sqlx::query(…).execute(connections).await)`.
macro_rules! on {
    ($database:expr, $connections:ident => $work:expr) => {{
        let database: &$crate::database::Database = $database;
        let (number, pool) = database.pool()?;
        // Boxed: a login that waits for its hashing should not hold the room of both databases' queries.
        let work = Box::pin(async {
            match &pool {
                $crate::database::Pool::Sqlite($connections) => $work,
                $crate::database::Pool::Postgres(connections) => {
                    let mut session = connections.session().await?;
                    let $connections = &mut session;
                    let outcome = $work;
                    session.end(outcome).await
                }
            }
        });
        database.judged(number, work).await
    }};
}

/// Runs a block in a transaction, which is undone by `?` and by being dropped. SQLite takes its one write lock first:
/// a transaction that reads before it writes could not get it any more.
macro_rules! transaction {
    ($database:expr, $transaction:ident => $work:block) => {{
        let database: &$crate::database::Database = $database;
        let (number, pool) = database.pool()?;
        let work = Box::pin(async {
            match &pool {
                $crate::database::Pool::Sqlite(connections) => {
                    $crate::database::transaction!(@begun connections, $transaction => $work)
                }
                $crate::database::Pool::Postgres(connections) => {
                    $crate::database::transaction!(@begun connections, $transaction => $work)
                }
            }
        });
        database.judged(number, work).await
    }};
    (@begun $connections:ident, $transaction:ident => $work:block) => {{
        let begin = $crate::database::Begin::begin($connections);
        let mut $transaction = $connections.begin_with(begin).await?;
        let outcome = $work;
        $transaction.commit().await?;
        Ok(outcome)
    }};
}

/// Runs a block in a transaction that may last: its `Ok` is committed, its `Err` undone. The whole has no limit; each
/// step has that of a request, by [`Database::step`]. There is none for the commit: given up, nobody knew how it ended.
macro_rules! long_transaction {
    ($database:expr, $transaction:ident => $work:block) => {{
        let database: &$crate::database::Database = $database;
        let (number, pool) = database.pool()?;
        let work = async {
            match &pool {
                $crate::database::Pool::Sqlite(connections) => {
                    $crate::database::long_transaction!(@begun connections, $transaction => $work)
                }
                $crate::database::Pool::Postgres(connections) => {
                    $crate::database::long_transaction!(@begun connections, $transaction => $work)
                }
            }
        };
        database.noted(number, work.await)
    }};
    (@begun $connections:ident, $transaction:ident => $work:block) => {{
        let begin = $crate::database::Begin::begin($connections);
        let mut $transaction = $connections.begin_with(begin).await?;
        let outcome = $work;
        if outcome.is_ok() {
            $transaction.commit().await?;
        } else {
            $transaction.rollback().await?;
        }
        Ok(outcome)
    }};
}

pub(crate) use {long_transaction, on, transaction};

impl Database {
    /// Opens the database, making it at the first start, and brings its tables up to date. A service waits for a server
    /// that is away; a command, which somebody or something can give again, does not.
    pub async fn open(options: Options, wait: Wait, metrics: &Metrics) -> Result<Self, OpenError> {
        let connects = metrics.counter_by(
            "outcome",
            "database_connects",
            "Attempts to find a PostgreSQL that was away, by outcome",
        );
        let database = Self(Arc::new(Inner {
            options,
            pool: RwLock::default(),
            number: AtomicU64::default(),
            suspected: AtomicBool::default(),
            answers: AtomicU64::default(),
            connects,
            condition: OnceLock::new(),
        }));
        match &database.0.options.source {
            Source::Sqlite(file) => {
                let pool = sqlite::open(file, database.0.options.timeout).await?;
                database.found(Pool::Sqlite(pool));
            }
            Source::Postgres(servers) => {
                if wait == Wait::No {
                    database.knock_once(servers).await?;
                }
                let pool = database.knock_until_migrated(servers).await?;
                database.found(Pool::Postgres(pool));
            }
        }
        Ok(database)
    }

    pub(crate) fn pool(&self) -> Result<(u64, Pool), Error> {
        self.0.pool.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::Away)
    }

    /// The outcome of some work within the time it may take. What says that the server is gone is remembered.
    pub(crate) async fn judged<T>(
        &self,
        number: u64,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Error> {
        if let Ok(outcome) = tokio::time::timeout(self.0.options.timeout + GRACE, work).await {
            self.noted(number, outcome)
        } else {
            // Several statements and the wait for a connection may add up to this on a server that is only slow.
            self.suspect(number);
            Err(Error::Slow)
        }
    }

    /// The outcome of some work. What says that the server is gone is remembered.
    pub(crate) fn noted<T>(&self, number: u64, outcome: Result<T, sqlx::Error>) -> Result<T, Error> {
        let is_answer = matches!(outcome, Ok(_) | Err(sqlx::Error::Database(_)));
        self.0.answers.fetch_add(u64::from(is_answer), Ordering::Relaxed);
        outcome.map_err(|error| {
            match classify(&error) {
                ServerState::Unavailable => self.lost(number, &describe(&error)),
                ServerState::Unknown => self.suspect(number),
                ServerState::Available => {}
            }
            Error::Failed(error)
        })
    }

    /// One step of work that lasts, within the time of a request: a server that has vanished is noticed.
    pub(crate) async fn step<T>(&self, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        within(self.0.options.timeout + GRACE, work).await
    }
}

/// The outcome of some work; an answer that is late is a connection that failed.
async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = |_| sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time"));
    tokio::time::timeout(limit, work).await.map_err(late)?
}
