//! ECDSA public keys on the curve P-256 (RFC 7518 §3.4, §6.2.1).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use crate::key_error::KeyError;
use crate::thumbprint::thumbprint;

/// Marks a point written as both its coordinates (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A point of the curve.
#[derive(Clone)]
pub(super) struct P256 {
    point: [u8; 65],
    pub(super) decoding: DecodingKey,
}

impl P256 {
    /// Off the curve lie weaker groups: a key there would verify what its owner never signed.
    pub(super) fn checked(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let mut point = [UNCOMPRESSED; 65];
        point[1..33].copy_from_slice(x);
        point[33..].copy_from_slice(y);
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::NotOnCurve("P-256"))?;
        Ok(Self { point, decoding: DecodingKey::from_ec_der(&point) })
    }

    /// RFC 7638 §3.2.
    pub(super) fn thumbprint(&self) -> String {
        let [x, y] = self.coordinates();
        thumbprint([("kty", "EC"), ("crv", "P-256"), ("x", &x), ("y", &y)])
    }

    /// Both coordinates, base64url.
    pub(super) fn coordinates(&self) -> [String; 2] {
        [&self.point[1..33], &self.point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.point == other.point
    }
}
