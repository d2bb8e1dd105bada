//! An issuer, a verifier that trusts it, and a forge that signs whatever a test writes.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use token::{
    Algorithm, Algorithms, Claims, ClaimsError, Issuer, KeySet, Policy, Refusal, SigningKey, StaticKeys, Subject,
    Verifier,
};

pub(crate) const ISSUER: &str = "auth.service";
pub(crate) const AUDIENCE: &str = "hello.service";
pub(crate) const SECRET: &str = "a secret of more than 32 bytes, for tests only";

/// The time it is in these tests, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) const TTL: Duration = Duration::from_mins(15);

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn now() -> SystemTime {
    at(NOW)
}

pub(crate) fn user() -> Subject {
    Subject { sub: "user".into(), email: Some("user@example.com".into()), roles: vec![] }
}

/// The result of something that has no reason to wait.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("keys held in the process need no waiting"),
    }
}

/// An issuer, and a verifier that trusts it alone.
pub(crate) struct House {
    pub(crate) issuer: Issuer,
    pub(crate) keys: Arc<StaticKeys>,
    pub(crate) verifier: Verifier,
    forge: EncodingKey,
    algorithm: Algorithm,
}

impl House {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate().expect("randomness");
        let der = key.to_pkcs8_der().expect("an Ed25519 key");
        Self::with(key, EncodingKey::from_ed_der(der.expose_secret()))
    }

    pub(crate) fn classic(secret: &str) -> Self {
        let key = SigningKey::shared_secret(SecretString::from(secret)).expect("not empty");
        Self::with(key, EncodingKey::from_secret(secret.as_bytes()))
    }

    fn with(key: SigningKey, forge: EncodingKey) -> Self {
        let algorithm = key.algorithm();
        let set = KeySet::new(vec![key.verifying_key()]).expect("one key");
        let keys = Arc::new(StaticKeys::new(set));
        let verifier = Verifier::new(keys.clone(), policy(algorithm)).expect("the policy is in order");
        let issuer = Issuer::new(key, ISSUER.into(), AUDIENCE.into(), TTL).expect("the settings are in order");
        Self { issuer, keys, verifier, forge, algorithm }
    }

    pub(crate) fn token(&self) -> String {
        self.issuer.issue(&user(), now()).expect("issues").token
    }

    /// The header of a good token.
    pub(crate) fn header(&self) -> Value {
        let mut header = json!({"alg": self.algorithm.as_str(), "typ": "at+jwt"});
        if self.algorithm == Algorithm::EdDsa {
            header["kid"] = self.issuer.verifying_key().kid().into();
        }
        header
    }

    /// Signs these two, good or bad, with the issuer's own key.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// The same for what is no JSON value, such as an object with a member twice.
    pub(crate) fn sign_text(
        &self,
        header: &(impl AsRef<[u8]> + ?Sized),
        claims: &(impl AsRef<[u8]> + ?Sized),
    ) -> String {
        let input = format!("{}.{}", encode(header), encode(claims));
        let algorithm = match self.algorithm {
            Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
            _ => jsonwebtoken::Algorithm::EdDSA,
        };
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &self.forge, algorithm);
        format!("{input}.{}", signature.expect("signs"))
    }

    pub(crate) fn with_header(&self, member: &str, value: Value) -> String {
        self.sign(&with(self.header(), member, value), &claims())
    }

    pub(crate) fn with_claim(&self, claim: &str, value: Value) -> String {
        self.sign(&self.header(), &with(claims(), claim, value))
    }

    pub(crate) fn without_claim(&self, claim: &str) -> String {
        self.sign(&self.header(), &without(claims(), claim))
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Arc<Claims>, Refusal> {
        self.verify_at(token, now())
    }

    pub(crate) fn verify_at(&self, token: &str, now: SystemTime) -> Result<Arc<Claims>, Refusal> {
        at_once(self.verifier.verify(token, now))
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, token: &str, expected: Refusal) {
        assert_eq!(self.verify(token).err(), Some(expected), "{token}");
    }

    #[track_caller]
    pub(crate) fn assert_accepted(&self, token: &str) {
        assert_eq!(self.verify(token).err(), None, "{token}");
    }
}

pub(crate) fn policy(algorithms: impl Into<Algorithms>) -> Policy {
    Policy::new(ISSUER, AUDIENCE, algorithms)
}

/// The claims of a good token.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user", "aud": AUDIENCE,
        "iat": NOW, "nbf": NOW, "exp": NOW + 900,
        "jti": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "email": "user@example.com",
    })
}

/// The refusal of a token that lacks this claim.
pub(crate) fn missing(claim: &'static str) -> Refusal {
    Refusal::Claims(ClaimsError::Missing(claim))
}

/// The refusal of a token whose claim of this name has a wrong type or form.
pub(crate) fn invalid(claim: &'static str) -> Refusal {
    Refusal::Claims(ClaimsError::Invalid(claim))
}

pub(crate) fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

pub(crate) fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().expect("an object").remove(member);
    object
}

pub(crate) fn encode(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
