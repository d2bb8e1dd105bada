//! JSON Web Keys on the wire (RFC 7517, RFC 7518, RFC 8037): what we publish, and what we accept from others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::accepted::Algorithms;
use crate::algorithm::Algorithm;
use crate::key_error::KeyError;
use crate::verifying_key::{CurvePoint, VerifyingKey};

/// A published key set: the body of `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys, in the order of their `kid`.
    pub keys: Vec<Jwk>,
}

/// A published public key. It has no member that could hold a private one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// `OKP` or `EC`.
    pub kty: &'static str,
    /// `Ed25519` or `P-256`.
    pub crv: &'static str,
    /// The public key of `OKP`, or the first coordinate of `EC`, base64url.
    pub x: String,
    /// The second coordinate of `EC`, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The key's name.
    pub kid: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// `EdDSA` or `ES256`.
    pub alg: &'static str,
}

impl Jwk {
    /// The public form of `key`. `None` for a shared secret, which is never published, and for kinds that only others
    /// sign with: their keys are not ours to publish.
    pub fn of(key: &VerifyingKey) -> Option<Self> {
        key.curve_point().map(|CurvePoint { kty, crv, x, y }| Self {
            kty,
            crv,
            x,
            y,
            kid: key.kid().to_owned(),
            usage: "sig",
            alg: key.algorithm().as_str(),
        })
    }
}

/// Members that hold private material in any key type (RFC 7518 §6.2.2, §6.3.2, §6.4.1; `priv` in newer ones).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Reads one member of a JWK set's `keys`.
///
/// Kinds that are foreign or not accepted are told apart first, so that a set with such keys in it is no defect; then the
/// key must be flawless.
pub(crate) fn verifying_key(jwk: &Value, accepted: &Algorithms) -> Result<VerifyingKey, KeyError> {
    let jwk = jwk.as_object().ok_or(KeyError::Document)?;
    if PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
        return Err(KeyError::PrivateMember);
    }
    let algorithm = algorithm(jwk)?;
    if text(jwk, "use")?.is_some_and(|usage| usage != "sig") || !may_verify(jwk)? {
        return Err(KeyError::UnsupportedUse);
    }
    if text(jwk, "alg")?.is_some_and(|alg| alg != algorithm.as_str()) {
        return Err(KeyError::UnsupportedAlgorithm(algorithm));
    }
    if !accepted.contain(algorithm) {
        return Err(KeyError::NotAccepted(algorithm));
    }
    let key = match algorithm {
        Algorithm::EdDsa => VerifyingKey::ed25519(coordinate(jwk, "x")?),
        Algorithm::Es256 => VerifyingKey::p256(&coordinate(jwk, "x")?, &coordinate(jwk, "y")?),
        Algorithm::Rs256 => VerifyingKey::rsa(&number(jwk, "n")?, &number(jwk, "e")?),
        Algorithm::Hs256 => Err(KeyError::UnsupportedType),
    }?;
    match text(jwk, "kid")? {
        Some(kid) => key.named(kid),
        None => Ok(key),
    }
}

/// The algorithm that a key of this kind is for. The kind says it, not `alg`: that may be missing, or anything.
fn algorithm(jwk: &Map<String, Value>) -> Result<Algorithm, KeyError> {
    let (algorithm, curve) = match required(jwk, "kty")? {
        "OKP" => (Algorithm::EdDsa, "Ed25519"),
        "EC" => (Algorithm::Es256, "P-256"),
        "RSA" => return Ok(Algorithm::Rs256),
        _ => return Err(KeyError::UnsupportedType),
    };
    if required(jwk, "crv")? == curve { Ok(algorithm) } else { Err(KeyError::UnsupportedCurve(curve)) }
}

fn coordinate(jwk: &Map<String, Value>, name: &'static str) -> Result<[u8; 32], KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(required(jwk, name)?).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::Size(name))
}

fn number(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(required(jwk, name)?).ok();
    bytes.filter(|bytes| bytes.first().is_some_and(|first| *first != 0)).ok_or(KeyError::Number(name))
}

fn required<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, KeyError> {
    text(jwk, name)?.ok_or(KeyError::Member(name))
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, KeyError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(KeyError::Member(name)),
    }
}

fn may_verify(jwk: &Map<String, Value>) -> Result<bool, KeyError> {
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) => Ok(operations.iter().any(|op| op == "verify")),
        Some(_) => Err(KeyError::Member("key_ops")),
    }
}
