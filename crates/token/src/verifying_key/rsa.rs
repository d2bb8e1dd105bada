//! RSA public keys (RFC 7518 §3.3, §6.3.1).

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use crate::key_error::KeyError;
use crate::thumbprint::thumbprint;

/// Below, others may have found the private key (RFC 7518 §3.3); above, a stranger's token costs too much to refuse.
const MODULUS_BITS: RangeInclusive<usize> = 2048..=4096;

/// Small exponents turn slips in padding into forgeries. A large one makes each check slow: the library stops at 2^33.
const EXPONENTS: RangeInclusive<u64> = 65_537..=0x1_ffff_ffff;

/// A modulus and an exponent that are fit to verify with.
#[derive(Clone)]
pub(super) struct Rsa {
    n: Vec<u8>,
    e: Vec<u8>,
    pub(super) decoding: DecodingKey,
}

impl Rsa {
    /// Both are big-endian without leading zeros.
    pub(super) fn checked(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        // Before anything that walks over it.
        if n.len() > MODULUS_BITS.end() / 8 || !MODULUS_BITS.contains(&bits(n)) || is_even(n) {
            return Err(KeyError::Modulus);
        }
        if is_even(e) || !number(e).is_some_and(|e| EXPONENTS.contains(&e)) {
            return Err(KeyError::Exponent);
        }
        Ok(Self { n: n.to_vec(), e: e.to_vec(), decoding: DecodingKey::from_rsa_raw_components(n, e) })
    }

    /// RFC 7638 §3.2.
    pub(super) fn thumbprint(&self) -> String {
        let [n, e] = [&self.n, &self.e].map(|number| URL_SAFE_NO_PAD.encode(number));
        thumbprint([("kty", "RSA"), ("n", &n), ("e", &e)])
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.n == other.n && self.e == other.e
    }
}

fn bits(number: &[u8]) -> usize {
    let first = number.first().map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() * 8).saturating_sub(first)
}

/// The product of two large primes is odd, and so is an exponent that has an inverse.
fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|byte| byte % 2 == 0)
}

fn number(bytes: &[u8]) -> Option<u64> {
    let mut wide = [0; 8];
    wide.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(wide))
}
