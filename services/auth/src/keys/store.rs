//! The signing keys in the database: rows whose private part is sealed.
use std::time::SystemTime;

use secrecy::ExposeSecret as _;
use token::{Algorithm, SigningAlgorithm, SigningKey};

use super::{Error, Schedule, life::Times};
use crate::{
    audit::{self, utc},
    database::{self, Database, on, transaction},
    seal::{Keyring, SealedWith},
    users::seconds,
};

/// A key as it lies in the database.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    /// Its name.
    pub kid: String,
    /// The private key, sealed.
    pub sealed: String,
    /// Newer keys have greater ones.
    pub generation: i64,
    /// Seconds since the epoch.
    pub created_at: i64,
    /// Seconds since the epoch.
    pub signs_at: i64,
    /// Seconds since the epoch.
    pub retires_at: Option<i64>,
}

impl Row {
    /// When it does what.
    pub const fn times(&self) -> Times {
        Times {
            generation: self.generation,
            created_at: self.created_at,
            signs_at: self.signs_at,
            retires_at: self.retires_at,
        }
    }
}

pub(super) const ALL: &str =
    "SELECT kid, sealed, generation, created_at, signs_at, retires_at FROM signing_keys ORDER BY generation";
/// Of replicas that make the first key at once, one does: the generation is unique.
const MAKE_FIRST: &str = "INSERT INTO signing_keys (kid, sealed, generation, created_at, signs_at) \
     VALUES ($1, $2, 1, $3, $3) ON CONFLICT (generation) DO NOTHING";

/// The keys in the database, and what opens them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) database: Database,
    pub(super) keyring: Keyring,
    algorithm: SigningAlgorithm,
}

impl Store {
    /// The keys in this database, sealed with this.
    pub fn new(database: Database, keyring: Keyring) -> Self {
        Self { database, keyring, algorithm: SigningAlgorithm::default() }
    }

    /// The same keys; new ones are for this algorithm.
    #[must_use]
    pub fn with_algorithm(self, algorithm: SigningAlgorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// What new keys are for.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.into()
    }

    /// All rows, oldest first.
    pub async fn rows(&self) -> Result<Vec<Row>, database::Error> {
        on!(&self.database, connections => sqlx::query_as(ALL).fetch_all(connections).await)
    }

    /// The private key of a row, and which key-encryption key opened it.
    pub fn open(&self, row: &Row) -> Result<(SigningKey, SealedWith), Error> {
        let (opened, with) =
            self.keyring.open(&row.kid, &row.sealed).map_err(|cause| self.seal_error(&row.kid, cause))?;
        Ok((SigningKey::from_pkcs8_der(&opened)?, with))
    }

    /// A new key and its sealed form.
    pub(super) fn make(&self) -> Result<(SigningKey, String), Error> {
        let key = SigningKey::generate_for(self.algorithm)?;
        let sealed = self
            .keyring
            .seal(key.kid(), key.to_pkcs8_der()?.expose_secret())
            .map_err(|cause| self.seal_error(key.kid(), cause))?;
        Ok((key, sealed))
    }

    /// The rows; a key is made where none is published. Of replicas that start at once, one makes it.
    pub async fn rows_or_first(&self, schedule: &Schedule, now: SystemTime) -> Result<Vec<Row>, Error> {
        let rows = self.rows().await?;
        if rows.iter().any(|row| row.times().is_published(seconds(now))) {
            return Ok(rows);
        }
        if rows.is_empty() {
            self.make_first(seconds(now)).await?;
        } else {
            // All have retired. Whoever else makes one now does so before or after us, and then there are two.
            self.rotate(schedule, true, now).await?;
        }
        Ok(self.rows().await?)
    }

    async fn make_first(&self, now: i64) -> Result<(), Error> {
        let (key, sealed) = self.make()?;
        let made = on!(&self.database, connections => {
            sqlx::query(MAKE_FIRST).bind(key.kid()).bind(&sealed).bind(now).execute(connections).await
                .map(|done| done.rows_affected() == 1)
        })?;
        if made {
            audit_made(&key, now);
        }
        Ok(())
    }

    /// Seals every key again with the current key-encryption key: how many were sealed with the previous one.
    pub async fn reseal(&self) -> Result<u64, Error> {
        let mut resealed = Vec::new();
        for row in self.rows().await? {
            let (opened, with) =
                self.keyring.open(&row.kid, &row.sealed).map_err(|cause| self.seal_error(&row.kid, cause))?;
            if with == SealedWith::Previous {
                let sealed = self.keyring.seal(&row.kid, &opened).map_err(|cause| self.seal_error(&row.kid, cause))?;
                resealed.push((row.kid, row.sealed, sealed));
            }
        }
        // All or none: an interrupted reseal leaves nothing that needs both keys.
        let count = transaction!(&self.database, transaction => {
            let mut count = 0;
            for (kid, before, after) in &resealed {
                count += sqlx::query("UPDATE signing_keys SET sealed = $1 WHERE kid = $2 AND sealed = $3")
                    .bind(after).bind(kid).bind(before)
                    .execute(&mut *transaction).await?.rows_affected();
            }
            count
        })?;
        Ok(count)
    }

    fn seal_error(&self, kid: &str, cause: crate::seal::SealError) -> Error {
        Error::Seal { kid: kid.to_owned(), origin: self.keyring.origin().to_owned(), cause }
    }
}

/// Records a new key, and from when it signs.
pub(super) fn audit_made(key: &SigningKey, signs_at: i64) {
    let (kid, algorithm) = (key.kid(), key.algorithm().as_str());
    tracing::info!(target: audit::TARGET, event = "key.made", kid, algorithm, signs_at = utc(signs_at), "signing key made");
}
