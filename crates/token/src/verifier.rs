//! Judging access tokens: the order of the checks is the order of the code.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::algorithm::Algorithm;
use crate::claims::Claims;
use crate::compact::{CompactToken, MAX_TOKEN_BYTES};
use crate::key_source::KeySource;
use crate::policy::{Policy, PolicyError};
use crate::received_claims::ReceivedClaims;
use crate::refusal::Refusal;
use crate::verified_tokens::VerifiedTokens;
use crate::verifying_key::VerifyingKey;

/// How many verified tokens are remembered unless said otherwise.
pub const DEFAULT_CACHE_CAPACITY: usize = 4096;

type Observer = Box<dyn Fn(&Refusal) + Send + Sync>;

/// Tells good tokens from all others. Holds no private key.
pub struct Verifier {
    keys: Arc<dyn KeySource>,
    policy: Policy,
    verified: Option<VerifiedTokens>,
    observer: Option<Observer>,
}

impl Verifier {
    /// A verifier that remembers up to [`DEFAULT_CACHE_CAPACITY`] good tokens, in at most 2 MiB.
    pub fn new(keys: Arc<dyn KeySource>, policy: Policy) -> Result<Self, PolicyError> {
        policy.check()?;
        Ok(Self { keys, policy, verified: Some(VerifiedTokens::new(DEFAULT_CACHE_CAPACITY)), observer: None })
    }

    /// The same verifier, remembering at most `tokens` of usual size (512 bytes each); none at all if 0.
    #[must_use]
    pub fn cache_capacity(mut self, tokens: usize) -> Self {
        self.verified = (tokens > 0).then(|| VerifiedTokens::new(tokens));
        self
    }

    /// The same verifier, checking every signature every time.
    #[must_use]
    pub fn without_cache(self) -> Self {
        self.cache_capacity(0)
    }

    /// The same verifier, calling `observer` on every refusal: services count them by [`Refusal::reason`].
    #[must_use]
    pub fn observe(mut self, observer: impl Fn(&Refusal) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// What this verifier demands.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How many verified tokens are remembered now.
    pub fn cached_tokens(&self) -> usize {
        self.verified.as_ref().map_or(0, VerifiedTokens::len)
    }

    /// The claims of `token`, if it is good at `now`.
    ///
    /// Bounded work: at most one signature check, and at most one wait for the key source. A refusal is logged (its
    /// reason, nothing of the token) and handed to the observer.
    pub async fn verify(&self, token: &str, now: SystemTime) -> Result<Arc<Claims>, Refusal> {
        match self.remembered_or_judged(token, now).await {
            Ok(claims) => Ok(claims),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// Logs and counts a refusal. For those that are found before there is a token to verify.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Refusal {
        let reason = refusal.reason();
        if refusal == Refusal::KeysUnavailable {
            tracing::warn!(reason, "token not judged: {refusal}");
        } else {
            tracing::info!(reason, claim = refusal.claim(), "token refused: {refusal}");
        }
        if let Some(observer) = &self.observer {
            observer(&refusal);
        }
        refusal
    }

    async fn remembered_or_judged(&self, token: &str, now: SystemTime) -> Result<Arc<Claims>, Refusal> {
        // Before anything is computed over it.
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLarge);
        }
        let Some(verified) = &self.verified else {
            return self.judge(token, now).await.map(Arc::new);
        };
        // Read before the key is looked up: if the keys change meanwhile, what we store is dead already.
        let generation = self.keys.generation();
        let digest = verified.digest(token);
        if let Some(claims) = verified.get(&digest, generation) {
            let judged = self.policy.judge_time(&claims, now);
            if judged == Err(Refusal::Expired) {
                verified.remove(&digest);
            }
            return judged.map(|()| claims);
        }
        let claims = Arc::new(self.judge(token, now).await?);
        verified.insert(digest, Arc::clone(&claims), generation);
        Ok(claims)
    }

    async fn judge(&self, token: &str, now: SystemTime) -> Result<Claims, Refusal> {
        let token = CompactToken::parse(token)?;
        let header = token.header()?;
        let algorithm = header.alg.as_deref().and_then(Algorithm::named).ok_or(Refusal::Algorithm)?;
        if !self.policy.algorithms.contain(algorithm) {
            return Err(Refusal::Algorithm);
        }
        if !self.policy.types.contain(header.typ.as_deref()) {
            return Err(Refusal::Type);
        }
        let key = self.key(header.kid.as_deref(), algorithm).await?;
        // The header was held against the policy; the key is, too, so that no key is used for another's algorithm.
        if key.algorithm() != algorithm {
            return Err(Refusal::Algorithm);
        }
        if !key.verifies(&token) {
            return Err(Refusal::Signature);
        }
        let claims = ReceivedClaims::parse(token.payload_json(), &self.policy)?;
        self.policy.judge(claims, now)
    }

    async fn key(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<Arc<VerifyingKey>, Refusal> {
        match self.keys.known(kid, algorithm) {
            Some(key) => Ok(key),
            None => self.keys.key(kid, algorithm).await,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("policy", &self.policy)
            .field("cached_tokens", &self.cached_tokens())
            .finish_non_exhaustive()
    }
}
