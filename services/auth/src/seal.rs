//! Sealing: private keys at rest are encrypted and bound to their name (AES-256-GCM, NIST SP 800-38D).
use std::{fmt, str::FromStr, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
/// What a sealed thing is for goes into the associated data: a sealed key fits nowhere else.
const PURPOSE: &str = "flotilla signing key 1";

/// The key-encryption key: 32 bytes that are not in the database.
pub struct SealingKey(Zeroizing<[u8; KEY_BYTES]>);

/// What can go wrong when sealing or opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness, or the library failed.
    #[error("the cryptographic library failed")]
    Library,
    /// Another key sealed it, or it was changed.
    #[error("sealed with another key, or damaged")]
    Unopenable,
}

impl SealingKey {
    /// A new random key.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(|_| SealError::Library)?;
        Ok(Self(bytes))
    }

    /// As it is written in a file.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_ref()))
    }

    /// Seals `secret`, which goes by `name`: base64 of nonce, ciphertext and tag.
    pub fn seal(&self, name: &str, secret: &[u8]) -> Result<String, SealError> {
        // Random nonces are safe for 2^32 seals with one key; this one seals a key in a rotation.
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Library)?;
        let mut sealed = secret.to_vec();
        let key = self.key()?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(name), &mut sealed)
            .map_err(|_| SealError::Library)?;
        Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what [`SealingKey::seal`] made under the same name.
    pub fn open(&self, name: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let whole = STANDARD.decode(sealed).map_err(|_| SealError::Unopenable)?;
        let (nonce, sealed) = whole.split_at_checked(NONCE_LEN).ok_or(SealError::Unopenable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Unopenable)?;
        let mut opened = Zeroizing::new(sealed.to_vec());
        let length = self.key()?.open_in_place(nonce, aad(name), &mut opened).map_err(|_| SealError::Unopenable)?.len();
        opened.truncate(length);
        Ok(opened)
    }

    fn key(&self) -> Result<LessSafeKey, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_ref()).map_err(|_| SealError::Library)?;
        Ok(LessSafeKey::new(key))
    }
}

/// The key-encryption keys: the current one seals, and the previous one still opens, so that the two can be exchanged
/// without a pause. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Keyring {
    current: Arc<SealingKey>,
    previous: Option<Arc<SealingKey>>,
    origin: String,
}

/// Which key-encryption key opened something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SealedWith {
    /// The one that seals.
    Current,
    /// The one before it.
    Previous,
}

impl Keyring {
    /// `origin` says where the current key came from, for messages.
    pub fn new(current: SealingKey, previous: Option<SealingKey>, origin: String) -> Self {
        Self { current: Arc::new(current), previous: previous.map(Arc::new), origin }
    }

    /// Where the current key came from.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Seals with the current key.
    pub fn seal(&self, name: &str, secret: &[u8]) -> Result<String, SealError> {
        self.current.seal(name, secret)
    }

    /// Opens with whichever key fits.
    pub fn open(&self, name: &str, sealed: &str) -> Result<(Zeroizing<Vec<u8>>, SealedWith), SealError> {
        match (self.current.open(name, sealed), &self.previous) {
            (Ok(opened), _) => Ok((opened, SealedWith::Current)),
            (Err(_), Some(previous)) => Ok((previous.open(name, sealed)?, SealedWith::Previous)),
            (Err(error), None) => Err(error),
        }
    }
}

fn aad(name: &str) -> Aad<Vec<u8>> {
    Aad::from([PURPOSE.as_bytes(), &[0], name.as_bytes()].concat())
}

impl FromStr for SealingKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).map_err(|_| "not base64 of 32 bytes")?;
        let bytes = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| "not 32 bytes long")?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

impl<'de> Deserialize<'de> for SealingKey {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Zeroizing::new(String::deserialize(deserializer)?).parse().map_err(de::Error::custom)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SealingKey {
        SealingKey::generate().expect("randomness")
    }

    #[test]
    fn what_was_sealed_opens_under_its_name() {
        let key = key();
        let sealed = key.seal("kid-1", b"private").expect("sealed");
        assert_eq!(*key.open("kid-1", &sealed).expect("opened"), b"private");
        assert_ne!(sealed, key.seal("kid-1", b"private").expect("sealed"), "the nonce is fresh");
    }

    #[test]
    fn under_another_name_or_key_or_changed_it_does_not_open() {
        let (ours, theirs) = (key(), key());
        let sealed = ours.seal("kid-1", b"private").expect("sealed");
        assert_eq!(ours.open("kid-2", &sealed).expect_err("refused"), SealError::Unopenable);
        assert_eq!(theirs.open("kid-1", &sealed).expect_err("refused"), SealError::Unopenable);
        let mut bytes = STANDARD.decode(&sealed).expect("base64");
        bytes[NONCE_LEN] ^= 1;
        assert!(ours.open("kid-1", &STANDARD.encode(bytes)).is_err());
        assert!(ours.open("kid-1", "").is_err());
    }

    #[test]
    fn while_keys_are_exchanged_both_open_and_the_new_one_seals() {
        let old = STANDARD.encode([1; 32]);
        let before = Keyring::new(old.parse().expect("a key"), None, "old".to_owned());
        let sealed = before.seal("kid-1", b"private").expect("sealed");
        let both = Keyring::new(key(), Some(old.parse().expect("a key")), "new".to_owned());
        assert_eq!(both.open("kid-1", &sealed).expect("opened").1, SealedWith::Previous);
        let resealed = both.seal("kid-1", b"private").expect("sealed");
        assert_eq!(both.open("kid-1", &resealed).expect("opened").1, SealedWith::Current);
        assert!(before.open("kid-1", &resealed).is_err(), "the old key opens nothing new");
    }

    #[test]
    fn a_key_is_exactly_32_bytes_of_base64_and_never_shown() {
        assert!(STANDARD.encode([7; 31]).parse::<SealingKey>().is_err());
        assert!("not base64!".parse::<SealingKey>().is_err());
        let key: SealingKey = STANDARD.encode([7; 32]).parse().expect("a key");
        assert!(!format!("{key:?}").contains('7'));
    }
}
