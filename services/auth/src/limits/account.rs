//! Failed logins by account, in the database: every replica counts together. Unknown names count like known ones, or the
//! limit would reveal which names exist.
//!
//! There are two delays, and none is longer than a minute. Attempts during a delay are refused unhashed and do not prolong
//! it, so no client is locked out for good.
//!
//! - Each client has a delay of its own for each account: the first failures are free, then each one doubles the delay.
//!   A client that guesses therefore delays only itself, and not the owner of the account.
//! - When many clients fail to log in to one account, each of them has to wait before its first attempt and after each
//!   failure. The wait grows with the number of clients, so their number does not make guessing faster. Clients from which
//!   the account has logged in lately are exempt.
mod delays;
mod known;
mod rows;

use std::{sync::Arc, time::SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use quick_cache::sync::Cache;

pub(crate) use self::{delays::FORGOTTEN_AFTER, known::KNOWN_FOR};
use self::{
    delays::{MOST_CLIENTS, crowd_delay, own_delay, still_blocked},
    known::Known,
};
use super::{Client, Throttled};
use crate::{
    database::{Database, Error, on, transaction},
    users::{Account, seconds},
};

/// Delays that this replica knows without a query, for the attempts that wait for hashing when one begins.
const REMEMBERED: usize = 1024;

/// What is known about a client and a name. `others` counts the clients that have failed with this name lately.
const LOOK: &str = "SELECT \
     (SELECT blocked_until FROM login_delays WHERE name_hash = $1 AND client = $2 AND last_at >= $3), \
     (SELECT last_login_at FROM known_clients WHERE account_id = $4 AND client = $2 AND last_login_at >= $5), \
     (SELECT COUNT(*) FROM (SELECT 1 FROM login_delays \
      WHERE name_hash = $1 AND client <> $2 AND last_at >= $3 AND failures > 0 LIMIT $6) AS others)";
const OTHERS: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM login_delays \
     WHERE name_hash = $1 AND client <> $2 AND last_at >= $3 AND failures > 0 LIMIT $4) AS others";
/// A client that has to wait before its first attempt has a row without a failure: it may try when its wait is over.
const WAIT: &str = "INSERT INTO login_delays (name_hash, client, failures, last_at, blocked_until) VALUES ($1, $2, 0, $3, $4) \
     ON CONFLICT (name_hash, client) DO UPDATE SET failures = 0, last_at = $3, blocked_until = $4 WHERE login_delays.last_at < $5";
const COUNT: &str = "INSERT INTO login_delays (name_hash, client, failures, last_at, blocked_until) VALUES ($1, $2, 1, $3, 0) \
     ON CONFLICT (name_hash, client) DO UPDATE SET last_at = $3, \
     failures = CASE WHEN login_delays.last_at < $4 THEN 1 ELSE login_delays.failures + 1 END RETURNING failures";
/// The longer delay stays, unless it is longer than any: then the clock was ahead, and it delays no attempt.
const BLOCK: &str = "UPDATE login_delays SET blocked_until = $1 WHERE name_hash = $2 AND client = $3 \
     AND (blocked_until < $1 OR blocked_until > $1 + 60)";
const FORGET: &str = "DELETE FROM login_delays WHERE name_hash = $1 AND client = $2";

/// The failed logins by account. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    database: Database,
    /// By name and client.
    blocked_until: Arc<Cache<(String, String), i64>>,
    /// By name: until when new clients have to wait before their first attempt.
    crowded_until: Arc<Cache<String, i64>>,
    added: rows::Added,
}

/// What the database knows about an attempt.
#[derive(Clone, Debug)]
pub struct Record {
    name_hash: String,
    client: String,
    /// Whether the client has failed with this name lately, or has waited for its first attempt.
    exists: bool,
    known: Option<Known>,
}

