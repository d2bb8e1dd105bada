//! Families of refresh tokens in the database. Each step is one transaction: killed at any point, a token is either
//! still good or its successor is.
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::RefreshToken;
use crate::{
    database::{Database, Error, transaction},
    users::{Account, Demo, seconds},
};

/// The families in the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Families {
    database: Database,
    limits: Limits,
    demo: Demo,
}

/// What bounds families.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A family lives this long, however often it is refreshed.
    pub ttl: Duration,
    /// A client whose refresh got no answer may repeat it for this long.
    pub grace: Duration,
    /// An account has at most this number of families.
    pub sessions: u32,
}

/// A family that a login has created.
#[derive(Debug)]
pub struct Created {
    /// The account as it is now.
    pub account: Account,
    /// The first token.
    pub granted: Granted,
    /// How many older families of the account were too many.
    pub ended: u64,
}

/// A refresh token that was given out.
#[derive(Debug)]
pub struct Granted {
    /// The token.
    pub token: RefreshToken,
    /// Until its family ends, in seconds.
    pub expires_in: u64,
    /// Its family's name, for the log.
    pub family: String,
    /// Whether the same token was refreshed a moment before, and its successor came to nothing.
    pub repeated: bool,
}

/// Why a refresh token was refused. The client is told none of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Never given out, or of a family that is long gone.
    Unknown,
    /// Its family has reached its absolute end.
    Expired,
    /// Its family was revoked before.
    Revoked,
    /// It was used before: its family is revoked now.
    Reused {
        /// The family.
        family: String,
        /// Whose it was.
        account: String,
    },
    /// The account is disabled, or the demo account is: its family is revoked now.
    Disabled {
        /// Whose it was.
        account: String,
    },
}

impl Refused {
    /// As logs and metrics have it.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Reused { .. } => "reused",
            Self::Disabled { .. } => "disabled",
        }
    }
}

/// A token and its family, as one row.
#[derive(sqlx::FromRow)]
struct Found {
    family_id: String,
    account_id: String,
    expires_at: i64,
    revoked_at: Option<i64>,
    used_at: Option<i64>,
    successor: Option<String>,
}

/// How a token that is good comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Never before.
    First,
    /// Again, and shortly after the first time, and its successor was not used.
    Repeated,
    /// Again.
    Reuse,
}

/// Writes nothing new. It locks the account's row on PostgreSQL, so that no administrator changes the account before the
/// transaction ends; SQLite has locked the whole database already.
const LOCK_ACCOUNT: &str =
    "UPDATE accounts SET session_version = session_version WHERE id = $1 AND session_version = $2";
const LOCK_ACCOUNT_OF_TOKEN: &str = "UPDATE accounts SET session_version = session_version WHERE id = \
     (SELECT f.account_id FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id WHERE t.hash = $1)";
const FOUND: &str = "SELECT t.family_id, f.account_id, f.expires_at, f.revoked_at, t.used_at, t.successor \
     FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id WHERE t.hash = $1";
/// Of two that come with the same token, the second waits here for the first, and then finds it used.
const USE: &str = "UPDATE refresh_tokens SET used_at = $1 WHERE hash = $2 AND used_at IS NULL";
/// Of a token and its replacement, both unused, the family would have two live ones: so one of them is used up. It has no
/// successor, so that whoever comes with it does not repeat a refresh: it is a reuse.
const USE_UP_SUCCESSOR: &str = "UPDATE refresh_tokens SET used_at = $1 WHERE hash = $2 AND used_at IS NULL";
const SET_SUCCESSOR: &str = "UPDATE refresh_tokens SET successor = $1 WHERE hash = $2";
const ADD: &str = "INSERT INTO refresh_tokens (hash, family_id, issued_at) VALUES ($1, $2, $3)";
const FOUND_FAMILY: &str =
    "INSERT INTO refresh_families (id, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
/// Removes the families of an account that are too many: first those that have ended, then the oldest. So neither its
/// sessions nor its rows grow without end. The account's row is locked, so logins at the same time see each other's.
const END_OLDEST: &str = "DELETE FROM refresh_families WHERE id IN (SELECT id FROM refresh_families WHERE account_id = $1 \
     ORDER BY CASE WHEN revoked_at IS NULL AND expires_at > $2 THEN 0 ELSE 1 END, created_at DESC, id DESC LIMIT $3 OFFSET $4)";
/// More are left to the next logins: an account of an earlier version may have very many.
const MOST_ENDED: i64 = 20;
const REVOKE: &str = "UPDATE refresh_families SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
const ACCOUNT: &str = "SELECT * FROM accounts WHERE id = $1";

impl Families {
    /// The families in this database.
    pub fn new(database: Database, limits: Limits, demo: Demo) -> Self {
        Self { database, limits, demo }
    }

