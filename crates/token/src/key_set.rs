//! Sets of verifying keys: at least one key, each found by its name and algorithm, read from and written as JWK set documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::accepted::Algorithms;
use crate::algorithm::Algorithm;
use crate::compact::MAX_KID_BYTES;
use crate::jwk::{self, Jwk, Jwks};
use crate::key_error::KeyError;
use crate::unique_members;
use crate::verifying_key::VerifyingKey;

/// The keys that may have signed a token. Never empty; no two share both `kid` and algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    // RFC 7517 section 4.5: keys of different types may share a `kid`.
    keys: BTreeMap<String, BTreeMap<Algorithm, Arc<VerifyingKey>>>,
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
    /// [`KeyError::NoUsableKey`] for none, [`KeyError::DuplicateKid`] for two of one name and algorithm.
    pub fn new(keys: Vec<VerifyingKey>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            return Err(KeyError::NoUsableKey);
        }
        let mut by_kid: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
        for key in keys {
            let same_kid = by_kid.entry(key.kid().to_owned()).or_default();
            if same_kid.insert(key.algorithm(), Arc::new(key)).is_some() {
                return Err(KeyError::DuplicateKid);
            }
        }
        Ok(Self { keys: by_kid })
    }

    /// Reads a JWK set document (RFC 7517 §5). Entries that we cannot use, or that are for no accepted algorithm, are skipped
    /// and returned with the reason.
    ///
    /// # Errors
    /// [`KeyError::Document`], [`KeyError::NoUsableKey`]: the document is of no use at all. [`KeyError::NotAccepted`] instead of
    /// `NoUsableKey` if another setting would have made it one.
    pub fn parse(document: &[u8], accepted: &Algorithms) -> Result<(Self, Vec<SkippedKey>), KeyError> {
        let (usable, skipped) = read(document, accepted)?;
        Self::of_usable(usable, &skipped).map(|keys| (keys, skipped))
    }

    /// The set of a document's usable keys.
    pub(crate) fn of_usable(usable: Vec<VerifyingKey>, skipped: &[SkippedKey]) -> Result<Self, KeyError> {
        match skipped.iter().find(|key| matches!(key.reason, KeyError::NotAccepted(_))) {
            Some(key) if usable.is_empty() => Err(key.reason),
            _ => Self::new(usable),
        }
    }

    /// The same set with the keys of these names that `before` has and it has not.
    #[must_use]
    pub(crate) fn keeping<'a>(mut self, names: impl IntoIterator<Item = &'a str>, before: &Self) -> Self {
        for (kid, kept) in names.into_iter().filter_map(|name| before.keys.get_key_value(name)) {
            let same_kid = self.keys.entry(kid.clone()).or_default();
            for (algorithm, key) in kept {
                same_kid.entry(*algorithm).or_insert_with(|| Arc::clone(key));
            }
        }
        self
    }

    /// The key a token means: the one it names, or, if it names none, the only one there is.
    ///
    /// Of keys that share a name it is the one for `algorithm`. If none of them is, it is one for another algorithm, so that the
    /// verifier can tell a wrong algorithm from an unknown key.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Arc<VerifyingKey>> {
        let same_kid = match kid {
            Some(kid) => self.keys.get(kid)?,
            None if self.keys.len() == 1 => self.keys.values().next()?,
            None => return None,
        };
        same_kid.get(&algorithm).or_else(|| same_kid.values().next())
    }

    /// The keys, in the order of their `kid`.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<VerifyingKey>> {
        self.keys.values().flat_map(BTreeMap::values)
    }

    /// How many keys there are: at least one.
    #[expect(clippy::len_without_is_empty, reason = "a key set is never empty: its constructors refuse it")]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The document to publish: public members only, and no shared secret.
    pub fn to_jwks(&self) -> Jwks {
        Jwks { keys: self.iter().filter_map(|key| Jwk::of(key)).collect() }
    }
}

/// The usable keys of a JWK set document, and the others with the reason.
pub(crate) fn read(document: &[u8], accepted: &Algorithms) -> Result<(Vec<VerifyingKey>, Vec<SkippedKey>), KeyError> {
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
    let mut names: BTreeMap<(String, Algorithm), usize> = BTreeMap::new();
    for key in &usable {
        *names.entry(name(key)).or_default() += 1;
    }
    let is_ambiguous = |key: &VerifyingKey| names.get(&name(key)).is_some_and(|count| *count > 1);
    let (ambiguous, usable) = usable.into_iter().partition::<Vec<_>, _>(is_ambiguous);
    skipped.extend(
        ambiguous.iter().map(|key| SkippedKey { kid: Some(key.kid().to_owned()), reason: KeyError::DuplicateKid }),
    );
    Ok((usable, skipped))
}

fn name(key: &VerifyingKey) -> (String, Algorithm) {
    (key.kid().to_owned(), key.algorithm())
}

fn printable_kid(jwk: &Value) -> Option<String> {
    jwk.get("kid")?.as_str().filter(|kid| kid.len() <= MAX_KID_BYTES).map(str::to_owned)
}
