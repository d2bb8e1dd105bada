//! Accounts: who may log in, with what hash, and what his tokens say.
//!
//! | module | does |
//! |---|---|
//! | [`fields`] | what a name, a mail address and roles may be |
//! | `changes` | what an administrator changes |
//! | `many` | pages and batches |
mod changes;
pub mod fields;
pub(crate) mod many;

use std::time::{SystemTime, UNIX_EPOCH};

use token::Subject;
use uuid::Uuid;

use crate::database::{Database, Error, on};

/// Longer than any name that people have; bounds what a stranger can make us look up.
pub const MAX_NAME_BYTES: usize = 256;

/// An account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// Never changes, unlike a name.
    pub id: String,
    /// What the person logs in by; the token's `sub`.
    pub username: String,
    /// The token's `email`.
    pub email: Option<String>,
    /// A PHC string, or one of bcrypt's from an import.
    pub password_hash: String,
    /// The token's `roles`, separated by spaces.
    pub roles: String,
    /// Whether it is the demo account.
    pub demo: bool,
    /// Seconds since the epoch.
    pub created_at: i64,
    /// Since when it may not log in, in seconds since the epoch.
    pub disabled_at: Option<i64>,
    /// How many changes have ended all its sessions.
    pub session_version: i64,
}

impl Account {
    /// What a token says of this account.
    pub fn subject(&self) -> Subject {
        Subject { sub: self.username.clone(), email: self.email.clone(), roles: self.roles() }
    }

    /// What it may do.
    pub fn roles(&self) -> Vec<String> {
        self.roles.split_whitespace().map(str::to_owned).collect()
    }

    /// Whether it may log in and refresh.
    pub fn may_log_in(&self, demo: Demo) -> bool {
        self.disabled_at.is_none() && (!self.demo || demo == Demo(true))
    }
}

/// Whether the demo account may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demo(pub bool);

/// A new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What the person logs in by.
    pub username: String,
    /// The token's `email`.
    pub email: Option<String>,
    /// The token's `roles`, separated by spaces.
    pub roles: String,
    /// A PHC string, or one of bcrypt's.
    pub password_hash: String,
    /// Whether it is the demo account.
    pub demo: bool,
}

/// The accounts in the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Users(Database);

/// Adds an account, unless the name is taken.
const INSERT: &str = "INSERT INTO accounts (id, username, email, roles, password_hash, demo, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (username) DO NOTHING";

impl Users {
    /// The accounts in this database.
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// The account of that name, exactly.
    pub async fn find(&self, username: &str) -> Result<Option<Account>, Error> {
        if username.len() > MAX_NAME_BYTES || username.contains('\0') {
            return Ok(None);
        }
        on!(&self.0, connections => {
            sqlx::query_as("SELECT * FROM accounts WHERE username = $1").bind(username).fetch_optional(connections).await
        })
    }

    /// Adds an account; `false` when the name is taken.
    pub async fn add(&self, account: &NewAccount, now: SystemTime) -> Result<bool, Error> {
        let added = on!(&self.0, connections => {
            sqlx::query(INSERT)
                .bind(Uuid::new_v4().to_string())
                .bind(&account.username)
                .bind(&account.email)
                .bind(&account.roles)
                .bind(&account.password_hash)
                .bind(account.demo)
                .bind(seconds(now))
                .execute(connections)
                .await
                .map(|done| done.rows_affected())
        })?;
        Ok(added == 1)
    }

    /// Replaces a hash by another of the same password, unless the password was changed meanwhile.
    pub async fn rehash(&self, account: &Account, hash: &str) -> Result<(), Error> {
        on!(&self.0, connections => {
            sqlx::query("UPDATE accounts SET password_hash = $1 WHERE id = $2 AND password_hash = $3")
                .bind(hash)
                .bind(&account.id)
                .bind(&account.password_hash)
                .execute(connections)
                .await
                .map(drop)
        })
    }
}

/// Seconds since the epoch, as the tables keep times.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
