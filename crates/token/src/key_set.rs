//! Sets of verifying keys: unique names, at least one key, read from and written as JWK set documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::accepted::Algorithms;
use crate::compact::MAX_KID_BYTES;
use crate::jwk::{self, Jwk, Jwks};
use crate::key_error::KeyError;
use crate::unique_members;
use crate::verifying_key::VerifyingKey;

/// The keys that may have signed a token. Never empty; no two share a `kid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: BTreeMap<String, Arc<VerifyingKey>>,
}

/// A key of a JWK set that we do not use, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its name, if it has one of an acceptable length.
    pub kid: Option<String>,
    /// What kept us from using it.
    pub reason: KeyError,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// A set of these keys.
    ///
    /// # Errors
    /// [`KeyError::NoUsableKey`] for none, [`KeyError::DuplicateKid`] for two of one name.
    pub fn new(keys: Vec<VerifyingKey>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::NoUsableKey);
        }
        let mut by_kid = BTreeMap::new();
        for key in keys {
            if by_kid.insert(key.kid().to_owned(), Arc::new(key)).is_some() {
                return Err(KeyError::DuplicateKid);
            }
        }
        Ok(Self { keys: by_kid })
    }

    /// Reads a JWK set document (RFC 7517 §5). Entries that we cannot use, or that are for no accepted algorithm, are skipped
    /// and returned with the reason.
    ///
    /// # Errors
    /// [`KeyError::Document`], [`KeyError::NoUsableKey`], [`KeyError::DuplicateKid`]: the document is of no use at all.
    /// [`KeyError::NotAccepted`] instead of `NoUsableKey` if another setting would have made it one.
    pub fn parse(document: &[u8], accepted: &Algorithms) -> Result<(Self, Vec<SkippedKey>), KeyError> {
        let document: Document = unique_members::from_slice(document).map_err(|_| KeyError::Document)?;
        let mut usable: Vec<VerifyingKey> = Vec::new();
        let mut skipped = Vec::new();
        for value in &document.keys {
            match jwk::verifying_key(value, accepted) {
                // The same key twice is one key.
                Ok(key) if usable.contains(&key) => {}
                Ok(key) => usable.push(key),
                Err(reason) => skipped.push(SkippedKey { kid: printable_kid(value), reason }),
            }
        }
        match skipped.iter().find(|key| matches!(key.reason, KeyError::NotAccepted(_))) {
            Some(key) if usable.is_empty() => Err(key.reason),
            _ => Ok((Self::new(usable)?, skipped)),
        }
    }

    /// The same set with the keys of these names that `before` has and it has not.
    #[must_use]
    pub(crate) fn keeping<'a>(mut self, names: impl IntoIterator<Item = &'a str>, before: &Self) -> Self {
        for key in names.into_iter().filter_map(|name| before.get(name)) {
            self.keys.entry(key.kid().to_owned()).or_insert_with(|| Arc::clone(key));
        }
        self
    }

    /// The key of that name.
    pub fn get(&self, kid: &str) -> Option<&Arc<VerifyingKey>> {
        self.keys.get(kid)
    }

    /// The key a token means: the one it names, or, if it names none, the only one there is.
    pub fn find(&self, kid: Option<&str>) -> Option<&Arc<VerifyingKey>> {
        match kid {
            Some(kid) => self.get(kid),
            None if self.keys.len() == 1 => self.keys.values().next(),
            None => None,
        }
    }

    /// The keys, in the order of their `kid`.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<VerifyingKey>> {
        self.keys.values()
    }

    /// How many keys there are: at least one.
    #[expect(clippy::len_without_is_empty, reason = "a key set is never empty: its constructors refuse it")]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The document to publish: public members only, and no shared secret.
    pub fn to_jwks(&self) -> Jwks {
        Jwks { keys: self.iter().filter_map(|key| Jwk::of(key)).collect() }
    }
}

fn printable_kid(jwk: &Value) -> Option<String> {
    jwk.get("kid")?.as_str().filter(|kid| kid.len() <= MAX_KID_BYTES).map(str::to_owned)
}
