//! Keys that sign: made here, loaded from PKCS#8, or a shared secret in classic mode.

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use jsonwebtoken::EncodingKey;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, SigningAlgorithm};
use crate::key_error::KeyError;
use crate::verifying_key::VerifyingKey;

/// A private key, or a shared secret. Never printed; zeroed when dropped.
pub struct SigningKey {
    encoding: EncodingKey,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// A new Ed25519 key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| KeyError::Generation)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).map_err(|_| KeyError::Generation)?;
        Self::of_ed25519(&pair)
    }

    /// A new key for `algorithm`.
    pub fn generate_for(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        match algorithm {
            SigningAlgorithm::EdDsa => Self::generate(),
            SigningAlgorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError::Generation)?;
                Self::of_p256(&pair)
            }
        }
    }

    /// A key from PKCS#8: Ed25519 (RFC 8410 section 7; version 1 or 2) or ECDSA on P-256 (RFC 5915). The document says which.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            return Self::of_ed25519(&pair);
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| KeyError::PrivateKey)?;
        Self::of_p256(&pair)
    }

    /// A key from a PEM block `PRIVATE KEY`, as `openssl genpkey -algorithm ed25519` or
    /// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes it.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyError> {
        let parsed = EncodingKey::from_ed_pem(pem.as_bytes()).or_else(|_| EncodingKey::from_ec_pem(pem.as_bytes()));
        Self::from_pkcs8_der(parsed.map_err(|_| KeyError::NotPem)?.as_bytes())
    }

    fn of_p256(pair: &EcdsaKeyPair) -> Result<Self, KeyError> {
        // SEC 1 section 2.3.3: a mark, then both coordinates.
        let halves = pair.public_key().as_ref().split_at_checked(33).ok_or(KeyError::PrivateKey)?;
        let x = halves.0.get(1..).and_then(|x| x.try_into().ok()).ok_or(KeyError::PrivateKey)?;
        let y = halves.1.try_into().map_err(|_| KeyError::PrivateKey)?;
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::PrivateKey)?;
        Ok(Self { encoding: EncodingKey::from_ec_der(der.as_ref()), verifying: VerifyingKey::p256(x, y)? })
    }

    fn of_ed25519(pair: &Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::PrivateKey)?;
        let der = pair.to_pkcs8v1().map_err(|_| KeyError::PrivateKey)?;
        Ok(Self { encoding: EncodingKey::from_ed_der(der.as_ref()), verifying: VerifyingKey::ed25519(public)? })
    }

    /// A secret shared with the verifiers (HS256). Classic mode only; an empty one is refused.
    ///
    /// Ask [`weakness`](Self::weakness) and warn: a weak secret is allowed, for the tutorial's sake.
    #[expect(clippy::needless_pass_by_value, reason = "taking the secret drops, and so zeroes, the caller's copy")]
    pub fn shared_secret(secret: SecretString) -> Result<Self, KeyError> {
        Self::secret_bytes(secret.expose_secret().as_bytes())
    }

    pub(crate) fn secret_bytes(secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { verifying: VerifyingKey::secret_bytes(secret)?, encoding: EncodingKey::from_secret(secret) })
    }

    /// The private key in PKCS#8 version 1 form, to be sealed and kept.
    ///
    /// # Errors
    /// [`KeyError::NotExportable`] for a shared secret.
    pub fn to_pkcs8_der(&self) -> Result<SecretSlice<u8>, KeyError> {
        if self.algorithm() == Algorithm::Hs256 {
            return Err(KeyError::NotExportable);
        }
        Ok(self.encoding.as_bytes().to_vec().into())
    }

    /// The name tokens call this key by: the RFC 7638 thumbprint of its public half.
    pub fn kid(&self) -> &str {
        self.verifying.kid()
    }

    /// The one algorithm this key is for.
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// What is weak about a shared secret, to complete the sentence "the shared secret …"; `None` if nothing is.
    pub const fn weakness(&self) -> Option<&'static str> {
        self.verifying.weakness()
    }

    /// As [`VerifyingKey::warn_of_classic_mode`].
    pub fn warn_of_classic_mode(&self) {
        self.verifying.warn_of_classic_mode();
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.verifying.clone()
    }

    /// The signature over `signing_input`, as the third part of a token.
    pub(crate) fn sign(&self, signing_input: &str) -> Result<String, KeyError> {
        jsonwebtoken::crypto::sign(signing_input.as_bytes(), &self.encoding, self.algorithm().backend())
            .map_err(|_| KeyError::Signing)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
