//! Issuers that are not ours, with the keys that others sign with: ES256 and RS256. Nothing is shared but the RFCs.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use token::{Algorithm, Algorithms, Claims, KeyError, KeySet, Refusal, StaticKeys, Verifier};

use crate::fixtures::{at_once, claims, encode, now, policy};

/// What an issuer signs with.
pub(crate) enum Foreign {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(&'static RsaKeyPair),
}

/// To find primes takes a while, so all tests share one pair.
static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).expect("randomness"));

impl Foreign {
    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().expect("randomness"))
    }

    pub(crate) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("randomness"))
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(&RSA)
    }

    /// One of each kind.
    pub(crate) fn all() -> [Self; 3] {
        [Self::ed25519(), Self::p256(), Self::rsa()]
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa(_) => Algorithm::Rs256,
        }
    }

    /// The public key as its issuer publishes it, by the name of its algorithm.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match self {
            Self::Ed25519(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())}),
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
            }
            Self::Rsa(pair) => {
                let RsaPublicKeyComponents::<Vec<u8>> { n, e } = pair.public_key().into();
                json!({"kty": "RSA", "n": encode(n), "e": encode(e)})
            }
        };
        jwk["kid"] = self.algorithm().as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().as_str().into();
        jwk
    }

    /// The header of a good token.
    pub(crate) fn header(&self) -> Value {
        let alg = self.algorithm().as_str();
        json!({"alg": alg, "typ": "at+jwt", "kid": alg})
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.signature(input.as_bytes());
        format!("{input}.{}", encode(signature))
    }

    /// A good token.
    pub(crate) fn token(&self) -> String {
        self.sign(&self.header(), &claims())
    }

    fn signature(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(pair) => pair.sign(input).as_ref().to_vec(),
            Self::P256(pair) => pair.sign(&SystemRandom::new(), input).expect("signs").as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).expect("signs");
                signature
            }
        }
    }

    /// The private key, for those who would publish it.
    pub(crate) fn private(&self) -> Vec<u8> {
        let Self::Rsa(pair) = self else { panic!("no other is asked for") };
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("exports");
        der.as_ref().to_vec()
    }
}

pub(crate) fn algorithms(list: &str) -> Algorithms {
    list.parse().expect("a list of algorithms")
}

/// A verifier that was told to accept these algorithms, with the keys it takes of this set.
pub(crate) struct Trusting {
    verifier: Verifier,
}

impl Trusting {
    pub(crate) fn accepting(list: &str, jwks: &[Value]) -> Self {
        Self::try_accepting(list, jwks).expect("keys that it can use")
    }

    pub(crate) fn try_accepting(list: &str, jwks: &[Value]) -> Result<Self, KeyError> {
        let document = json!({ "keys": jwks }).to_string();
        let (keys, _) = KeySet::parse(document.as_bytes(), &algorithms(list))?;
        let keys = Arc::new(StaticKeys::new(keys));
        Ok(Self { verifier: Verifier::new(keys, policy(algorithms(list))).expect("in order") })
    }

    pub(crate) fn verdict(&self, token: &str) -> Result<Arc<Claims>, Refusal> {
        at_once(self.verifier.verify(token, now()))
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, token: &str, expected: Refusal) {
        assert_eq!(self.verdict(token).err(), Some(expected), "{token}");
    }

    #[track_caller]
    pub(crate) fn assert_accepted(&self, token: &str) {
        assert_eq!(self.verdict(token).err(), None, "{token}");
    }
}
