//! Remembering tokens that verified, so that the next request with one costs no signature check.
//!
//! Bounded in number and in bytes. An entry is good for one generation of the key source; its times are judged anew on
//! every hit, by the verifier.

use std::mem::size_of;
use std::sync::Arc;

use aws_lc_rs::hmac;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::claims::Claims;

/// The share of the budget that any entry takes at least. 4096 of them make 2 MiB.
const MIN_ENTRY_BYTES: u64 = 512;

/// What the entry costs beside its strings: hash map slot, reference counts, allocator rounding.
const ENTRY_OVERHEAD: usize = 256;

/// What the allocator adds to a string, at most.
const ALLOCATION_OVERHEAD: usize = 32;

/// More parts would make each too small to hold one token of the greatest length.
const SHARDS: usize = 4;

/// Stands for a whole token. A stranger who does not know the key cannot make two tokens meet.
pub(crate) type TokenDigest = [u8; 32];

pub(crate) struct VerifiedTokens {
    digest_key: hmac::Key,
    entries: Cache<TokenDigest, Entry, EntryBytes>,
}

#[derive(Clone)]
struct Entry {
    claims: Arc<Claims>,
    generation: u64,
}

#[derive(Clone)]
struct EntryBytes;

impl Weighter<TokenDigest, Entry> for EntryBytes {
    fn weight(&self, digest: &TokenDigest, entry: &Entry) -> u64 {
        let claims = &entry.claims;
        let strings = [&claims.iss, &claims.sub, &claims.aud]
            .into_iter()
            .chain(&claims.jti)
            .chain(&claims.email)
            .chain(&claims.roles)
            .map(String::capacity)
            .sum::<usize>();
        let roles = claims.roles.capacity() * (size_of::<String>() + ALLOCATION_OVERHEAD);
        let bytes = digest.len() + size_of::<Claims>() + ENTRY_OVERHEAD + strings + roles;
        (bytes as u64).max(MIN_ENTRY_BYTES)
    }
}

impl VerifiedTokens {
    /// Room for `capacity` tokens of usual size; fewer if they are large.
    pub(crate) fn new(capacity: usize) -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system gives randomness, or no key could have been made");
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(capacity)
            .weight_capacity((capacity as u64).saturating_mul(MIN_ENTRY_BYTES))
            .build()
            .expect("both capacities are set");
        Self {
            digest_key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            entries: Cache::with_options(
                options,
                EntryBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
        }
    }

    pub(crate) fn digest(&self, token: &str) -> TokenDigest {
        hmac::sign(&self.digest_key, token.as_bytes()).as_ref().try_into().expect("HMAC-SHA256 is 32 bytes long")
    }

    /// The claims of a token that verified under this very generation of the keys.
    pub(crate) fn get(&self, digest: &TokenDigest, generation: u64) -> Option<Arc<Claims>> {
        let entry = self.entries.get(digest)?;
        if entry.generation == generation {
            return Some(entry.claims);
        }
        self.entries.remove(digest);
        None
    }

    pub(crate) fn insert(&self, digest: TokenDigest, claims: Arc<Claims>, generation: u64) {
        self.entries.insert(digest, Entry { claims, generation });
    }

    pub(crate) fn remove(&self, digest: &TokenDigest) {
        self.entries.remove(digest);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    #[cfg(test)]
    fn weight(&self) -> u64 {
        self.entries.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(padding: usize) -> Arc<Claims> {
        Arc::new(Claims {
            iss: "auth.service".into(),
            sub: "user".into(),
            aud: "hello.service".into(),
            exp: 2,
            iat: 1,
            nbf: 1,
            jti: Some("x".repeat(padding)),
            email: None,
            roles: vec![],
        })
    }

    fn fill(tokens: &VerifiedTokens, count: usize, padding: usize) {
        for n in 0..count {
            tokens.insert(tokens.digest(&n.to_string()), claims(padding), 1);
        }
    }

    #[test]
    fn the_number_of_tokens_is_bounded() {
        let tokens = VerifiedTokens::new(64);
        fill(&tokens, 10_000, 36);
        assert!(tokens.len() <= 64, "{} tokens", tokens.len());
        assert!(tokens.len() >= 32, "only {} tokens", tokens.len());
    }

    #[test]
    fn large_tokens_share_the_same_two_mebibytes() {
        let tokens = VerifiedTokens::new(4096);
        fill(&tokens, 5_000, 6_000);
        assert!(tokens.weight() <= 2 * 1024 * 1024);
        assert!(tokens.len() <= 2 * 1024 * 1024 / 6_000);
        assert!(tokens.len() > 100, "large tokens are remembered too");
    }

    #[test]
    fn many_roles_take_their_share_of_the_budget() {
        let tokens = VerifiedTokens::new(64);
        let roles = vec!["r".repeat(64); 64];
        let many = Arc::new(Claims { roles, ..Claims::clone(&claims(36)) });
        tokens.insert(tokens.digest("few"), claims(36), 1);
        let before = tokens.weight();
        tokens.insert(tokens.digest("many"), many, 1);
        assert!(tokens.weight() - before >= 64 * (64 + 24), "{} bytes", tokens.weight() - before);
    }

    #[test]
    fn an_entry_dies_with_its_generation() {
        let tokens = VerifiedTokens::new(64);
        let digest = tokens.digest("a.b.c");
        tokens.insert(digest, claims(36), 1);
        assert!(tokens.get(&digest, 1).is_some());
        assert!(tokens.get(&digest, 2).is_none());
        assert!(tokens.get(&digest, 1).is_none(), "it does not come back");
    }

    #[test]
    fn two_processes_do_not_share_digests() {
        let digest = |tokens: VerifiedTokens| tokens.digest("a.b.c");
        assert_ne!(digest(VerifiedTokens::new(8)), digest(VerifiedTokens::new(8)));
    }
}
