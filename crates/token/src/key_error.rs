//! What can be wrong with a key or a key set, named without showing the key.

/// Why a key or a key set was refused when it was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The system gave no randomness.
    #[error("a key could not be generated")]
    Generation,
    /// Not PEM, or PEM of something other than a PKCS#8 private key for Ed25519.
    #[error("not a PEM block with an Ed25519 private key (PKCS#8)")]
    NotPem,
    /// Not DER, another algorithm, or a public half that does not belong to the private one.
    #[error("not an Ed25519 private key in PKCS#8 form")]
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
    /// Two keys of the same `kid`: a token would not say which one it means.
    #[error("two keys share one kid")]
    DuplicateKid,
    /// `kty` is not `OKP`.
    #[error("kty is not OKP")]
    UnsupportedType,
    /// `crv` is not `Ed25519` (X25519 and Ed448, for instance).
    #[error("crv is not Ed25519")]
    UnsupportedCurve,
    /// `alg` is there and is not `EdDSA`.
    #[error("alg is not EdDSA")]
    UnsupportedAlgorithm,
    /// `use` is not `sig`, or `key_ops` does not contain `verify` (RFC 7517 §4.2, §4.3).
    #[error("the key is not meant for verifying signatures")]
    UnsupportedUse,
    /// A member that must be there is missing or of a wrong type.
    #[error("the member {0} is missing or of a wrong type")]
    Member(&'static str),
    /// The document publishes a private key (`d`): whoever reads it can sign.
    #[error("the key carries private members")]
    PrivateMember,
    /// The public key is not 32 bytes of strict base64url (RFC 8037 §2).
    #[error("x is not 32 bytes in unpadded base64url")]
    Size,
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
            Self::UnsupportedType | Self::UnsupportedCurve | Self::UnsupportedAlgorithm | Self::UnsupportedUse
        )
    }
}
