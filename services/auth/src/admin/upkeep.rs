//! `migrate` and `purge`: what a Job and a CronJob run.
use chassis::Stop;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Admin, failed};
use crate::{
    audit,
    database::{Database, Error, on},
    limits,
    users::seconds,
};

/// Rows in a batch, unless said otherwise.
const BATCH: &str = "1000";

/// In batches, so that a large clean-up holds no lock for long. A family may have any number of tokens, so they go first; keys that have retired
/// stay for a month, so that the list tells what was.
const EXPIRED: [(&str, &str, i64); 6] = [
    (
        "refresh tokens",
        "DELETE FROM refresh_tokens WHERE hash IN (SELECT t.hash FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id WHERE f.expires_at <= $1 LIMIT $2)",
        0,
    ),
    (
        "families of refresh tokens",
        "DELETE FROM refresh_families WHERE id IN (SELECT id FROM refresh_families WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        0,
    ),
    (
        "counts of failed logins",
        "DELETE FROM login_failures WHERE name_hash IN (SELECT name_hash FROM login_failures WHERE last_at <= $1 ORDER BY last_at LIMIT $2)",
        limits::FORGOTTEN_AFTER,
    ),
    (
        "delays of failed logins",
        "DELETE FROM login_delays WHERE (name_hash, client) IN (SELECT name_hash, client FROM login_delays WHERE last_at <= $1 ORDER BY last_at LIMIT $2)",
        limits::FORGOTTEN_AFTER,
    ),
    (
        "known clients",
        "DELETE FROM known_clients WHERE (account_id, client) IN (SELECT account_id, client FROM known_clients WHERE last_login_at <= $1 ORDER BY last_login_at LIMIT $2)",
        limits::KNOWN_FOR,
    ),
    (
        "retired keys",
        "DELETE FROM signing_keys WHERE kid IN (SELECT kid FROM signing_keys WHERE retires_at <= $1 ORDER BY retires_at LIMIT $2)",
        30 * 24 * 60 * 60,
    ),
];

pub(super) fn migrate() -> Command {
    Command::new("migrate").about("Brings the database's tables up to date, as every start does, and ends")
}

/// Opening the database has migrated it.
pub(super) fn migrated(_: &Admin) -> Result<(), Stop> {
    super::say("the tables are up to date")
}

pub(super) fn purge() -> Command {
    Command::new("purge").about("Removes expired refresh tokens, forgotten login failures and keys long retired").arg(
        Arg::new("batch")
            .long("batch")
            .value_name("ROWS")
            .default_value(BATCH)
            .value_parser(value_parser!(i64).range(1..=100_000))
            .help("Rows that are removed at a time, 1 to 100000"),
    )
}

pub(super) async fn carry_out_purge(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    let batch = matches.get_one("batch").copied().unwrap_or(1000);
    let now = seconds(admin.clock.now());
    for (what, statement, kept_for) in EXPIRED {
        let mut removed = 0;
        loop {
            let some = remove(&admin.database, statement, now - kept_for, batch).await.map_err(failed)?;
            removed += some;
            if some == 0 {
                break;
            }
        }
        tracing::info!(target: audit::TARGET, event = "purged", what, removed, "expired rows removed");
        super::say(format_args!("{removed} {what} removed"))?;
    }
    Ok(())
}

async fn remove(database: &Database, statement: &'static str, before: i64, batch: i64) -> Result<u64, Error> {
    on!(database, connections => {
        sqlx::query(statement).bind(before).bind(batch).execute(connections).await.map(|done| done.rows_affected())
    })
}
