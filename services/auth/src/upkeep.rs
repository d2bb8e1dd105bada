//! Removes what has expired: by itself in the service, and with `auth purge`.
use std::{
    convert::Infallible,
    time::{Duration, SystemTime},
};

use token::Clock;

use crate::{
    audit,
    database::{Database, Error, on},
    limits::{self, Accounts},
    users::seconds,
};

/// Rows that the service removes at a time: few, because logins wait meanwhile.
const BATCH: i64 = 500;
/// Between two batches logins have the database for themselves.
const PAUSE: Duration = Duration::from_millis(100);

/// One kind of row that expires.
pub(crate) struct Expired {
    /// As people call it.
    pub(crate) what: &'static str,
    /// Each removes a batch.
    statements: &'static [&'static str],
    /// Seconds that a row is kept.
    kept_for: i64,
}

/// In batches, so that a large clean-up holds no lock for long. A family may have any number of tokens, so they go first;
/// keys that have retired stay for a month, so that the list tells what was.
pub(crate) const EXPIRED: [Expired; 5] = [
    Expired {
        what: "refresh tokens",
        statements: &[
            "DELETE FROM refresh_tokens WHERE hash IN (SELECT t.hash FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id WHERE f.expires_at <= $1 LIMIT $2)",
        ],
        kept_for: 0,
    },
    Expired {
        what: "families of refresh tokens",
        statements: &[
            "DELETE FROM refresh_families WHERE id IN (SELECT id FROM refresh_families WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        ],
        kept_for: 0,
    },
    Expired {
        what: "counts of failed logins",
        statements: &[
            "DELETE FROM login_delays WHERE (name_hash, client) IN (SELECT name_hash, client FROM login_delays WHERE last_at <= $1 ORDER BY last_at LIMIT $2)",
            // Of an earlier version.
            "DELETE FROM login_failures WHERE name_hash IN (SELECT name_hash FROM login_failures WHERE last_at <= $1 ORDER BY last_at LIMIT $2)",
        ],
        kept_for: limits::FORGOTTEN_AFTER,
    },
    Expired {
        what: "known clients",
        statements: &[
            "DELETE FROM known_clients WHERE (account_id, client) IN (SELECT account_id, client FROM known_clients WHERE last_login_at <= $1 ORDER BY last_login_at LIMIT $2)",
        ],
        kept_for: limits::KNOWN_FOR,
    },
    Expired {
        what: "retired keys",
        statements: &[
            "DELETE FROM signing_keys WHERE kid IN (SELECT kid FROM signing_keys WHERE retires_at <= $1 ORDER BY retires_at LIMIT $2)",
        ],
        kept_for: 30 * 24 * 60 * 60,
    },
];

/// Of many replicas the one begins a round that changes the row. A time to come is a clock's mistake.
const BEGIN: &str =
    "UPDATE upkeep SET last_run_at = $1 WHERE task = 'purge' AND (last_run_at <= $2 OR last_run_at > $3)";

impl Expired {
    /// Removes all of them, this number at a time: how many they were.
    pub(crate) async fn remove(
        &self,
        database: &Database,
        now: SystemTime,
        batch: i64,
        pause: Duration,
    ) -> Result<u64, Error> {
        let before = seconds(now) - self.kept_for;
        let mut removed = 0;
        for statement in self.statements {
            loop {
                let some = on!(database, connections => {
                    sqlx::query(*statement).bind(before).bind(batch).execute(connections).await.map(|done| done.rows_affected())
                })?;
                removed += some;
                if some == 0 {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
        }
        Ok(removed)
    }
}

/// Removes what has expired as long as the process lives, about once in this time and by one of many replicas.
pub(crate) async fn purge_regularly(
    database: Database,
    accounts: Accounts,
    interval: Duration,
    clock: Clock,
) -> Infallible {
    loop {
        // By chance, so that replicas that started together do not come together.
        tokio::time::sleep(interval.mul_f64(0.75 + rand::random::<f64>() / 2.0)).await;
        if let Err(error) = purge_once(&database, &accounts, interval, clock.now()).await {
            tracing::warn!(%error, "expired rows are left until the next attempt");
        }
    }
}

async fn purge_once(
    database: &Database,
    accounts: &Accounts,
    interval: Duration,
    now: SystemTime,
) -> Result<(), Error> {
    let (at, interval) = (seconds(now), i64::try_from(interval.as_secs()).unwrap_or(i64::MAX));
    let begun = on!(database, connections => {
        sqlx::query(BEGIN)
            .bind(at).bind(at.saturating_sub(interval)).bind(at.saturating_add(interval))
            .execute(connections).await.map(|done| done.rows_affected())
    })?;
    if begun == 0 {
        return Ok(());
    }
    for expired in &EXPIRED {
        log(expired.what, expired.remove(database, now, BATCH, PAUSE).await?);
    }
    let mut excess = 0;
    while let some @ 1.. = accounts.remove_excess_rows(BATCH).await? {
        excess += some;
        tokio::time::sleep(PAUSE).await;
    }
    log("failed logins beyond the limit", excess);
    Ok(())
}

fn log(what: &str, removed: u64) {
    if removed > 0 {
        tracing::info!(target: audit::TARGET, event = "purged", what, removed, "expired rows removed");
    }
}
