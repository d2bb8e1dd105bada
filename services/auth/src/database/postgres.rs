//! PostgreSQL: a server that several replicas may share.
use std::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

/// A connection is not kept for ever, so that a server behind a name can be replaced.
const LONGEST_LIFE: Duration = Duration::from_mins(30);
const LONGEST_IDLE: Duration = Duration::from_mins(5);

/// One connection, outside any pool.
pub(super) async fn connect(server: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    // Below a warning the server only tells that a table it was asked to make if need be exists.
    server.clone().options([("client_min_messages", "warning")]).connect().await
}

/// auth writes with every login: a server that refuses writes cannot do its work. During a failover the address may lead
/// to a standby for a while.
pub(super) async fn is_writable(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    // A simple statement: nothing to prepare, so it works through every pooler.
    let query = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";
    let row = sqlx::raw_sql(query).fetch_one(connection).await?;
    match (row.try_get(0)?, row.try_get(1)?) {
        (true, _) => Err(unusable("the server is a standby, which is read-only")),
        (false, true) => Err(unusable("the server is read-only: default_transaction_read_only is on")),
        (false, false) => Ok(()),
    }
}

fn unusable(why: &'static str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(why))
}

/// The same server, asked to give up a statement after `limit`.
pub(super) fn within(server: &PgConnectOptions, limit: Duration) -> PgConnectOptions {
    let limit = limit.as_millis().to_string();
    server
        .clone()
        .options([("statement_timeout", limit.as_str()), ("idle_in_transaction_session_timeout", limit.as_str())])
}

/// Whether the server still answers on this connection. If not, the pool closes it and takes another.
async fn answers(connection: &mut PgConnection, limit: Duration) -> bool {
    timeout(limit, connection.ping()).await.is_ok_and(|outcome| outcome.is_ok())
}

/// Connections to a server that has just answered; made when they are needed.
pub(super) fn pool(server: PgConnectOptions, connections: u32, limit: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limit)
        .max_lifetime(LONGEST_LIFE)
        .idle_timeout(LONGEST_IDLE)
        // Both in place of sqlx's own tests, which wait without end for a server that has vanished.
        .test_before_acquire(false)
        .before_acquire(move |connection, _| Box::pin(async move { Ok(answers(connection, limit / 3).await) }))
        .after_release(move |connection, _| Box::pin(async move { Ok(answers(connection, limit / 3).await) }))
        .connect_lazy_with(server)
}
