//! What can be wrong with a key or a key set, named without showing the key.

use crate::algorithm::Algorithm;

/// Why a key or a key set was refused when it was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The system gave no randomness.
    #[error("a key could not be generated")]
    Generation,
    /// Not PEM, or PEM of something other than a PKCS#8 private key for Ed25519 or P-256.
    #[error("not a PEM block with an Ed25519 or P-256 private key (PKCS#8)")]
    NotPem,
    /// Not DER, another algorithm, or a public half that does not belong to the private one.
    #[error("not an Ed25519 or P-256 private key in PKCS#8 form")]
    PrivateKey,
    /// A shared secret has no PKCS#8 form.
    #[error("a shared secret cannot be written as PKCS#8")]
    NotExportable,
    /// A shared secret of zero bytes.
    #[error("the shared secret is empty")]
    EmptySecret,
    /// The key exists but the cryptographic library would not sign with it.
    #[error("signing failed")]
    Signing,
    /// Not a JSON object with an array `keys` (RFC 7517 §5), or one that repeats a member.
    #[error("not a JWK set document")]
    Document,
    /// A key set without one usable key.
    #[error("the key set has no usable key")]
    NoUsableKey,
    /// Different keys for one algorithm under one `kid`: a token would not say which of them it means (RFC 7517 section 4.5).
    #[error("different keys for one algorithm share this kid")]
    DuplicateKid,
    /// `kty` is none of `OKP`, `EC` and `RSA`.
    #[error("kty is not OKP, EC or RSA")]
    UnsupportedType,
    /// `crv` is not `Ed25519` or `P-256` (X25519 and P-384, for instance).
    #[error("crv is not {0}")]
    UnsupportedCurve(&'static str),
    /// `alg` is there and is not the algorithm for a key of this kind.
    #[error("alg is not {0}")]
    UnsupportedAlgorithm(Algorithm),
    /// A key for an algorithm that is not to be accepted.
    #[error("the algorithm of the key, {0}, is not accepted")]
    NotAccepted(Algorithm),
    /// `use` is not `sig`, or `key_ops` does not contain `verify` (RFC 7517 §4.2, §4.3).
    #[error("the key is not meant for verifying signatures")]
    UnsupportedUse,
    /// A member that must be there is missing or of a wrong type.
    #[error("the member {0} is missing or of a wrong type")]
    Member(&'static str),
    /// The document publishes a private key (`d`): whoever reads it can sign.
    #[error("the key carries private members")]
    PrivateMember,
    /// A coordinate is not 32 bytes of strict base64url (RFC 8037 §2, RFC 7518 §6.2.1.2).
    #[error("{0} is not 32 bytes in unpadded base64url")]
    Size(&'static str),
    /// A number is not strict base64url, is empty, or begins with a zero (RFC 7518 §2, Base64urlUInt).
    #[error("{0} is not a number in unpadded base64url without leading zeros")]
    Number(&'static str),
    /// Not a point of the curve, where a signature would say nothing.
    #[error("the public key is not a point of the curve {0}")]
    NotOnCurve(&'static str),
    /// An RSA modulus that is even, or not of 2048 to 4096 bits.
    #[error("the RSA modulus is even, or not of 2048 to 4096 bits")]
    Modulus,
    /// An RSA exponent that is even, below 65537, or of more than 33 bits.
    #[error("the RSA exponent is even, below 65537, or of more than 33 bits")]
    Exponent,
    /// A point of small order or in a non-canonical form, for which signatures can be made without a private key.
    #[error("the public key is a degenerate point")]
    Degenerate,
    /// `kid` is empty or longer than [`MAX_KID_BYTES`](crate::compact::MAX_KID_BYTES).
    #[error("kid is empty or longer than 128 bytes")]
    KidLength,
}

impl KeyError {
    /// Whether the key is broken, rather than merely of a kind that we do not use.
    ///
    /// A set with foreign keys is usual (RFC 7517 §5 says skip them); a set with a broken key is a mistake or an attack.
    pub const fn is_defect(&self) -> bool {
        !matches!(
            self,
            Self::UnsupportedType
                | Self::UnsupportedCurve(_)
                | Self::UnsupportedAlgorithm(_)
                | Self::NotAccepted(_)
                | Self::UnsupportedUse
        )
    }
}
