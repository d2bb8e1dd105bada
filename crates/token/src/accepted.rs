//! What a verifier is told to accept, of all that a token's header may say: algorithms, and types.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::algorithm::{Algorithm, SigningAlgorithm};

/// The algorithms a verifier accepts: any of public keys, or that of a shared secret alone.
///
/// Never both: a verifier that takes either is what lets a public key be used as a secret (RFC 8725 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Algorithms(Vec<Algorithm>);

/// What is wrong with a list of what is to be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptedError {
    /// An empty list, or nothing between two commas.
    #[error("an empty name in it")]
    Empty,
    /// A name that is no algorithm of ours, `none` among them.
    #[error("an algorithm in it that is not known")]
    UnknownAlgorithm,
    /// HS256 in a list: it is accepted alone, by whoever was given the secret.
    #[error("HS256 in it, which needs a shared secret and excludes all others")]
    SharedSecret,
    /// A type with a character that no media type has (RFC 6838 §4.2), or longer than 64 bytes.
    #[error("a type in it that is no media type")]
    NoMediaType,
}

impl Algorithms {
    /// All that our issuer may sign with. While it changes from one to the other, keys of both are published, and each key
    /// verifies its own algorithm only (RFC 8725 section 3.1).
    pub fn signing() -> Self {
        Self(SigningAlgorithm::ALL.map(Algorithm::from).to_vec())
    }

    /// Whether a token of this algorithm may be accepted.
    pub fn contain(&self, algorithm: Algorithm) -> bool {
        self.0.contains(&algorithm)
    }
}

/// The names, as a person lists them.
impl fmt::Display for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|algorithm| algorithm.as_str()).collect();
        f.write_str(&names.join(" or "))
    }
}

/// This one and no other.
impl From<Algorithm> for Algorithms {
    fn from(only: Algorithm) -> Self {
        Self(vec![only])
    }
}

/// Names of algorithms of public keys, separated by commas, in their exact spelling.
impl FromStr for Algorithms {
    type Err = AcceptedError;

    fn from_str(list: &str) -> Result<Self, AcceptedError> {
        let named = |name| match Algorithm::named(name) {
            Some(Algorithm::Hs256) => Err(AcceptedError::SharedSecret),
            Some(algorithm) => Ok(algorithm),
            None => Err(AcceptedError::UnknownAlgorithm),
        };
        names(list)?.into_iter().map(named).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for Algorithms {
    type Error = AcceptedError;

    fn try_from(list: String) -> Result<Self, AcceptedError> {
        list.parse()
    }
}

/// The values of `typ` a verifier accepts (RFC 7515 §4.1.9), and whether it accepts a token without one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TokenTypes {
    listed: Vec<String>,
    untyped: bool,
}

/// In a list of types: a token without `typ`. A token that writes this word as its type is not meant.
const MISSING: &str = "missing";

/// What goes before a `typ` that is written without a slash.
const APPLICATION: &str = "application/";

impl TokenTypes {
    /// Access tokens and nothing else: `at+jwt` (RFC 9068 §2.1).
    pub fn access_tokens() -> Self {
        Self { listed: vec![short("at+jwt")], untyped: false }
    }

    /// Whether a token of this type may be accepted. Media types are compared without regard to case.
    pub fn contain(&self, typ: Option<&str>) -> bool {
        match typ {
            Some(typ) => self.listed.contains(&short(typ)),
            None => self.untyped,
        }
    }
}

/// Media types separated by commas, of which `application/` may be left out; `missing` for a token without `typ`.
impl FromStr for TokenTypes {
    type Err = AcceptedError;

    fn from_str(list: &str) -> Result<Self, AcceptedError> {
        let checked = |name| if is_media_type(name) { Ok(short(name)) } else { Err(AcceptedError::NoMediaType) };
        let (untyped, typed): (Vec<_>, Vec<_>) = names(list)?.into_iter().partition(|name| *name == MISSING);
        let listed = typed.into_iter().map(checked).collect::<Result<_, _>>()?;
        Ok(Self { listed, untyped: !untyped.is_empty() })
    }
}

impl TryFrom<String> for TokenTypes {
    type Error = AcceptedError;

