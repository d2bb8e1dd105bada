//! Where a verifier gets its keys from: the trait that stands between, and the source that holds them itself.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::algorithm::Algorithm;
use crate::key_set::KeySet;
use crate::refusal::Refusal;
use crate::verifying_key::VerifyingKey;

/// A boxed future, which makes [`KeySource`] usable as `dyn KeySource`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The key a token means, or why there is none.
pub type KeyFuture<'a> = BoxFuture<'a, Result<Arc<VerifyingKey>, Refusal>>;

/// A source of verifying keys.
pub trait KeySource: Send + Sync {
    /// A number that changes with every change of the keys. What was verified under another number is forgotten.
    ///
    /// It changes after the keys have: who reads the new number gets the new keys.
    fn generation(&self) -> u64;

    /// The key a token means, if it is known without waiting: see [`KeySet::find`].
    fn known(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>>;

    /// The key a token means. May wait for one fetch, never for more than the source's own deadline.
    ///
    /// # Errors
    /// [`Refusal::UnknownKey`], or [`Refusal::KeysUnavailable`] while the source never had any keys.
    fn key<'a>(&'a self, kid: Option<&'a str>, algorithm: Algorithm) -> KeyFuture<'a> {
        Box::pin(async move { self.known(kid, algorithm).ok_or(Refusal::UnknownKey) })
    }
}

/// Keys held in the process: the monolith's own, or classic mode's shared secret.
#[derive(Debug)]
pub struct StaticKeys(PublishedKeys);

impl StaticKeys {
    /// A source of these keys.
    pub fn new(keys: KeySet) -> Self {
        let published = PublishedKeys::default();
        published.publish(keys);
        Self(published)
    }

    /// From now on, these keys and no others.
    pub fn replace(&self, keys: KeySet) {
        self.0.publish(keys);
    }
}

impl KeySource for StaticKeys {
    fn generation(&self) -> u64 {
        self.0.generation()
    }

    fn known(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>> {
        self.0.find(kid, algorithm)
    }
}

/// The current key set and its generation. Readers never wait for more than a pointer swap.
#[derive(Debug, Default)]
pub(crate) struct PublishedKeys {
    current: RwLock<Option<Arc<KeySet>>>,
    generation: AtomicU64,
}

impl PublishedKeys {
    /// Makes `keys` the current set. The generation moves only if they differ; says whether they did.
    pub(crate) fn publish(&self, keys: KeySet) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_deref() == Some(&keys) {
            return false;
        }
        *current = Some(Arc::new(keys));
        // After the set and still under the lock: see `KeySource::generation`.
        self.generation.fetch_add(1, Ordering::Release);
        true
    }

    pub(crate) fn current(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref()?.find(kid, algorithm).cloned()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}
