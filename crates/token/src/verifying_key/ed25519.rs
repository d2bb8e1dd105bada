//! Ed25519 public keys (RFC 8032, RFC 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use crate::key_error::KeyError;
use crate::thumbprint::thumbprint;

/// A point that is fit to verify with.
#[derive(Clone)]
pub(super) struct Ed25519 {
    pub(super) public: [u8; 32],
    pub(super) decoding: DecodingKey,
}

impl Ed25519 {
    pub(super) fn checked(public: [u8; 32]) -> Result<Self, KeyError> {
        if is_degenerate(&public) {
            return Err(KeyError::Degenerate);
        }
        Ok(Self { public, decoding: DecodingKey::from_ed_der(&public) })
    }

    /// RFC 8037 §2.
    pub(super) fn thumbprint(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.public);
        thumbprint([("kty", "OKP"), ("crv", "Ed25519"), ("x", &x)])
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
