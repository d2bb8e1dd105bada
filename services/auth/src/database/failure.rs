//! What an error of the database says of the server, and what of it a person reads.
use std::io::ErrorKind;

use sqlx::{error::DatabaseError, migrate::MigrateError, postgres::PgDatabaseError};

/// PostgreSQL takes no more connections.
const TOO_MANY_CONNECTIONS: &str = "53300";
/// SQLSTATEs of a server that cannot do auth's work, whichever request finds out (PostgreSQL manual, appendix A). Its
/// connections are of no use: they are closed, and the server is looked for again.
const UNAVAILABLE: [&str; 8] = [
    TOO_MANY_CONNECTIONS,
    "25006", // read_only_sql_transaction: a standby, which the address leads to during a failover
    "57P01", // admin_shutdown
    "57P02", // crash_shutdown
    "57P03", // cannot_connect_now
    "57P04", // database_dropped
    "3D000", // invalid_catalog_name: the database does not exist
    "55000", // object_not_in_prerequisite_state: the database accepts no connections now
];
/// The role may not do this.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// Class 08, connection exceptions. A pooler such as `PgBouncer` reports a server that it lost with one of these.
const CONNECTION_EXCEPTION: &str = "08";
/// SQLSTATEs of a connection that remembers prepared statements which the server does not have any more, or which no
/// longer fit the tables: new connections prepare them again.
const STALE_STATEMENT: [&str; 2] = ["26000", "42P05"];
/// The routine that finds a cached plan stale; its SQLSTATE, 0A000, has many other meanings.
const STALE_PLAN: (&str, &str) = ("0A000", "RevalidateCachedQuery");

/// What an error says of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerState {
    /// The server failed, or cannot do auth's work: the pool's connections are of no use.
    Unavailable,
    /// No connection came free in time: the server is away, or all connections are busy.
    Unknown,
    /// The server is there; the error concerns one request.
    Available,
}

/// What an error says of the server.
pub(super) fn classify(error: &sqlx::Error) -> ServerState {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => ServerState::Unavailable,
        sqlx::Error::PoolTimedOut => ServerState::Unknown,
        sqlx::Error::Database(error) if is_unavailable(error.as_ref()) => ServerState::Unavailable,
        _ => ServerState::Available,
    }
}

/// Only PostgreSQL's codes: SQLite has numbers of its own, and a file is never away.
fn is_unavailable(error: &dyn DatabaseError) -> bool {
    error.try_downcast_ref::<PgDatabaseError>().is_some_and(|error| means_unavailable(error.code(), error.routine()))
}

fn means_unavailable(code: &str, routine: Option<&str>) -> bool {
    UNAVAILABLE.contains(&code)
        || STALE_STATEMENT.contains(&code)
        || code.starts_with(CONNECTION_EXCEPTION)
        || (code, routine) == (STALE_PLAN.0, Some(STALE_PLAN.1))
}

/// Whether a server is there, but takes no more connections.
pub(super) fn is_crowded(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == TOO_MANY_CONNECTIONS)
}

/// Whether a pooler refused a setting that PostgreSQL would have taken when the connection began.
pub(super) fn is_refused_parameter(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.message().to_ascii_lowercase().contains("unsupported startup parameter"))
}

/// Whether a migration failed for a reason that passes.
pub(super) fn is_passing(error: &MigrateError) -> bool {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            classify(error) == ServerState::Unavailable
        }
        _ => false,
    }
}

/// The message for people. sqlx would add the line of the server's source code, which helps nobody here.
pub(super) fn describe(error: &sqlx::Error) -> String {
    if let sqlx::Error::Io(error) = error
        && error.kind() == ErrorKind::Other
    {
        return error.to_string();
    }
    let Some(error) = error.as_database_error() else { return handshake(error).unwrap_or_else(|| error.to_string()) };
    error.try_downcast_ref::<PgDatabaseError>().map_or_else(
        || error.message().to_owned(),
        |error| {
            let message = error.message();
            format!("{message} (SQLSTATE {}){}", error.code(), hint(message))
        },
    )
}

/// Why a TLS handshake failed, with what to do about it.
fn handshake(error: &sqlx::Error) -> Option<String> {
    let reason = certificates::explain(error)?;
    // Elsewhere a certificate that is trusted itself is enough. sqlx's verifier knows authorities only.
    if reason.contains("CaUsedAsEndEntity") {
        let mend = "the server shows a CA's certificate as its own; let this CA sign one for the server, or make the \
                    server's with openssl req -x509 … -addext basicConstraints=critical,CA:FALSE -addext \
                    subjectAltName=DNS:HOST";
        return Some(format!("TLS with the server failed: {mend}"));
    }
    Some(format!("TLS with the server failed: {reason}"))
}

/// What helps against a mode of `PgBouncer` that no transaction survives.
fn hint(message: &str) -> &'static str {
    if message.contains("statement pooling mode") {
        "; set PgBouncer's pool_mode to session or transaction"
    } else {
        ""
    }
}

/// The same for a migration.
pub(super) fn describe_migration(error: &MigrateError) -> String {
    let (cause, message) = match error {
        MigrateError::Execute(cause) => (cause, describe(cause)),
        MigrateError::ExecuteMigration(cause, version) => (cause, format!("migration {version}: {}", describe(cause))),
        error => return error.to_string(),
    };
    let code = cause.as_database_error().and_then(DatabaseError::code);
    if code.is_some_and(|code| code == INSUFFICIENT_PRIVILEGE) {
        return format!(
            "{message}; run `auth migrate` as a role that may create tables, then this role needs no more than to read and write them"
        );
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_a_single_request_does_not_mean_that_the_server_is_gone() {
        assert_eq!(classify(&sqlx::Error::RowNotFound), ServerState::Available);
        assert_eq!(classify(&sqlx::Error::PoolTimedOut), ServerState::Unknown);
        assert_eq!(classify(&sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())), ServerState::Unavailable);
        // A duplicate, a disk that is full, a statement that took too long, another use of 0A000.
        for code in ["23505", "53100", "57014", "40001", "0A000"] {
            assert!(!means_unavailable(code, None), "{code}");
        }
    }

    #[test]
    fn a_server_that_cannot_do_the_work_is_gone_whatever_its_reason() {
        for code in ["08006", "08P01", "25006", "57P01", "57P02", "57P03", "57P04", "53300", "3D000", "26000"] {
            assert!(means_unavailable(code, None), "{code}");
        }
        assert!(means_unavailable("0A000", Some("RevalidateCachedQuery")));
    }
}
