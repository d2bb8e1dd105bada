//! Accounts: who may log in, and with what hash.
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::SqlitePool;
use token::Subject;
use uuid::Uuid;

/// Longer than any name that people have; bounds what a stranger can make us look up.
pub const MAX_NAME_BYTES: usize = 256;

/// An account as login needs it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// What the person logs in by; the token's `sub`.
    pub username: String,
    /// The token's `email`.
    pub email: Option<String>,
    /// A PHC string.
    pub password_hash: String,
    /// Whether it is the demo account.
    pub demo: bool,
}

impl Account {
    /// What a token says of this account.
    pub fn subject(&self) -> Subject {
        Subject { sub: self.username.clone(), email: self.email.clone(), roles: Vec::new() }
    }
}

/// A new account.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// What the person logs in by.
    pub username: &'a str,
    /// The token's `email`.
    pub email: Option<&'a str>,
    /// A PHC string.
    pub password_hash: &'a str,
    /// Whether it is the demo account.
    pub demo: bool,
}

/// The accounts in the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Users(SqlitePool);

impl Users {
    /// The accounts in this database.
    pub fn new(pool: SqlitePool) -> Self {
        Self(pool)
    }

    /// The account of that name, exactly.
    pub async fn find(&self, username: &str) -> Result<Option<Account>, sqlx::Error> {
        if username.len() > MAX_NAME_BYTES {
            return Ok(None);
        }
        sqlx::query_as("SELECT username, email, password_hash, demo FROM accounts WHERE username = $1")
            .bind(username)
            .fetch_optional(&self.0)
            .await
    }

    /// Adds an account; `false` when the name is taken.
    pub async fn add(&self, account: &NewAccount<'_>, now: SystemTime) -> Result<bool, sqlx::Error> {
        let added = sqlx::query(
            "INSERT INTO accounts (id, username, email, password_hash, demo, created_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (username) DO NOTHING",
        )
        .bind(Uuid::new_v4().to_string())
        .bind(account.username)
        .bind(account.email)
        .bind(account.password_hash)
        .bind(account.demo)
        .bind(seconds(now))
        .execute(&self.0)
        .await?;
        Ok(added.rows_affected() == 1)
    }
}

/// Seconds since the epoch, as the tables keep times.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
