//! Signing keys: in the database, sealed; each with a life of its own.
//!
//! | module | does |
//! |---|---|
//! | [`life`] | in what state a key is at a given time |
//! | [`store`] | the rows, sealed |
//! | [`rotation`] | a key's way from next to retired |
//! | [`ring`] | the keys of a running replica: which signs, which are published |
//! | [`watch`] | keeps the ring what the database says, and rotates by age |
pub mod life;
pub mod ring;
pub mod rotation;
pub mod store;
pub mod watch;

pub use self::{life::Schedule, ring::KeyRing, store::Store};

use token::KeyError;

use crate::{database, seal::SealError};

/// Why the keys cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// A key could not be sealed or opened.
    #[error("the signing key {kid} in the database cannot be opened with {origin}: {cause}")]
    Seal {
        /// Whose.
        kid: String,
        /// Where the key-encryption key came from.
        origin: String,
        /// What went wrong.
        cause: SealError,
    },
    /// What was opened is no key, or none could be made.
    #[error("the signing key is of no use: {0}")]
    Key(#[from] KeyError),
    /// Issuer, audience or life are not allowed.
    #[error(transparent)]
    Policy(#[from] token::PolicyError),
    /// An order that does not fit the keys there are; one line for whoever gave it.
    #[error("{0}")]
    Refused(String),
}
