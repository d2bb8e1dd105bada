//! Opens and migrates the embedded database.
use std::{path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::time::Instant;

use crate::data_dir;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// File name in the data directory.
pub const FILE: &str = "auth.db";
/// Each connection is a thread and a cache; a lookup by key takes some 50 µs, a login's hashing 10 ms and more.
const CONNECTIONS: u32 = 1;
/// How long a writer waits for another process's, and a request for a connection.
const WAIT: Duration = Duration::from_secs(2);
/// Between two attempts to open it.
const PAUSE: Duration = Duration::from_millis(50);

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a database, not readable…
    #[error("cannot open the database: {0}")]
    Open(#[from] sqlx::Error),
    /// A migration failed, or the database is of a newer version.
    #[error("cannot migrate the database: {0}")]
    Migrate(#[from] MigrateError),
}

/// Opens the database in `directory`, making it at the first start, and brings its tables up to date.
///
/// Another process may be doing the same, or be just closing: SQLite does not wait for it in every case, so we do.
pub async fn open(directory: &Path) -> Result<SqlitePool, OpenError> {
    let path = directory.join(FILE);
    // SQLite would make it readable to everybody; its journals take the mode of the file.
    data_dir::private_file(&path).map_err(sqlx::Error::Io)?;
    let deadline = Instant::now() + WAIT;
    loop {
        match attempt(&path).await {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

async fn attempt(path: &Path) -> Result<SqlitePool, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT)
        .foreign_keys(true)
        // 256 KiB of pages: lookups by key need no more.
        .pragma("cache_size", "-256");
    let pool =
        SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(WAIT).connect_with(options).await?;
    MIGRATIONS.run(&pool).await?;
    Ok(pool)
}
