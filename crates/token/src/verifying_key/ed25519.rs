//! Ed25519 public keys (RFC 8032, RFC 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::edwards::CompressedEdwardsY;
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
        let point = CompressedEdwardsY(public).decompress().ok_or(KeyError::NotOnCurve("Ed25519"))?;
        // The library verifies without cofactor (RFC 8032 section 5.1.7 allows it): for a key A of small order, [k]A takes at
        // most eight values, so anybody finds a "signature" for a message by trying. RFC 8032 section 5.1.3 also refuses a
        // point that is not in its one canonical form.
        if point.is_small_order() || point.compress().0 != public {
            return Err(KeyError::Degenerate);
        }
        Ok(Self { public, decoding: DecodingKey::from_ed_der(&public) })
    }

    /// The public key, base64url.
    pub(super) fn coordinate(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public)
    }

    /// RFC 8037 §2.
    pub(super) fn thumbprint(&self) -> String {
        let x = self.coordinate();
        thumbprint([("kty", "OKP"), ("crv", "Ed25519"), ("x", &x)])
    }
}
