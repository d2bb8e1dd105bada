//! Passwords: argon2id, one at a time in one reused buffer, off the async threads.
//!
//! A buffer for each login would let a handful of clients fill the memory of a small pod; and an allocator that keeps
//! such buffers around would do it without any load. So there is one, and logins wait for it.
use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Passes times KiB. OWASP's equivalent choices for argon2id (46 MiB and 1 pass … 7 MiB and 5) all are this, rounded up to
/// whole passes.
const WORK: u32 = 7 * 1024 * 5;
const LANES: u32 = 1;
/// A stored hash may ask for this much: it may come from a time with another setting.
const MAX_MEMORY_KIB: u32 = 64 * 1024;

/// Passwords longer than this are refused before hashing: the work a stranger can cause is bounded.
pub const MAX_BYTES: usize = 1024;

/// Salt and hash that stand in for those of an unknown user, so that he costs the same time. No password is known to fit.
const DUMMY: &str = "Zmxvb3RpbGxhLWR1bW15LQ$7Vx2LqGd0b4m3cJ1kQ9oZs8eTnYwRuHi5pAfXvBgKlM";

/// Why a password could not be hashed or compared. Nothing of the password is in it.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The stored hash is no PHC string of argon2id, or asks for more memory than there is.
    #[error("the stored password hash cannot be used")]
    Stored,
    /// Longer than [`MAX_BYTES`].
    #[error("the password is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The hashing thread failed.
    #[error("hashing failed")]
    Failed,
}

/// Memory of one hashing, in KiB. The passes follow from it: whoever gives less memory pays in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(u32);

impl Memory {
    /// From 1 MiB to 64 MiB.
    pub const ALLOWED: std::ops::RangeInclusive<u32> = 1024..=MAX_MEMORY_KIB;

    /// So many KiB, if that is allowed.
    pub fn kib(kib: u32) -> Option<Self> {
        Self::ALLOWED.contains(&kib).then_some(Self(kib))
    }

    fn params(self) -> Result<Params, HashError> {
        Params::new(self.0, WORK.div_ceil(self.0), LANES, None).map_err(|_| HashError::Failed)
    }
}

/// Hashes passwords. Cheap to clone; clones share the buffer.
#[derive(Debug, Clone)]
pub struct Passwords {
    memory: Memory,
    turn: Arc<Semaphore>,
    buffer: Arc<Mutex<Vec<Block>>>,
}

impl Passwords {
    /// Hashes in this much memory.
    pub fn new(memory: Memory) -> Self {
        Self { memory, turn: Arc::new(Semaphore::new(1)), buffer: Arc::default() }
    }

