//! How many rows strangers can make in the database.
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use super::Accounts;
use crate::database::{Error, on};

/// The most failures that are kept. Beyond it those go first that delay the least, and of them the oldest.
pub(crate) const MOST_ROWS: i64 = 50_000;
/// A replica looks at the number after it has added this number of rows.
const LOOK_EVERY: u32 = 256;
/// Rows that are removed at a time: more than two replicas add meanwhile, and few enough to be quick.
const BATCH: i64 = 1024;

const LIMIT: &str = "DELETE FROM login_delays WHERE (name_hash, client) IN \
     (SELECT name_hash, client FROM login_delays ORDER BY failures DESC, last_at DESC LIMIT $1 OFFSET $2)";

/// The rows that this replica has added. Cheap to clone; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Added(Arc<AtomicU32>);

impl Accounts {
    /// Counts a row that was added, and now and then removes what is too much.
    pub(super) async fn limit_rows(&self) {
        if self.added.0.fetch_add(1, Relaxed) % LOOK_EVERY != LOOK_EVERY - 1 {
            return;
        }
        // The attempt has been counted: that rows are left over must not fail it.
        if let Err(error) = self.remove_excess_rows(BATCH).await {
            tracing::warn!(%error, "rows of failed logins beyond the limit are not removed");
        }
    }

    /// Removes rows beyond the limit, at most this number: how many they were.
    pub(crate) async fn remove_excess_rows(&self, batch: i64) -> Result<u64, Error> {
        on!(&self.database, connections => {
            sqlx::query(LIMIT).bind(batch).bind(MOST_ROWS).execute(connections).await.map(|done| done.rows_affected())
        })
    }
}
