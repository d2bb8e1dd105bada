//! What tokens say, how long they are good, and when their keys change.
use chassis::config::{Section, Setting, Span};
use secrecy::SecretString;
use serde::Deserialize;
use token::SigningAlgorithm;

use crate::keys::{Schedule, ring::Issuance};

/// What tokens say, and for how long.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    /// The `iss` of tokens.
    pub issuer: String,
    /// The `aud` of tokens.
    pub audience: String,
    /// The life of access tokens.
    pub token_ttl: Span,
    /// The life of a family of refresh tokens.
    pub refresh_ttl: Span,
    /// The algorithm of new signing keys.
    pub signing_algorithm: SigningAlgorithm,
    /// How long a refresh whose answer was lost may be repeated.
    pub refresh_grace: Span,
    /// How long verifiers may work with a key set.
    pub jwks_max_age: Span,
    /// The age at which a key is replaced by itself.
    pub key_max_age: Option<Span>,
    /// Where clients reach this issuer, for its metadata.
    pub public_url: Option<chassis::config::HttpUrl>,
    /// Classic mode: the shared secret of HS256 tokens.
    pub secret: Option<SecretString>,
}

impl Section for Tokens {
    const SETTINGS: &'static [Setting] = &[
        Setting::new("ISSUER", "auth.service", "a name", "the iss claim of tokens"),
        Setting::new("AUDIENCE", "hello.service", "a name", "the aud claim of tokens"),
        Setting::new("TOKEN_TTL", "15m", "a span of time from 1s to 24h", "how long an access token is good"),
        Setting::new(
            "REFRESH_TTL",
            "12h",
            "a span of time from 1s to 90days",
            "how long a login can be refreshed, however often it is",
        ),
        Setting::new(
            "SIGNING_ALGORITHM",
            "EdDSA",
            "EdDSA or ES256",
            "the algorithm that tokens are signed with; a change makes a new key, as a rotation does",
        ),
        Setting::new(
            "REFRESH_GRACE",
            "10s",
            "a span of time from 0s to 60s",
            "how long a client may repeat a refresh whose answer it did not get; 0s: each repetition is a reuse",
        ),
        Setting::new(
            "JWKS_MAX_AGE",
            "5m",
            "a span of time from 6s to 1h",
            "how long verifiers may work with a key set; a new key is published so long before it signs",
        ),
        Setting::optional(
            "KEY_MAX_AGE",
            "keys are rotated by order only",
            "a span of time from 1h to 1000days",
            "the age at which a signing key is replaced by itself",
        ),
        Setting::optional(
            "PUBLIC_URL",
            "the address that a request names in Host",
            "an http or https URL",
            "where clients reach this service, for its metadata (RFC 8414)",
        ),
        Setting::optional(
            "SECRET",
            "tokens are signed with a key pair",
            "a secret that the verifiers have, 32 bytes or more",
            "classic mode: the shared secret of HS256 tokens",
        )
        .secret(),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        const HOUR: u64 = 60 * 60;
        const DAY: u64 = 24 * HOUR;
        let ranges = [
            ("TOKEN_TTL", Some(self.token_ttl), 1..=DAY, "from 1s to 24h"),
            ("REFRESH_TTL", Some(self.refresh_ttl), 1..=90 * DAY, "from 1s to 90days"),
            ("REFRESH_GRACE", Some(self.refresh_grace), 0..=60, "from 0s to 60s"),
            ("JWKS_MAX_AGE", Some(self.jwks_max_age), 6..=HOUR, "from 6s to 1h"),
            ("KEY_MAX_AGE", self.key_max_age, HOUR..=1000 * DAY, "from 1h to 1000days"),
        ];
        let outside =
            ranges.into_iter().filter(|(_, span, range, _)| span.is_some_and(|span| !range.contains(&span.as_secs())));
        let with_query = self.public_url.as_ref().filter(|url| url.0.query().is_some());
        let with_query = with_query.map(|_| {
            let wrong = "with a query, which an issuer's addresses cannot have (RFC 8414 section 2)";
            ("PUBLIC_URL", format!("{wrong}; allowed: an http or https URL"))
        });
        outside
            .map(|(name, _, _, allowed)| (name, format!("out of range; allowed: a span of time {allowed}")))
            .chain(with_query)
            .collect()
    }
}

impl Tokens {
    /// What every token says.
    pub fn issuance(&self) -> Issuance {
        Issuance { issuer: self.issuer.clone(), audience: self.audience.clone(), ttl: *self.token_ttl }
    }

    /// When keys change.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            jwks_max_age: *self.jwks_max_age,
            token_ttl: *self.token_ttl,
            max_age: self.key_max_age.map(|age| *age),
        }
    }
}
