//! Passwords: argon2id in reused buffers, few at a time, off the async threads.
//!
//! A buffer for each login would let a handful of clients fill the memory of a small pod; and an allocator that keeps
//! such buffers around would do it without any load. So there are as many as hashings may run at once, and logins wait.
mod hash;
pub mod rules;

use std::sync::{Arc, Mutex, PoisonError};

use argon2::Block;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::hash::{Memory, Verdict, compare_now, hash_now, judge_stored};
use self::hash::{compare_with_argon2, compare_with_bcrypt, dummy, is_bcrypt};
use crate::turns::{Full, Requester, Turns};

/// Passwords longer than this are refused before hashing: the work a stranger can cause is bounded.
pub const MAX_BYTES: usize = 1024;

/// The most hashings that may run at the same time: each occupies a thread.
pub const MAX_CONCURRENCY: usize = 64;

/// Why a password could not be hashed or compared. Nothing of the password is in it.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The stored hash is none of argon2 or bcrypt, or asks for more than we give.
    #[error("the stored password hash cannot be used")]
    Stored,
    /// Longer than [`MAX_BYTES`].
    #[error("the password is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Too many are waiting for their turn, this client's among them.
    #[error("too many logins are waiting to be hashed")]
    Busy,
    /// Its turn came, and it was not wanted any more.
    #[error("the attempt was withdrawn while it waited")]
    Unwanted,
    /// The hashing thread failed.
    #[error("hashing failed")]
    Failed,
}

/// How much hashing at once.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Memory of one.
    pub memory: Memory,
    /// How many run at the same time.
    pub concurrency: usize,
    /// How many may wait for their turn.
    pub queue: usize,
}

/// Hashes passwords. Cheap to clone; clones share the buffers and the queue.
#[derive(Debug, Clone)]
pub struct Passwords {
    memory: Memory,
    concurrency: usize,
    turns: Turns,
    buffers: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Passwords {
    /// Hashes under these limits.
    pub fn new(load: Load) -> Self {
        Self {
            memory: load.memory,
            concurrency: load.concurrency,
            turns: Turns::new(load.concurrency, load.queue),
            buffers: Arc::default(),
        }
    }

    /// Bytes of the buffers that are made only when so many hashings run at the same time.
    pub fn unallocated_bytes(&self) -> u64 {
        let made = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).len();
        let buffer = self.memory.blocks().saturating_mul(size_of::<Block>());
        (self.concurrency.saturating_sub(made)).saturating_mul(buffer) as u64
    }

    /// A PHC string with a fresh salt.
    pub async fn hash(&self, password: SecretString, requester: &Requester) -> Result<String, HashError> {
        if password.expose_secret().len() > MAX_BYTES {
            return Err(HashError::TooLong);
        }
        let memory = self.memory;
        self.in_turn(requester, || true, move |buffer| hash_now(memory, &password, buffer)).await
    }

    /// Whether the password fits the stored hash; without one the same work is done, and the answer is no.
    /// `still_wanted` is asked when its turn has come: what happened to the account meanwhile may forbid the attempt.
    pub async fn compare(
        &self,
        password: SecretString,
        stored: Option<String>,
        requester: &Requester,
        still_wanted: impl FnOnce() -> bool,
    ) -> Result<Verdict, HashError> {
        if password.expose_secret().len() > MAX_BYTES {
            return Ok(Verdict::Wrong);
        }
        let memory = self.memory;
        self.in_turn(requester, still_wanted, move |buffer| {
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => dummy(memory)?,
            };
            let verdict = if is_bcrypt(&stored) {
                compare_with_bcrypt(&password, &stored)
            } else {
                compare_with_argon2(memory, &password, &stored, buffer)
            }?;
            Ok(if known { verdict } else { Verdict::Wrong })
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        requester: &Requester,
        still_wanted: impl FnOnce() -> bool,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self.turns.acquire(requester).await.map_err(|Full| HashError::Busy)?;
        if !still_wanted() {
            return Err(HashError::Unwanted);
        }
        let (buffers, own) = (Arc::clone(&self.buffers), self.memory.blocks());
        tokio::task::spawn_blocking(move || {
            // The turn lasts as long as the work, even if whoever asked has gone.
            let _turn = turn;
            let mut buffer = buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let outcome = work(&mut buffer);
            // An imported hash may have asked for more memory than ours.
            buffer.truncate(own);
            buffer.shrink_to(own);
            buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
            outcome
        })
        .await
        .map_err(|_| HashError::Failed)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords_in(kib: u32) -> Passwords {
        Passwords::new(Load { memory: Memory::kib(kib).expect("allowed"), concurrency: 1, queue: 8 })
    }

    fn passwords() -> Passwords {
        passwords_in(3072)
    }

    impl Passwords {
        async fn fits(&self, password: SecretString, stored: Option<String>) -> Result<bool, HashError> {
            self.compare(password, stored, &Requester::default(), || true)
                .await
                .map(|verdict| verdict != Verdict::Wrong)
        }
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
        let then = passwords_in(7168);
        let hash = then.hash("correct horse".into(), &Requester::default()).await.expect("hashed");
        assert!(passwords().fits("correct horse".into(), Some(hash)).await.expect("compared"));
    }

    #[tokio::test]
    async fn only_the_password_itself_fits_its_hash() {
        let passwords = passwords();
        let hash = passwords.hash("correct horse".into(), &Requester::default()).await.expect("hashed");
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
        let hash = passwords.hash(long.clone().into(), &Requester::default()).await.expect("hashed");
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
