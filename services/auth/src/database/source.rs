//! Where the database is, as a URL says it.
use std::path::PathBuf;

use serde::{Deserialize, de};

use super::postgres_url::{self, Servers};

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file: SQLite.
    Sqlite(PathBuf),
    /// A server, or several: PostgreSQL.
    Postgres(Servers),
}

/// `postgres://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full`, or `sqlite:///PATH`. Holds a password: never shown.
#[derive(Clone, Debug)]
pub struct DatabaseUrl(pub Source);

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        source(&text).map(Self).map_err(de::Error::custom)
    }
}

/// A message never shows the text: it holds a password, perhaps in a wrong place.
fn source(text: &str) -> Result<Source, String> {
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        // What auth does anyway, and what many examples of sqlx have.
        let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
        if path.contains(['?', '#']) {
            return Err("sqlite: with a parameter, and auth honors none".to_owned());
        }
        let path = PathBuf::from(path);
        return match (path.file_name(), path.is_absolute()) {
            (Some(_), true) => Ok(Source::Sqlite(path)),
            _ => Err("sqlite: without the absolute path of a file".to_owned()),
        };
    }
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err("not the URL of a database".to_owned());
    }
    postgres_url::parse(text, variable).map(Source::Postgres)
}

/// libpq's variables stand in for what a URL lacks: an operator who sets `PGSSLMODE` relies on it.
#[expect(
    clippy::disallowed_methods,
    reason = "they are PostgreSQL's own settings, not auth's; read once, with the URL"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_or_a_server() {
        assert!(
            matches!(source("sqlite:///var/lib/x.db"), Ok(Source::Sqlite(path)) if path.as_os_str() == "/var/lib/x.db")
        );
        assert!(matches!(source("sqlite:///x.db?mode=rwc"), Ok(Source::Sqlite(path)) if path.as_os_str() == "/x.db"));
        let Ok(Source::Postgres(servers)) = source("postgres://ann:secret@db.example:5433/accounts?sslmode=require")
        else {
            panic!("no server")
        };
        assert_eq!(format!("{servers:?}"), r#"["db.example:5433"]"#);
    }

    #[test]
    fn anything_else_is_refused_without_showing_it() {
        for wrong in [
            "",
            "accounts.db",
            "sqlite:",
            "sqlite://x.db",
            "sqlite:///x.db?mode=ro",
            "sqlite:///x.db#hunter2",
            "mysql://u:hunter2@h/d",
            "postgres://u:hunter2@h/d?sslmode=hunter2",
        ] {
            let why = source(wrong).expect_err(wrong);
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
