//! What an administrator changes about an account. Whatever ends its sessions does so in the same transaction: killed in
//! the middle, the account is as it was before. The account is changed first: on PostgreSQL its row is then locked, so
//! a session is created either before the change, which revokes it, or after, with a look at the new version.
use std::time::SystemTime;

use super::{Users, seconds};
use crate::database::{Error, on, transaction};

/// The time of the first order stays.
const DISABLE: &str = "UPDATE accounts SET disabled_at = COALESCE(disabled_at, $1), session_version = session_version + 1 WHERE username = $2";
const ENABLE: &str =
    "UPDATE accounts SET disabled_at = NULL, session_version = session_version + 1 WHERE username = $1";
const SET_PASSWORD: &str =
    "UPDATE accounts SET password_hash = $1, session_version = session_version + 1 WHERE username = $2";
const SET_ROLES: &str = "UPDATE accounts SET roles = $1 WHERE username = $2";
const END_SESSIONS: &str = "UPDATE refresh_families SET revoked_at = $1 WHERE revoked_at IS NULL \
     AND account_id = (SELECT id FROM accounts WHERE username = $2)";

impl Users {
    /// Lets an account neither log in nor refresh any more; `false` when nobody has this name.
    pub async fn disable(&self, username: &str, now: SystemTime) -> Result<bool, Error> {
        let now = seconds(now);
        transaction!(&self.0, transaction => {
            let found = sqlx::query(DISABLE).bind(now).bind(username).execute(&mut *transaction).await?.rows_affected();
            sqlx::query(END_SESSIONS).bind(now).bind(username).execute(&mut *transaction).await?;
            found == 1
        })
    }

    /// Lets it log in again; `false` when nobody has this name. A login that was on its way while the account was
    /// disabled may have left a session, which must not come back to life.
    pub async fn enable(&self, username: &str, now: SystemTime) -> Result<bool, Error> {
        let now = seconds(now);
        transaction!(&self.0, transaction => {
            let found = sqlx::query(ENABLE).bind(username).execute(&mut *transaction).await?.rows_affected();
            sqlx::query(END_SESSIONS).bind(now).bind(username).execute(&mut *transaction).await?;
            found == 1
        })
    }

    /// Replaces the password's hash and ends every session; `false` when nobody has this name.
    pub async fn set_password(&self, username: &str, hash: &str, now: SystemTime) -> Result<bool, Error> {
        let now = seconds(now);
        transaction!(&self.0, transaction => {
            let found = sqlx::query(SET_PASSWORD).bind(hash).bind(username).execute(&mut *transaction).await?.rows_affected();
            sqlx::query(END_SESSIONS).bind(now).bind(username).execute(&mut *transaction).await?;
            found == 1
        })
    }

    /// Replaces the roles, which are separated by spaces; `false` when nobody has this name.
    pub async fn set_roles(&self, username: &str, roles: &str) -> Result<bool, Error> {
        let found = on!(&self.0, connections => {
            sqlx::query(SET_ROLES).bind(roles).bind(username).execute(connections).await.map(|done| done.rows_affected())
        })?;
        Ok(found == 1)
    }
}