    /// Creates a family for an account that has just logged in, and reads the account again. `None` if all sessions of
    /// the account were ended after its password was verified.
    pub async fn create(
        &self,
        account: &Account,
        token: RefreshToken,
        now: SystemTime,
    ) -> Result<Option<Created>, Error> {
        // Sorts by time: families that are used together lie together.
        let (family, hash, now) = (Uuid::now_v7().to_string(), token.hash(), seconds(now));
        let ttl = self.limits.ttl.as_secs();
        let expires_at = now.saturating_add_unsigned(ttl);
        let current = transaction!(&self.database, transaction => {
            let locked = sqlx::query(LOCK_ACCOUNT).bind(&account.id).bind(account.session_version).execute(&mut *transaction).await?;
            if locked.rows_affected() == 1 {
                sqlx::query(FOUND_FAMILY).bind(&family).bind(&account.id).bind(now).bind(expires_at).execute(&mut *transaction).await?;
                sqlx::query(ADD).bind(&hash).bind(&family).bind(now).execute(&mut *transaction).await?;
                let ended = sqlx::query(END_OLDEST)
                    .bind(&account.id).bind(now).bind(MOST_ENDED).bind(i64::from(self.limits.sessions))
                    .execute(&mut *transaction).await?.rows_affected();
                let current: Account = sqlx::query_as(ACCOUNT).bind(&account.id).fetch_one(&mut *transaction).await?;
                Some((current, ended))
            } else {
                None
            }
        })?;
        Ok(current.map(|(account, ended)| {
            let granted = Granted { token, expires_in: ttl, family, repeated: false };
            Created { account, granted, ended }
        }))
    }

    /// Uses a token up: its account and the next token, or why not. A client that did not learn how its refresh ended
    /// sends the same token again: it then gets another next token, and the one that it did not get is used up.
    pub async fn refresh(
        &self,
        used: &RefreshToken,
        now: SystemTime,
    ) -> Result<Option<Result<(Account, Granted), Refused>>, Error> {
        let Some(token) = RefreshToken::generate() else { return Ok(None) };
        let (used, hash, now) = (used.hash(), token.hash(), seconds(now));
        let outcome = transaction!(&self.database, transaction => {
            // Before the family is read: a change of the account has then revoked it, or waits for this refresh.
            sqlx::query(LOCK_ACCOUNT_OF_TOKEN).bind(&used).execute(&mut *transaction).await?;
            let first = sqlx::query(USE).bind(now).bind(&used).execute(&mut *transaction).await?.rows_affected() == 1;
            let found: Option<Found> = sqlx::query_as(FOUND).bind(&used).fetch_optional(&mut *transaction).await?;
            match found {
                None => Err(Refused::Unknown),
                Some(found) if found.revoked_at.is_some() => Err(Refused::Revoked),
                Some(found) if found.expires_at <= now => Err(Refused::Expired),
                Some(found) => {
                    let account: Account = sqlx::query_as(ACCOUNT).bind(&found.account_id).fetch_one(&mut *transaction).await?;
                    let used_up = match found.successor.as_ref().filter(|_| !first && self.may_repeat(&found, now)) {
                        Some(successor) => {
                            sqlx::query(USE_UP_SUCCESSOR).bind(now).bind(successor).execute(&mut *transaction).await?.rows_affected()
                        }
                        None => 0,
                    };
                    let usage = if first { Use::First } else if used_up == 1 { Use::Repeated } else { Use::Reuse };
                    if usage != Use::Reuse && account.may_log_in(self.demo) {
                        sqlx::query(ADD).bind(&hash).bind(&found.family_id).bind(now).execute(&mut *transaction).await?;
                        sqlx::query(SET_SUCCESSOR).bind(&hash).bind(&used).execute(&mut *transaction).await?;
                        Ok((account, found, usage == Use::Repeated))
                    } else {
                        sqlx::query(REVOKE).bind(now).bind(&found.family_id).execute(&mut *transaction).await?;
                        Err(if usage == Use::Reuse {
                            Refused::Reused { family: found.family_id, account: account.username }
                        } else {
                            Refused::Disabled { account: account.username }
                        })
                    }
                }
            }
        })?;
        Ok(Some(outcome.map(|(account, found, repeated)| {
            let expires_in = u64::try_from(found.expires_at.saturating_sub(now)).unwrap_or(0);
            (account, Granted { token, expires_in, family: found.family_id, repeated })
        })))
    }

    /// Whether a token that was used may come again. The clocks of replicas may differ, so the time counts in both directions.
    fn may_repeat(&self, found: &Found, now: i64) -> bool {
        !self.limits.grace.is_zero()
            && found.used_at.is_some_and(|used_at| now.abs_diff(used_at) <= self.limits.grace.as_secs())
    }

    /// Ends a token's family: the account's name, if there was one to end.
    pub async fn revoke(&self, token: &RefreshToken, now: SystemTime) -> Result<Option<String>, Error> {
        let (hash, now) = (token.hash(), seconds(now));
        transaction!(&self.database, transaction => {
            let found: Option<Found> = sqlx::query_as(FOUND).bind(&hash).fetch_optional(&mut *transaction).await?;
            match found {
                Some(found) if found.revoked_at.is_none() => {
                    sqlx::query(REVOKE).bind(now).bind(&found.family_id).execute(&mut *transaction).await?;
                    let account: Account = sqlx::query_as(ACCOUNT).bind(&found.account_id).fetch_one(&mut *transaction).await?;
                    Some(account.username)
                }
                _ => None,
            }
        })
    }
}
