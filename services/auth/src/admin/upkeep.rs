//! `migrate` and `purge`: what a Job and a CronJob run.
use std::time::Duration;

use chassis::Stop;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Admin, failed};
use crate::{audit, upkeep::EXPIRED};

/// Rows in a batch, unless said otherwise.
const BATCH: &str = "1000";

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
    for expired in &EXPIRED {
        let what = expired.what;
        let removed =
            expired.remove(&admin.database, admin.clock.now(), batch, Duration::ZERO).await.map_err(failed)?;
        tracing::info!(target: audit::TARGET, event = "purged", what, removed, "expired rows removed");
        super::say(format_args!("{removed} {what} removed"))?;
    }
    Ok(())
}
