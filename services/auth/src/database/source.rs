//! Where the database is, as a URL says it.
use std::{fmt, path::PathBuf, str::FromStr as _};

use serde::{Deserialize, de};
use sqlx::postgres::PgConnectOptions;

/// Where the database is.
#[derive(Clone)]
pub enum Source {
    /// A file: SQLite.
    Sqlite(PathBuf),
    /// A server: PostgreSQL.
    Postgres(Box<PgConnectOptions>),
}

/// `postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full`, or `sqlite:///PATH`. Holds a password: never shown.
#[derive(Clone, Debug)]
pub struct DatabaseUrl(pub Source);

/// Without the password.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(server) => {
                f.debug_tuple("Postgres").field(&server.get_host()).field(&server.get_port()).finish_non_exhaustive()
            }
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        source(&text).map(Self).map_err(de::Error::custom)
    }
}

/// What sqlx says of a URL could quote it, and with it the password: place and kind are enough.
fn source(text: &str) -> Result<Source, &'static str> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = PathBuf::from(path.split('?').next().unwrap_or_default());
        return match (path.file_name(), path.is_absolute()) {
            (Some(_), true) => Ok(Source::Sqlite(path)),
            _ => Err("sqlite: without the absolute path of a file"),
        };
    }
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err("not the URL of a database");
    }
    let server = PgConnectOptions::from_str(text).map_err(|_| "not a URL that PostgreSQL's clients understand")?;
    Ok(Source::Postgres(Box::new(server.application_name("flotilla-auth"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_or_a_server() {
        assert!(
            matches!(source("sqlite:///var/lib/x.db"), Ok(Source::Sqlite(path)) if path.as_os_str() == "/var/lib/x.db")
        );
        let Ok(Source::Postgres(server)) = source("postgres://ann:secret@db.example:5433/accounts?sslmode=require")
        else {
            panic!("no server")
        };
        assert_eq!(
            (server.get_host(), server.get_port(), server.get_database()),
            ("db.example", 5433, Some("accounts"))
        );
        assert!(!format!("{:?}", Source::Postgres(server.clone())).contains("secret"));
        assert!(matches!(server.get_ssl_mode(), sqlx::postgres::PgSslMode::Require));
    }

    #[test]
    fn anything_else_is_refused_without_showing_it() {
        for wrong in [
            "",
            "accounts.db",
            "sqlite:",
            "sqlite://x.db",
            "mysql://u:hunter2@h/d",
            "postgres://u:hunter2@h/d?sslmode=hunter2",
        ] {
            let why = source(wrong).expect_err(wrong);
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
