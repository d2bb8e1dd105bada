//! Looks for a server that accepts writes, and finds out how it must be talked to.
use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::{
    failure::{self, describe, is_crowded},
    postgres::{Way, options},
    postgres_url::{Servers, name},
    within,
};

/// A server that accepts writes.
#[derive(Debug)]
pub(super) struct Found {
    /// As the URL has it.
    pub(super) server: PgConnectOptions,
    pub(super) way: Way,
    /// A connection as those of the pool are.
    pub(super) connection: PgConnection,
}

/// The first of the servers that accepts writes; if there is none, why.
pub(super) async fn find(servers: &Servers, limit: Duration) -> Result<Found, sqlx::Error> {
    let limit_to_connect = servers.connect_timeout.map_or(limit, |most| most.min(limit));
    let mut failures = Vec::new();
    for server in &servers.all {
        match within(limit_to_connect, attempt(server, limit)).await {
            Ok(found) => return Ok(found),
            Err(error) => failures.push((name(server), error)),
        }
    }
    let decisive = if failures.len() == 1 { Some(0) } else { failures.iter().position(|(_, error)| is_crowded(error)) };
    if let Some(index) = decisive {
        return Err(failures.swap_remove(index).1);
    }
    let all: Vec<String> = failures.iter().map(|(name, error)| format!("{name}: {}", describe(error))).collect();
    Err(unusable(all.join("; ")))
}

async fn attempt(server: &PgConnectOptions, limit: Duration) -> Result<Found, sqlx::Error> {
    let found = |way, connection| Found { server: server.clone(), way, connection };
    match options(server, Way::Direct, limit).connect().await {
        Ok(mut connection) => {
            if is_session_kept(&mut connection, limit).await? {
                return Ok(found(Way::Direct, connection));
            }
            let _ = timeout(limit, connection.close()).await;
        }
        Err(error) if failure::is_refused_parameter(&error) => {}
        Err(error) => return Err(error),
    }
    // The settings were refused, or have no effect: it is a pooler.
    let mut connection = options(server, Way::Pooler, limit).connect().await?;
    let mut transaction = connection.begin().await?;
    is_writable(&mut transaction).await?;
    transaction.commit().await?;
    Ok(found(Way::Pooler, connection))
}

/// auth writes with every login: a server that refuses writes cannot do its work. During a failover the address may lead
/// to a standby for a while.
pub(super) async fn is_writable(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    // A simple statement: nothing to prepare, so it works through every pooler.
    let query = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";
    let row = sqlx::raw_sql(query).fetch_one(connection).await?;
    match (row.try_get(0)?, row.try_get(1)?) {
        (true, _) => Err(unusable("the server is a standby, which is read-only".to_owned())),
        (false, true) => Err(unusable("the server is read-only: default_transaction_read_only is on".to_owned())),
        (false, false) => Ok(()),
    }
}

/// Whether the server accepts writes and the time limit that was asked for holds. A pooler may pass over it in silence.
async fn is_session_kept(connection: &mut PgConnection, limit: Duration) -> Result<bool, sqlx::Error> {
    is_writable(connection).await?;
    let query = "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'";
    let row = sqlx::raw_sql(query).fetch_one(connection).await?;
    Ok(row.try_get::<String, _>(0)? == limit.as_millis().to_string())
}

fn unusable(why: String) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::other(why))
}
