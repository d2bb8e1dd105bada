//! PostgreSQL: a server that several replicas may share, reached directly or through a pooler.
use std::{ops::Deref, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, SqlSafeStr as _, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::session::Session;

/// A connection is not kept for ever, so that a server behind a name can be replaced.
const LONGEST_LIFE: Duration = Duration::from_mins(30);
const LONGEST_IDLE: Duration = Duration::from_mins(5);

/// How a server is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A session of one's own: prepared statements and settings last.
    Direct,
    /// Through a pooler such as `PgBouncer`. In its transaction mode the next statement may reach another session, so
    /// that nothing lasts beyond a transaction, and nothing may be prepared outside of one.
    Pooler,
}

/// Connections to a server, made when they are needed.
#[derive(Clone, Debug)]
pub struct Connections {
    pool: PgPool,
    way: Way,
    limit: Duration,
}

impl Deref for Connections {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.pool
    }
}

impl Connections {
    /// To a server that has just answered. `server` is as the URL has it.
    pub(super) fn new(server: &PgConnectOptions, way: Way, most: u32, limit: Duration) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(limit)
            .max_lifetime(LONGEST_LIFE)
            .idle_timeout(LONGEST_IDLE)
            // Both in place of sqlx's own tests, which wait without end for a server that has vanished.
            .test_before_acquire(false)
            .before_acquire(move |connection, _| Box::pin(async move { Ok(answers(connection, limit / 3).await) }))
            .after_release(move |connection, _| Box::pin(async move { Ok(answers(connection, limit / 3).await) }))
            .connect_lazy_with(options(server, way, limit));
        Self { pool, way, limit }
    }

    /// For one statement.
    pub(crate) async fn session(&self) -> Result<Session, sqlx::Error> {
        match self.way {
            Way::Direct => Ok(Session::direct(self.pool.acquire().await?)),
            Way::Pooler => Ok(Session::transaction(self.pool.begin_with(self.begin()).await?, self.way)),
        }
    }

    /// A transaction that begins with this. In a box, so that what works on it is written as for sqlx's own.
    pub(crate) async fn begin_with(&self, begin: SqlStr) -> Result<Box<Session>, sqlx::Error> {
        Ok(Box::new(Session::transaction(self.pool.begin_with(begin).await?, self.way)))
    }

    /// How a transaction begins. Through a pooler it brings its own time limits along.
    pub(crate) fn begin(&self) -> SqlStr {
        match self.way {
            Way::Direct => "BEGIN".into_sql_str(),
            Way::Pooler => {
                let limit = self.limit.as_millis();
                let begin = format!(
                    "BEGIN; SET LOCAL statement_timeout = {limit}; SET LOCAL idle_in_transaction_session_timeout = {limit}"
                );
                AssertSqlSafe(begin).into_sql_str()
            }
        }
    }
}

/// Whether the server still answers on this connection. If not, the pool closes it and takes another.
async fn answers(connection: &mut PgConnection, limit: Duration) -> bool {
    timeout(limit, connection.ping()).await.is_ok_and(|outcome| outcome.is_ok())
}

/// The same server, asked to give up a statement after `limit`. A pooler takes no such settings at the beginning.
pub(super) fn options(server: &PgConnectOptions, way: Way, limit: Duration) -> PgConnectOptions {
    let server = server.clone().extra_float_digits(None);
    if way == Way::Pooler {
        return server.statement_cache_capacity(0);
    }
    let limit = limit.as_millis().to_string();
    server.options([
        ("statement_timeout", limit.as_str()),
        ("idle_in_transaction_session_timeout", limit.as_str()),
        // Below a warning the server only says that a table which it was asked to create, if need be, exists.
        ("client_min_messages", "warning"),
    ])
}