    fn try_from(list: String) -> Result<Self, AcceptedError> {
        list.parse()
    }
}

fn names(list: &str) -> Result<Vec<&str>, AcceptedError> {
    let names: Vec<_> = list.split(',').map(str::trim).collect();
    if names.contains(&"") { Err(AcceptedError::Empty) } else { Ok(names) }
}

fn short(typ: &str) -> String {
    let typ = typ.to_ascii_lowercase();
    match typ.strip_prefix(APPLICATION) {
        Some(rest) if !rest.contains('/') => rest.to_owned(),
        _ => typ,
    }
}

fn is_media_type(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    name.len() <= 64 && name.split('/').count() <= 2 && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_listed_by_their_exact_names() {
        let all: Algorithms = "EdDSA, ES256,RS256".parse().expect("a list");
        assert!([Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256].into_iter().all(|one| all.contain(one)));
        assert!(!all.contain(Algorithm::Hs256));
        let refused = |list: &str| list.parse::<Algorithms>().err();
        for list in ["eddsa", "es256", "none", "RS512", "PS256", "EdDSA ES256", "EdDSA;ES256"] {
            assert_eq!(refused(list), Some(AcceptedError::UnknownAlgorithm), "{list}");
        }
        for list in ["", " ", ",", "EdDSA,", ",EdDSA", "EdDSA,,ES256"] {
            assert_eq!(refused(list), Some(AcceptedError::Empty), "{list}");
        }
    }

    #[test]
    fn security_3_a_shared_secrets_algorithm_cannot_be_listed_with_others_nor_alone() {
        for list in ["HS256", "EdDSA,HS256", "HS256,RS256"] {
            assert_eq!(list.parse::<Algorithms>(), Err(AcceptedError::SharedSecret), "{list}");
        }
        let classic = Algorithms::from(Algorithm::Hs256);
        assert!(classic.contain(Algorithm::Hs256) && !classic.contain(Algorithm::EdDsa));
    }

    #[test]
    fn types_are_compared_as_media_types() {
        let types: TokenTypes = "at+jwt,JWT".parse().expect("a list");
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", "Application/Jwt"] {
            assert!(types.contain(Some(typ)), "{typ}");
        }
        for typ in ["", "at", "at+jwt ", "rt+jwt", "text/jwt", "application/x/jwt", "application/"] {
            assert!(!types.contain(Some(typ)), "{typ}");
        }
        assert!(!types.contain(None), "a token without a type is of none of them");
    }

    #[test]
    fn a_token_without_a_type_is_accepted_only_where_that_is_listed() {
        for list in ["missing", "JWT,missing", " missing , at+jwt"] {
            let types: TokenTypes = list.parse().expect("a list");
            assert!(types.contain(None), "{list}");
            for typ in ["missing", "application/missing", "none", ""] {
                assert!(!types.contain(Some(typ)), "{list}: {typ}");
            }
        }
        assert!(!"missing".parse::<TokenTypes>().expect("a list").contain(Some("at+jwt")), "the list is all there is");
    }

    #[test]
    fn what_is_no_media_type_cannot_be_listed() {
        let refused = |list: &str| list.parse::<TokenTypes>().err();
        for list in ["at jwt", "*", "*/*", "a/b/c", "/jwt", "jwt/", "none;q=1", "é", &"x".repeat(65)] {
            assert_eq!(refused(list), Some(AcceptedError::NoMediaType), "{list}");
        }
        assert_eq!(refused("at+jwt,"), Some(AcceptedError::Empty));
        assert_eq!("Application/AT+jwt".parse(), Ok(TokenTypes::access_tokens()));
    }
}
