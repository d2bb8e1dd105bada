//! A token taken apart by hand, and put together by an attacker: the tests need no library that would refuse to.
use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// The three parts of a JWS.
#[derive(Debug, Clone, PartialEq)]
pub struct Jws {
    /// The protected header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// The signature's bytes.
    pub signature: Vec<u8>,
}

impl Jws {
    /// Takes a token apart; nothing is verified.
    pub fn parse(token: &str) -> Self {
        let parts: Vec<Vec<u8>> =
            token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url")).collect();
        let [header, claims, signature] = &parts[..] else { panic!("three parts are expected") };
        let json = |part: &[u8]| serde_json::from_slice(part).expect("JSON");
        Self { header: json(header), claims: json(claims), signature: signature.clone() }
    }

    /// Puts it together as it is.
    pub fn compact(&self) -> String {
        format!("{}.{}", self.signing_input(), URL_SAFE_NO_PAD.encode(&self.signature))
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Sets a claim.
    #[must_use]
    pub fn with_claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Signs with HMAC-SHA-256, whatever the header says.
    #[must_use]
    pub fn signed_with(mut self, secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        self.signature = hmac::sign(&key, self.signing_input().as_bytes()).as_ref().to_vec();
        self
    }

    fn signing_input(&self) -> String {
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(self.header.to_string()),
            URL_SAFE_NO_PAD.encode(self.claims.to_string())
        )
    }
}

/// An attacker's own key pair.
pub struct OwnKey(Ed25519KeyPair);

impl OwnKey {
    /// A new one.
    pub fn generate() -> Self {
        Self(Ed25519KeyPair::generate().expect("a key"))
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "own", "use": "sig", "alg": "EdDSA"})
    }

    /// Signs with it.
    #[must_use]
    pub fn sign(&self, mut token: Jws) -> Jws {
        token.signature = self.0.sign(token.signing_input().as_bytes()).as_ref().to_vec();
        token
    }
}
