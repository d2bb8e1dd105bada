//! Keys that verify signatures: checked when loaded, each carrying its algorithm in its type.
//!
//! A module a kind, each with the checks that its kind needs: `ed25519`, `p256`, `rsa`, `shared_secret`.

mod ed25519;
mod p256;
mod rsa;
mod shared_secret;

use std::fmt;

use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret as _, SecretString};

use self::ed25519::Ed25519;
use self::p256::P256;
use self::rsa::Rsa;
use self::shared_secret::SharedSecret;
use crate::algorithm::Algorithm;
use crate::compact::{CompactToken, MAX_KID_BYTES};
use crate::key_error::KeyError;

/// The `kid` of a shared secret: a fixed word, for any digest of the secret would let it be guessed offline.
///
/// Tokens signed with a shared secret carry no `kid`.
pub const SHARED_SECRET_KID: &str = "shared-secret";

/// A key that can tell whether a signature fits.
///
/// It cannot sign, unless it is a shared secret: there, who verifies can sign, which is what is wrong with classic mode.
#[derive(Clone)]
pub struct VerifyingKey {
    kid: String,
    material: Material,
}

/// The kind of a key says what it is for: there is no way to hold a key and another algorithm together.
#[derive(Clone)]
enum Material {
    Ed25519(Ed25519),
    P256(P256),
    Rsa(Rsa),
    SharedSecret(SharedSecret),
}

/// A public key as a JWK writes it (RFC 7518 section 6.2.1, RFC 8037 section 2).
pub(crate) struct CurvePoint {
    pub(crate) kty: &'static str,
    pub(crate) crv: &'static str,
    pub(crate) x: String,
    pub(crate) y: Option<String>,
}

impl VerifyingKey {
    /// An Ed25519 public key (RFC 8032 §5.1.5), named by its thumbprint.
    ///
    /// Refuses what is not a point of the curve, points of small order and non-canonical forms.
    pub fn ed25519(public: [u8; 32]) -> Result<Self, KeyError> {
        let key = Ed25519::checked(public)?;
        Ok(Self { kid: key.thumbprint(), material: Material::Ed25519(key) })
    }

    /// An ECDSA public key on P-256 (RFC 7518 §6.2.1) for ES256, named by its thumbprint.
    ///
    /// Refuses what is no point of the curve.
    pub fn p256(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let key = P256::checked(x, y)?;
        Ok(Self { kid: key.thumbprint(), material: Material::P256(key) })
    }

    /// An RSA public key (RFC 7518 §6.3.1) for RS256, named by its thumbprint: big-endian numbers without leading zeros.
    ///
    /// Refuses a modulus that is even or not of 2048 to 4096 bits, and an exponent that is even, below 65537 or of more
    /// than 33 bits.
    pub fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let key = Rsa::checked(n, e)?;
        Ok(Self { kid: key.thumbprint(), material: Material::Rsa(key) })
    }

    /// The same key under a name that its publisher chose.
    pub(crate) fn named(self, kid: &str) -> Result<Self, KeyError> {
        if kid.is_empty() || kid.len() > MAX_KID_BYTES {
            return Err(KeyError::KidLength);
        }
        Ok(Self { kid: kid.to_owned(), ..self })
    }

    /// A secret shared with the issuer (HS256). Classic mode only; an empty one is refused.
    pub fn shared_secret(secret: &SecretString) -> Result<Self, KeyError> {
        Self::secret_bytes(secret.expose_secret().as_bytes())
    }

    pub(crate) fn secret_bytes(secret: &[u8]) -> Result<Self, KeyError> {
        let material = Material::SharedSecret(SharedSecret::checked(secret)?);
        Ok(Self { kid: SHARED_SECRET_KID.to_owned(), material })
    }

    /// The name that tokens call this key by: at most [`MAX_KID_BYTES`] bytes.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm this key is for.
    pub const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::P256(_) => Algorithm::Es256,
            Material::Rsa(_) => Algorithm::Rs256,
            Material::SharedSecret(_) => Algorithm::Hs256,
        }
    }

    /// What is weak about a shared secret, to complete the sentence "the shared secret …"; `None` if nothing is.
    pub const fn weakness(&self) -> Option<&'static str> {
        match &self.material {
            Material::SharedSecret(secret) => secret.weakness,
            Material::Ed25519(_) | Material::P256(_) | Material::Rsa(_) => None,
        }
    }

    /// Logs what is wrong with classic mode, and with this very secret: to be said at every start. Nothing for a key
    /// that is not shared.
    pub fn warn_of_classic_mode(&self) {
        if !matches!(self.material, Material::SharedSecret(_)) {
            return;
        }
        tracing::warn!(algorithm = "HS256", "classic mode: whoever knows the secret can make tokens");
        if let Some(weakness) = self.weakness() {
            tracing::warn!("the shared secret {weakness}");
        }
    }

    /// Whether this key's signature is on `token`. Says nothing about its header or claims.
    pub fn verifies(&self, token: &CompactToken<'_>) -> bool {
        jsonwebtoken::crypto::verify(
            token.signature(),
            token.signing_input().as_bytes(),
            self.decoding(),
            self.algorithm().backend(),
        )
        .unwrap_or(false)
    }

    const fn decoding(&self) -> &DecodingKey {
        match &self.material {
            Material::Ed25519(key) => &key.decoding,
            Material::P256(key) => &key.decoding,
            Material::Rsa(key) => &key.decoding,
            Material::SharedSecret(secret) => &secret.decoding,
        }
    }

    /// The curve and the coordinates of the public key, base64url, if it is of a kind that we sign with. A shared secret has no
    /// public half.
    pub(crate) fn curve_point(&self) -> Option<CurvePoint> {
        match &self.material {
            Material::Ed25519(key) => Some(CurvePoint { kty: "OKP", crv: "Ed25519", x: key.coordinate(), y: None }),
            Material::P256(key) => {
                let [x, y] = key.coordinates();
                Some(CurvePoint { kty: "EC", crv: "P-256", x, y: Some(y) })
            }
            Material::Rsa(_) | Material::SharedSecret(_) => None,
        }
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.kid == other.kid
            && match (&self.material, &other.material) {
                (Material::Ed25519(ours), Material::Ed25519(theirs)) => ours.public == theirs.public,
                (Material::P256(ours), Material::P256(theirs)) => ours.is(theirs),
                (Material::Rsa(ours), Material::Rsa(theirs)) => ours.is(theirs),
                (Material::SharedSecret(ours), Material::SharedSecret(theirs)) => ours.is(theirs),
                _ => false,
            }
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
