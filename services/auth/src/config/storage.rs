//! Where accounts and keys lie, and what seals the keys.
use std::{path::PathBuf, time::Duration};

use chassis::{
    Service,
    config::{Invalid, Section, Setting, Span},
};
use serde::Deserialize;

use crate::{
    data_dir,
    database::{self, DatabaseUrl, Source},
    seal::{Keyring, SealingKey},
};

/// Where accounts and keys lie.
#[derive(Debug, Deserialize)]
pub struct Storage {
    /// The directory of the embedded database and its key.
    pub data_dir: Option<PathBuf>,
    /// Another database than the embedded one.
    pub database_url: Option<DatabaseUrl>,
    /// The most connections to a PostgreSQL.
    pub database_connections: u32,
    /// The longest wait for a connection or an answer.
    pub database_timeout: Span,
    /// How often what has expired is removed.
    pub purge_interval: Span,
    /// Seals private keys at rest.
    pub key_encryption_key: Option<SealingKey>,
    /// Sealed them before, and still opens them.
    pub key_encryption_key_previous: Option<SealingKey>,
    /// Whether the demo account may log in.
    pub demo_user: Option<bool>,
}

impl Section for Storage {
    const SETTINGS: &'static [Setting] = &[
        Setting::optional(
            "DATA_DIR",
            "flotilla in the platform's data directory",
            "a directory this user may write",
            "where the embedded database and its key live; made with mode 0700",
        ),
        Setting::optional(
            "DATABASE_URL",
            "embedded SQLite in the data directory",
            "postgres://USER:PASSWORD@HOST/DATABASE?sslmode=… or sqlite:///PATH",
            "where accounts, refresh tokens and sealed keys live",
        )
        .secret(),
        Setting::new("DATABASE_CONNECTIONS", "4", "a number from 1 to 100", "the most connections to a PostgreSQL"),
        Setting::new(
            "DATABASE_TIMEOUT",
            "1500ms",
            "a span of time from 100ms to 30s",
            "the longest wait for a connection or an answer; after it 503",
        ),
        Setting::new(
            "PURGE_INTERVAL",
            "10m",
            "a span of time from 1s to 24h",
            "how often one of the replicas removes what has expired",
        ),
        Setting::optional(
            "KEY_ENCRYPTION_KEY",
            "generated beside the SQLite file; required with PostgreSQL",
            "32 bytes in base64, as from: openssl rand -base64 32",
            "seals private keys at rest",
        )
        .secret(),
        Setting::optional(
            "KEY_ENCRYPTION_KEY_PREVIOUS",
            "there is one key only",
            "32 bytes in base64, as from: openssl rand -base64 32",
            "also opens private keys, until key reseal has sealed all with the current one",
        )
        .secret(),
        Setting::optional(
            "DEMO_USER",
            "true with the embedded database, false once DATABASE_URL is set",
            "true or false",
            "whether the account user with password password may log in",
        ),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if !(1..=100).contains(&self.database_connections) {
            problems.push(("DATABASE_CONNECTIONS", "out of range; allowed: a number from 1 to 100".to_owned()));
        }
        if !(100..=30_000).contains(&self.database_timeout.as_millis()) {
            problems.push(("DATABASE_TIMEOUT", "out of range; allowed: a span of time from 100ms to 30s".to_owned()));
        }
        if !(1..=24 * 60 * 60).contains(&self.purge_interval.as_secs()) {
            problems.push(("PURGE_INTERVAL", "out of range; allowed: a span of time from 1s to 24h".to_owned()));
        }
        let on_a_server = matches!(self.database_url, Some(DatabaseUrl(Source::Postgres(_))));
        if on_a_server && self.key_encryption_key.is_none() {
            let wrong = "required with PostgreSQL, the same for every replica; allowed: 32 bytes in base64, as from: openssl rand -base64 32";
            problems.push(("KEY_ENCRYPTION_KEY", wrong.to_owned()));
        }
        problems
    }
}

/// Where data lies, ready to be opened.
#[derive(Debug)]
pub struct Stored {
    /// How to reach the database.
    pub database: database::Options,
    /// Seals private keys at rest.
    pub keyring: Keyring,
    /// Whether the demo account may log in.
    pub demo_user: bool,
    /// How often what has expired is removed.
    pub purge_interval: Duration,
}

impl Storage {
    /// Whether the demo account may log in: unless told otherwise, with the embedded database only.
    pub(super) fn has_demo_account(&self) -> bool {
        self.demo_user.unwrap_or(self.database_url.is_none())
    }

    /// Makes the data directory and, unless one is configured, the key in it. A server needs neither.
    pub(super) fn prepared(self, service: &Service) -> Result<Stored, Invalid> {
        let refused = |wrong| Invalid::of(service, "DATA_DIR", wrong);
        let demo_user = self.has_demo_account();
        let (source, directory) = match self.database_url {
            None => {
                let directory = data_dir::prepare(self.data_dir).map_err(refused)?;
                (Source::Sqlite(database::embedded(&directory)), Some(directory))
            }
            Some(DatabaseUrl(Source::Sqlite(file))) => {
                let of_file = |wrong| Invalid::of(service, "DATABASE_URL", wrong);
                data_dir::regular_or_absent(&file).map_err(of_file)?;
                let directory = data_dir::prepare(file.parent().map(PathBuf::from)).map_err(of_file)?;
                (Source::Sqlite(file), Some(directory))
            }
            Some(DatabaseUrl(server)) => (server, None),
        };
        let (key, origin) = match (self.key_encryption_key, directory, &source) {
            (Some(key), _, _) => (key, format!("{}KEY_ENCRYPTION_KEY", service.prefix)),
            (None, Some(directory), Source::Sqlite(file)) => data_dir::sealing_key(&directory, file)
                .map(|(key, path)| (key, path.display().to_string()))
                .map_err(refused)?,
            (None, _, _) => return Err(Invalid::of(service, "KEY_ENCRYPTION_KEY", "required with PostgreSQL")),
        };
        Ok(Stored {
            database: database::Options {
                source,
                connections: self.database_connections,
                timeout: *self.database_timeout,
            },
            keyring: Keyring::new(key, self.key_encryption_key_previous, origin),
            demo_user,
            purge_interval: *self.purge_interval,
        })
    }
}
