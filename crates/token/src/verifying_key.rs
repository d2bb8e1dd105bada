//! Keys that verify signatures: checked when loaded, each carrying its algorithm in its type.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use secrecy::{ExposeSecret as _, SecretString};

use crate::algorithm::Algorithm;
use crate::compact::{CompactToken, MAX_KID_BYTES};
use crate::key_error::KeyError;
use crate::thumbprint::thumbprint;

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

// ES256 and RS256 would each be a variant here, with their own checks at load.
#[derive(Clone)]
enum Material {
    Ed25519 { public: [u8; 32], decoding: DecodingKey },
    SharedSecret { decoding: DecodingKey, weakness: Option<&'static str> },
}

impl VerifyingKey {
    /// An Ed25519 public key (RFC 8032 §5.1.5), named by its thumbprint.
    ///
    /// Refuses points of small order and non-canonical forms. Whether the bytes lie on the curve is not looked at:
    /// a key that does not verifies nothing.
    pub fn ed25519(public: [u8; 32]) -> Result<Self, KeyError> {
        let x = URL_SAFE_NO_PAD.encode(public);
        let kid = thumbprint([("kty", "OKP"), ("crv", "Ed25519"), ("x", &x)]);
        Self::ed25519_named(public, kid)
    }

    /// As [`ed25519`](Self::ed25519), under a `kid` that its publisher chose.
    pub(crate) fn ed25519_named(public: [u8; 32], kid: String) -> Result<Self, KeyError> {
        if kid.is_empty() || kid.len() > MAX_KID_BYTES {
            return Err(KeyError::KidLength);
        }
        if is_degenerate(&public) {
            return Err(KeyError::Degenerate);
        }
        Ok(Self { kid, material: Material::Ed25519 { public, decoding: DecodingKey::from_ed_der(&public) } })
    }

    /// A secret shared with the issuer (HS256). Classic mode only; an empty one is refused.
    pub fn shared_secret(secret: &SecretString) -> Result<Self, KeyError> {
        Self::secret_bytes(secret.expose_secret().as_bytes())
    }

    pub(crate) fn secret_bytes(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.is_empty() {
            return Err(KeyError::EmptySecret);
        }
        Ok(Self {
            kid: SHARED_SECRET_KID.to_owned(),
            material: Material::SharedSecret { decoding: DecodingKey::from_secret(secret), weakness: weakness(secret) },
        })
    }

    /// The name that tokens call this key by: at most [`MAX_KID_BYTES`] bytes.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm this key is for.
    pub const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Ed25519 { .. } => Algorithm::EdDsa,
            Material::SharedSecret { .. } => Algorithm::Hs256,
        }
    }

    /// What is weak about a shared secret, to complete the sentence "the shared secret …"; `None` if nothing is.
    pub const fn weakness(&self) -> Option<&'static str> {
        match self.material {
            Material::Ed25519 { .. } => None,
            Material::SharedSecret { weakness, .. } => weakness,
        }
    }

    /// Logs what is wrong with classic mode, and with this very secret: to be said at every start. Nothing for a key
    /// that is not shared.
    pub fn warn_of_classic_mode(&self) {
        if !matches!(self.material, Material::SharedSecret { .. }) {
            return;
        }
        tracing::warn!(algorithm = "HS256", "classic mode: whoever knows the secret can make tokens");
        if let Some(weakness) = self.weakness() {
            tracing::warn!("the shared secret {weakness}");
        }
    }

    /// Whether this key's signature is on `token`. Says nothing about its header or claims.
    pub fn verifies(&self, token: &CompactToken<'_>) -> bool {
        let (Material::Ed25519 { decoding, .. } | Material::SharedSecret { decoding, .. }) = &self.material;
        jsonwebtoken::crypto::verify(
            token.signature(),
            token.signing_input().as_bytes(),
            decoding,
            self.algorithm().backend(),
        )
        .unwrap_or(false)
    }

    /// The public key, or `None` for a shared secret, which has no public half.
    pub(crate) const fn public_ed25519(&self) -> Option<&[u8; 32]> {
        match &self.material {
            Material::Ed25519 { public, .. } => Some(public),
            Material::SharedSecret { .. } => None,
        }
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.kid == other.kid
            && match (&self.material, &other.material) {
                (Material::Ed25519 { public: ours, .. }, Material::Ed25519 { public: theirs, .. }) => ours == theirs,
                (Material::SharedSecret { decoding: ours, .. }, Material::SharedSecret { decoding: theirs, .. }) => {
                    match (ours.try_get_as_bytes(), theirs.try_get_as_bytes()) {
                        (Ok(ours), Ok(theirs)) => verify_slices_are_equal(ours, theirs).is_ok(),
                        _ => false,
                    }
                }
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

/// The y coordinates of the points of small order (RFC 7748 §7 has their cousins), little-endian, sign bit cleared.
///
/// The library verifies without cofactor (RFC 8032 §5.1.7 allows it): for such a key A, [k]A takes at most eight
/// values, so anybody finds a "signature" for a message by trying.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
];

/// Whether `public` is of small order, or writes a y of 2^255 − 19 or more (RFC 8032 §5.1.3 step 1 refuses that).
fn is_degenerate(public: &[u8; 32]) -> bool {
    let mut y = *public;
    y[31] &= 0x7f;
    let at_least_p = y[0] >= 0xed && y[1..31].iter().all(|&byte| byte == 0xff) && y[31] == 0x7f;
    at_least_p || SMALL_ORDER_Y.contains(&y)
}

/// Secrets that appear in tutorials, among them the 2016 example's own default.
const WELL_KNOWN_SECRETS: [&str; 14] = [
    "secret",
    "password",
    "changeme",
    "change-me",
    "change_me",
    "default",
    "example",
    "jwt",
    "jwtsecret",
    "jwt-secret",
    "mysecret",
    "test",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
];

/// RFC 7518 §3.2 wants a key no shorter than the hash: 32 bytes.
fn weakness(secret: &[u8]) -> Option<&'static str> {
    let word = secret.trim_ascii();
    if WELL_KNOWN_SECRETS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())) {
        Some("is a well-known word")
    } else if secret.len() < 32 {
        Some("is shorter than 32 bytes")
    } else if secret.iter().all(|byte| *byte == secret[0]) {
        Some("repeats one character")
    } else {
        None
    }
}
