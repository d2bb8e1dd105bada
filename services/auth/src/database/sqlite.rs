//! SQLite: a file beside the key that seals what is in it.
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::Instant;

use super::{MIGRATIONS, OpenError};
use crate::data_dir;

/// File name in the data directory.
pub(super) const FILE: &str = "auth.db";
/// Each connection is a thread and a cache; a lookup by key takes some 50 µs, a login's hashing 10 ms and more.
const CONNECTIONS: u32 = 1;
/// How long a start waits for another process that opens or closes the file.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two attempts to open it.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the embedded database lies in a data directory.
pub fn embedded(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

/// Opens the file, making it at the first start, and brings its tables up to date.
///
/// Another process may be doing the same, or be just closing: SQLite does not wait for it in every case, so we do.
pub(super) async fn open(path: &Path, timeout: Duration) -> Result<SqlitePool, OpenError> {
    let shown = || path.display().to_string();
    // SQLite would make it readable to everybody; its journals take the mode of the file.
    data_dir::private_file(path).map_err(|error| OpenError::Open { path: shown(), error: sqlx::Error::Io(error) })?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let outcome = match attempt(path, timeout).await {
            Ok(pool) => MIGRATIONS.run(&pool).await.map(|()| pool).map_err(OpenError::from),
            Err(error) => Err(OpenError::Open { path: shown(), error }),
        };
        match outcome {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
}

async fn attempt(path: &Path, timeout: Duration) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(timeout)
        .foreign_keys(true)
        // 256 KiB of pages: lookups by key need no more.
        .pragma("cache_size", "-256")
        // The journal, 1 MiB instead of 4: what is written is cached, and a pod pays for that, too.
        .pragma("wal_autocheckpoint", "256")
        .pragma("journal_size_limit", "1048576");
    SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(timeout).connect_with(options).await
}
