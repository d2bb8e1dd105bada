//! The signing key in the database, sealed: made at the first start, the same ever after.
use std::time::SystemTime;

use secrecy::ExposeSecret as _;
use sqlx::{SqliteExecutor, SqlitePool};
use token::{KeyError, SigningKey};

use crate::{
    seal::{SealError, SealingKey},
    users::seconds,
};

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error("cannot read the signing key: {0}")]
    Database(#[from] sqlx::Error),
    /// The key could not be sealed or opened.
    #[error("the signing key in the database cannot be opened with {origin}: {cause}")]
    Seal {
        /// Where the key-encryption key came from.
        origin: String,
        /// What went wrong.
        cause: SealError,
    },
    /// What was opened is no key.
    #[error("the signing key in the database is no key: {0}")]
    Key(#[from] KeyError),
}

/// Loads the newest signing key, or makes the first one. Two processes that start at once end up with the same key.
pub async fn load(
    pool: &SqlitePool,
    sealing_key: &SealingKey,
    origin: &str,
    now: SystemTime,
) -> Result<SigningKey, LoadError> {
    // Nearly every start only reads: it waits for no writer.
    if let Some(key) = newest(pool, sealing_key, origin).await? {
        return Ok(key);
    }
    // Takes the write lock first: between the look and the insert nobody else gets in.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    if let Some(key) = newest(&mut *transaction, sealing_key, origin).await? {
        return Ok(key);
    }
    let key = SigningKey::generate()?;
    let sealed = sealing_key.seal(key.kid(), key.to_pkcs8_der()?.expose_secret()).map_err(sealed_with(origin))?;
    sqlx::query("INSERT INTO signing_keys (kid, sealed, created_at) VALUES ($1, $2, $3)")
        .bind(key.kid())
        .bind(sealed)
        .bind(seconds(now))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    tracing::info!(kid = key.kid(), "signing key made");
    Ok(key)
}

async fn newest<'e>(
    database: impl SqliteExecutor<'e>,
    sealing_key: &SealingKey,
    origin: &str,
) -> Result<Option<SigningKey>, LoadError> {
    let stored: Option<(String, String)> =
        sqlx::query_as("SELECT kid, sealed FROM signing_keys ORDER BY created_at DESC, kid LIMIT 1")
            .fetch_optional(database)
            .await?;
    let Some((kid, sealed)) = stored else { return Ok(None) };
    let opened = sealing_key.open(&kid, &sealed).map_err(sealed_with(origin))?;
    Ok(Some(SigningKey::from_pkcs8_der(&opened)?))
}

fn sealed_with(origin: &str) -> impl Fn(SealError) -> LoadError {
    move |cause| LoadError::Seal { origin: origin.to_owned(), cause }
}
