//! How a transaction begins, which differs between the two databases.
use sqlx::{SqlSafeStr as _, SqlStr, SqlitePool};

use super::postgres::Connections;

/// How a transaction that will write begins.
pub(crate) trait Begin {
    /// The statement.
    fn begin(&self) -> SqlStr;
}

impl Begin for SqlitePool {
    fn begin(&self) -> SqlStr {
        "BEGIN IMMEDIATE".into_sql_str()
    }
}

impl Begin for Connections {
    fn begin(&self) -> SqlStr {
        Self::begin(self)
    }
}
