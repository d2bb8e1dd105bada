//! A token taken apart: three parts of strict base64url (RFC 7515 §3.1) and the header in the first.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use crate::refusal::Refusal;
use crate::unique_members;

/// The longest token that is looked at, in bytes. Ours have some 500.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest `kid`, in bytes, of a key and of a token.
pub const MAX_KID_BYTES: usize = 128;

/// A token's parts. Being one says nothing about being good: see [`Verifier`](crate::Verifier).
#[derive(Debug)]
pub struct CompactToken<'a> {
    signing_input: &'a str,
    signature: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> CompactToken<'a> {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] above [`MAX_TOKEN_BYTES`]; [`Refusal::Malformed`] unless there are exactly three parts,
    /// each unpadded base64url without stray bits. JWE, JSON serialisation and white space end here.
    pub fn parse(token: &'a str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLarge);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Refusal::Malformed)?;
        decode(signature)?;
        // A further dot is no base64url character, so five parts fail here.
        Ok(Self { signing_input, signature, header: decode(header)?, payload: decode(payload)? })
    }

    /// The header, undecoded JSON: whatever the token says of itself.
    pub fn header_json(&self) -> &[u8] {
        &self.header
    }

    /// The payload, undecoded JSON.
    pub fn payload_json(&self) -> &[u8] {
        &self.payload
    }

    /// What the signature is over: the first two parts and the dot.
    pub const fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// The third part, base64url.
    pub const fn signature(&self) -> &'a str {
        self.signature
    }

    /// The members of the header that a verifier looks at.
    ///
    /// # Errors
    /// [`Refusal::Header`]: not a JSON object, a member twice, a wrong type, `crit` or `b64` present, `kid` too long.
    pub fn header(&self) -> Result<Header, Refusal> {
        let header: Header = unique_members::from_slice(&self.header).map_err(|_| Refusal::Header)?;
        let long_kid = header.kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID_BYTES);
        if header.crit || header.b64 || long_kid {
            return Err(Refusal::Header);
        }
        Ok(header)
    }
}

/// The header members that a verifier looks at (RFC 7515 §4.1).
///
/// `jku`, `x5u`, `x5c` and `jwk` have no field: a token does not get to say which key it is to be verified with.
#[derive(Debug, Deserialize)]
pub struct Header {
    /// The algorithm it claims to be signed with.
    pub alg: Option<String>,
    /// What kind of token it is.
    pub typ: Option<String>,
    /// The name of the key it was signed with.
    pub kid: Option<String>,
    // We understand no extension, so any is one too many (RFC 7515 §4.1.11), even an empty list.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    // RFC 7797; without `crit` it would be ignored by some and obeyed by others.
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}