    /// A PHC string with a fresh salt.
    pub async fn hash(&self, password: SecretString) -> Result<String, HashError> {
        if password.expose_secret().len() > MAX_BYTES {
            return Err(HashError::TooLong);
        }
        let memory = self.memory;
        self.in_turn(move |buffer| {
            let params = memory.params()?;
            let salt = Salt::generate();
            let output = compute(&params, &password, &salt, Params::DEFAULT_OUTPUT_LEN, buffer)?;
            let params = ParamsString::try_from(&params).map_err(|_| HashError::Failed)?;
            let algorithm = Ident::from(Algorithm::Argon2id);
            let hash = PasswordHash {
                algorithm,
                version: Some(Version::V0x13.into()),
                params,
                salt: Some(salt),
                hash: Some(output),
            };
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password fits the stored hash; without one the same work is done, and the answer is no.
    pub async fn fits(&self, password: SecretString, stored: Option<String>) -> Result<bool, HashError> {
        if password.expose_secret().len() > MAX_BYTES {
            return Ok(false);
        }
        let memory = self.memory;
        self.in_turn(move |buffer| {
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => dummy(memory)?,
            };
            let stored = PasswordHash::new(&stored).map_err(|_| HashError::Stored)?;
            let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else { return Err(HashError::Stored) };
            let params = Params::try_from(&stored).map_err(|_| HashError::Stored)?;
            if stored.algorithm != Ident::from(Algorithm::Argon2id) || params.m_cost() > MAX_MEMORY_KIB {
                return Err(HashError::Stored);
            }
            // Output compares in constant time.
            Ok(compute(&params, &password, &salt, expected.len(), buffer)? == expected && known)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| HashError::Failed)?;
        let buffer = Arc::clone(&self.buffer);
        tokio::task::spawn_blocking(move || {
            // The turn lasts as long as the work, even if whoever asked has gone.
            let _turn = turn;
            work(&mut buffer.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .map_err(|_| HashError::Failed)?
    }
}

/// A hash that costs as much as one that is made now.
fn dummy(memory: Memory) -> Result<String, HashError> {
    let params = memory.params()?;
    Ok(format!("$argon2id$v=19$m={},t={},p={LANES}${DUMMY}", params.m_cost(), params.t_cost()))
}

fn compute(
    params: &Params,
    password: &SecretString,
    salt: &Salt,
    length: usize,
    buffer: &mut Vec<Block>,
) -> Result<Output, HashError> {
    buffer.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = Zeroizing::new(vec![0; length]);
    argon2
        .hash_password_into_with_memory(
            password.expose_secret().as_bytes(),
            salt.as_ref(),
            &mut output,
            &mut buffer[..],
        )
        .map_err(|_| HashError::Failed)?;
    Output::new(&output).map_err(|_| HashError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(Memory::kib(3072).expect("allowed"))
    }

    #[test]
    fn owasps_equivalent_choices_are_what_the_passes_follow() {
        for (mib, passes) in [(46, 1), (19, 2), (12, 3), (9, 4), (7, 5), (4, 9), (3, 12)] {
            let params = Memory::kib(mib * 1024).expect("allowed").params().expect("parameters");
            assert_eq!(params.t_cost(), passes, "{mib} MiB");
        }
        assert_eq!((Memory::kib(1023), Memory::kib(65 * 1024)), (None, None));
    }

    #[tokio::test]
    async fn a_hash_of_another_time_still_fits() {
        let then = Passwords::new(Memory::kib(7168).expect("allowed"));
        let hash = then.hash("correct horse".into()).await.expect("hashed");
        assert!(passwords().fits("correct horse".into(), Some(hash)).await.expect("compared"));
    }

    #[tokio::test]
    async fn only_the_password_itself_fits_its_hash() {
        let passwords = passwords();
        let hash = passwords.hash("correct horse".into()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=3072,t=12,p=1$"), "{hash}");
        assert!(passwords.fits("correct horse".into(), Some(hash.clone())).await.expect("compared"));
        for wrong in ["correct horse ", "Correct horse", "correct horse\0", ""] {
            assert!(!passwords.fits(wrong.into(), Some(hash.clone())).await.expect("compared"), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn an_unknown_users_password_is_compared_and_never_fits() {
        assert!(!passwords().fits("password".into(), None).await.expect("compared"));
    }

    #[tokio::test]
    async fn a_long_password_is_allowed_and_an_endless_one_is_not() {
        let passwords = passwords();
        let long = "x".repeat(MAX_BYTES);
        let hash = passwords.hash(long.clone().into()).await.expect("hashed");
        assert!(passwords.fits(long.clone().into(), Some(hash.clone())).await.expect("compared"));
        assert!(!passwords.fits((long + "x").into(), Some(hash)).await.expect("refused, not failed"));
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_is_an_error_and_no_login() {
        for stored in [
            "",
            "password",
            "$argon2id$v=19$m=7168,t=5,p=1",
            "$argon2id$v=19$m=99999,t=5,p=1$Zmxvb3RpbGxh$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(passwords().fits("password".into(), Some(stored.to_owned())).await.is_err(), "{stored}");
        }
    }
}
