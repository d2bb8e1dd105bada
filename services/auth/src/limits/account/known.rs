//! Clients from which an account has logged in lately. NIST SP 800-63B section 5.2.2 proposes such a list, so that guesses
//! from elsewhere do not keep the owner of an account out.
use super::{Accounts, Record};
use crate::{
    database::{Error, transaction},
    users::Account,
};

/// A client is known for this time after a login; in seconds.
pub(crate) const KNOWN_FOR: i64 = 30 * 24 * 60 * 60;
/// The time of the last login is written again only when it is older than this; in seconds.
const UPDATED_AFTER: i64 = 24 * 60 * 60;
/// The most clients that are kept for one account: those that logged in last.
const MOST_CLIENTS: i64 = 32;

const REMEMBER: &str = "INSERT INTO known_clients (account_id, client, last_login_at) \
     SELECT id, $2, $3 FROM accounts WHERE id = $1 \
     ON CONFLICT (account_id, client) DO UPDATE SET last_login_at = $3";
const LIMIT: &str = "DELETE FROM known_clients WHERE account_id = $1 AND client NOT IN \
     (SELECT client FROM known_clients WHERE account_id = $1 ORDER BY last_login_at DESC, client LIMIT $2)";

/// A client from which the account has logged in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// In seconds since the epoch.
    pub(super) last_login_at: i64,
}

impl Accounts {
    /// The account has logged in from this client.
    pub(super) async fn remember(&self, record: &Record, account: &Account, now: i64) -> Result<(), Error> {
        if record.known.is_some_and(|known| now - known.last_login_at < UPDATED_AFTER) {
            return Ok(());
        }
        transaction!(&self.database, transaction => {
            sqlx::query(REMEMBER).bind(&account.id).bind(&record.client).bind(now).execute(&mut *transaction).await?;
            sqlx::query(LIMIT).bind(&account.id).bind(MOST_CLIENTS).execute(&mut *transaction).await?;
        })
    }
}