impl Accounts {
    /// The failures in this database.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            blocked_until: Arc::new(Cache::new(REMEMBERED)),
            crowded_until: Arc::new(Cache::new(REMEMBERED)),
            added: rows::Added::default(),
        }
    }

    /// Whether this client may try to log in by this name, of which it gets the hash. It is the account's if there is one.
    pub async fn check(
        &self,
        name_hash: &str,
        account: Option<&Account>,
        client: Client,
        now: SystemTime,
    ) -> Result<Result<Record, Throttled>, Error> {
        let name_hash = name_hash.to_owned();
        let client = client.network().map_or_else(String::new, |network| network.to_string());
        let account_id = account.map_or("", |account| &account.id);
        let at = seconds(now);
        let (blocked_until, last_login_at, others): (Option<i64>, Option<i64>, i64) = on!(&self.database, connections => {
            sqlx::query_as(LOOK)
                .bind(&name_hash).bind(&client).bind(at - FORGOTTEN_AFTER)
                .bind(account_id).bind(at - KNOWN_FOR).bind(MOST_CLIENTS)
                .fetch_one(connections).await
        })?;
        let known = last_login_at.map(|last_login_at| Known { last_login_at });
        let record = Record { name_hash, client, exists: blocked_until.is_some(), known };
        if let Err(throttled) = still_blocked(blocked_until.unwrap_or(0), now) {
            return Ok(Err(throttled));
        }
        let delay = crowd_delay(others);
        if record.exists || record.known.is_some() || delay == 0 {
            return Ok(Ok(record));
        }
        self.wait(&record, at, at + delay).await?;
        Ok(still_blocked(at + delay, now).map(|()| record))
    }

    /// Whether a delay began here while an attempt waited.
    pub fn check_again(&self, record: &Record, now: SystemTime) -> Result<(), Throttled> {
        let own = self.blocked_until.get(&record.key()).unwrap_or(0);
        let has_waited = record.exists || record.known.is_some();
        let crowd = if has_waited { 0 } else { self.crowded_until.get(&record.name_hash).unwrap_or(0) };
        still_blocked(own.max(crowd), now)
    }

    /// This attempt has failed.
    pub async fn failed(&self, record: &Record, now: SystemTime) -> Result<(), Error> {
        let now = seconds(now);
        let (failures, others) = transaction!(&self.database, transaction => {
            let failures: i64 = sqlx::query_scalar(COUNT)
                .bind(&record.name_hash).bind(&record.client).bind(now).bind(now - FORGOTTEN_AFTER)
                .fetch_one(&mut *transaction).await?;
            let others: i64 = sqlx::query_scalar(OTHERS)
                .bind(&record.name_hash).bind(&record.client).bind(now - FORGOTTEN_AFTER).bind(MOST_CLIENTS)
                .fetch_one(&mut *transaction).await?;
            let until = now + record.delay(failures, others);
            if until > now {
                sqlx::query(BLOCK)
                    .bind(until).bind(&record.name_hash).bind(&record.client)
                    .execute(&mut *transaction).await?;
            }
            (failures, others)
        })?;
        let delay = record.delay(failures, others);
        if delay > 0 {
            self.blocked_until.insert(record.key(), now + delay);
        }
        // A new client counts this one among the others.
        let crowd = crowd_delay(others + 1);
        if crowd > 0 {
            self.crowded_until.insert(record.name_hash.clone(), now + crowd);
        }
        if failures == 1 {
            self.limit_rows().await;
        }
        Ok(())
    }

    /// This attempt to log in to the account has succeeded.
    pub async fn succeeded(&self, record: &Record, account: &Account, now: SystemTime) -> Result<(), Error> {
        if record.exists {
            self.blocked_until.remove(&record.key());
            on!(&self.database, connections => {
                sqlx::query(FORGET).bind(&record.name_hash).bind(&record.client).execute(connections).await.map(drop)
            })?;
        }
        self.remember(record, account, seconds(now)).await
    }

    /// Makes a client wait before its first attempt.
    async fn wait(&self, record: &Record, now: i64, until: i64) -> Result<(), Error> {
        on!(&self.database, connections => {
            sqlx::query(WAIT)
                .bind(&record.name_hash).bind(&record.client).bind(now).bind(until).bind(now - FORGOTTEN_AFTER)
                .execute(connections).await.map(drop)
        })?;
        self.limit_rows().await;
        Ok(())
    }
}

/// A name, known or not, as it is counted.
pub fn name_hash(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, name.as_bytes()))
}

impl Record {
    fn key(&self) -> (String, String) {
        (self.name_hash.clone(), self.client.clone())
    }

    /// Seconds to wait after this number of failures, while that number of other clients fail, too.
    fn delay(&self, failures: i64, others: i64) -> i64 {
        let crowd = if self.known.is_some() { 0 } else { crowd_delay(others) };
        own_delay(failures).max(crowd)
    }
}
