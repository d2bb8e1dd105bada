//! PostgreSQL: a server that several replicas may share.
use std::time::Duration;

use sqlx::{
    ConnectOptions as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// A connection is not kept for ever, so that a server behind a name can be replaced.
const LONGEST_LIFE: Duration = Duration::from_mins(30);
const LONGEST_IDLE: Duration = Duration::from_mins(5);

/// One connection, outside any pool.
pub(super) async fn connect(server: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    // Below a warning the server only tells that a table it was asked to make if need be exists.
    server.clone().options([("client_min_messages", "warning")]).connect().await
}

/// The same server, asked to give up a statement after `limit`.
pub(super) fn within(server: &PgConnectOptions, limit: Duration) -> PgConnectOptions {
    let limit = limit.as_millis().to_string();
    server
        .clone()
        .options([("statement_timeout", limit.as_str()), ("idle_in_transaction_session_timeout", limit.as_str())])
}

/// Connections to a server that has just answered; made when they are needed.
pub(super) fn pool(server: PgConnectOptions, connections: u32, limit: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limit)
        .max_lifetime(LONGEST_LIFE)
        .idle_timeout(LONGEST_IDLE)
        .connect_lazy_with(server)
}
