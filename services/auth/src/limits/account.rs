//! Failed logins by account, in the database: every replica counts together. Unknown names count like known ones, or the
//! limit would tell them apart.
//!
//! The first failures cost nothing; then each doubles a delay, up to a minute. Attempts during a delay are refused
//! unhashed and do not prolong it, so nobody is locked out for good.
use std::{sync::Arc, time::SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use quick_cache::sync::Cache;

use super::Throttled;
use crate::{
    database::{Database, Error, on, transaction},
    users::seconds,
};

/// So many failures in a row cost nothing.
const FREE: i64 = 4;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 60;
/// Without a failure for so long, the count starts anew; in seconds.
pub(crate) const FORGOTTEN_AFTER: i64 = 15 * 60;
/// Delays that this replica knows without asking, for the attempts that wait for hashing when one begins.
const REMEMBERED: usize = 1024;

const LOOK: &str = "SELECT blocked_until FROM login_failures WHERE name_hash = $1";
const COUNT: &str = "INSERT INTO login_failures (name_hash, failures, last_at, blocked_until) VALUES ($1, 1, $2, 0) \
     ON CONFLICT (name_hash) DO UPDATE SET last_at = $2, \
     failures = CASE WHEN login_failures.last_at < $3 THEN 1 ELSE login_failures.failures + 1 END RETURNING failures";
const BLOCK: &str = "UPDATE login_failures SET blocked_until = $1 WHERE name_hash = $2 AND blocked_until < $1";
const FORGET: &str = "DELETE FROM login_failures WHERE name_hash = $1";

/// The failed logins by account. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    database: Database,
    blocked_until: Arc<Cache<String, i64>>,
}

/// A name's record: whether there is one to forget after a success.
#[derive(Clone, Debug)]
pub struct Record {
    name_hash: String,
    exists: bool,
}

impl Accounts {
    /// The failures in this database.
    pub fn new(database: Database) -> Self {
        Self { database, blocked_until: Arc::new(Cache::new(REMEMBERED)) }
    }

    /// Whether a login by this name may be tried.
    pub async fn check(&self, name: &str, now: SystemTime) -> Result<Result<Record, Throttled>, Error> {
        let name_hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, name.as_bytes()));
        let found: Option<i64> = on!(&self.database, connections => {
            sqlx::query_scalar(LOOK).bind(&name_hash).fetch_optional(connections).await
        })?;
        Ok(still_blocked(found.unwrap_or(0), now).map(|()| Record { name_hash, exists: found.is_some() }))
    }

    /// Whether a delay began here while an attempt waited.
    pub fn check_again(&self, record: &Record, now: SystemTime) -> Result<(), Throttled> {
        let until = self.blocked_until.get(&record.name_hash).unwrap_or(0);
        still_blocked(until, now)
    }

    /// A login by this name has failed.
    pub async fn failed(&self, record: &Record, now: SystemTime) -> Result<(), Error> {
        let now = seconds(now);
        let until = transaction!(&self.database, transaction => {
            let failures: i64 = sqlx::query_scalar(COUNT)
                .bind(&record.name_hash).bind(now).bind(now - FORGOTTEN_AFTER)
                .fetch_one(&mut *transaction).await?;
            let until = now + delay(failures);
            if until > now {
                sqlx::query(BLOCK).bind(until).bind(&record.name_hash).execute(&mut *transaction).await?;
            }
            until
        })?;
        if until > now {
            self.blocked_until.insert(record.name_hash.clone(), until);
        }
        Ok(())
    }

    /// A login by this name has succeeded.
    pub async fn succeeded(&self, record: &Record) -> Result<(), Error> {
        if !record.exists {
            return Ok(());
        }
        self.blocked_until.remove(&record.name_hash);
        on!(&self.database, connections => {
            sqlx::query(FORGET).bind(&record.name_hash).execute(connections).await.map(drop)
        })
    }
}

/// An end that lies further ahead than any delay is a clock's mistake, here or on another replica: it binds nobody.
fn still_blocked(until: i64, now: SystemTime) -> Result<(), Throttled> {
    match u32::try_from(until.saturating_sub(seconds(now))) {
        Ok(wait) if (1..=LONGEST_DELAY).contains(&i64::from(wait)) => Err(Throttled(wait)),
        _ => Ok(()),
    }
}

/// Seconds to wait after so many failures in a row.
fn delay(failures: i64) -> i64 {
    match failures - FREE {
        ..=0 => 0,
        // 2^6 is above the longest already.
        costly => (1_i64 << (costly - 1).min(6)).min(LONGEST_DELAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_elsewhere_locks_nobody_out() {
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        assert_eq!(still_blocked(1_000_060, now), Err(Throttled(60)));
        assert_eq!(still_blocked(1_000_000, now), Ok(()));
        assert_eq!(still_blocked(1_003_600, now), Ok(()));
    }

    #[test]
    fn the_delay_doubles_after_four_failures_and_ends_at_a_minute() {
        let delays: Vec<i64> = (1..=13).map(delay).collect();
        assert_eq!(delays, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(delay(i64::MAX), LONGEST_DELAY);
    }
}
