//! hello's settings.
use chassis::config::{HttpUrl, Reader, Section, Setting, Span};
use secrecy::SecretString;
use serde::Deserialize;
use token::{Algorithm, Algorithms, Policy, TokenTypes, VerifyingKey};
use url::Url;

/// Where keys come from, and whose tokens for whom are good.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// The issuer's key set.
    pub jwks_url: HttpUrl,
    /// The longest time between two fetches of it.
    pub jwks_refresh: Span,
    /// The `iss` a token must have.
    pub issuer: String,
    /// The `aud` a token must have.
    pub audience: String,
    /// The algorithms a token may be signed with.
    pub algorithms: Algorithms,
    /// The `typ` a token may have.
    pub token_types: TokenTypes,
    /// Whether a token must have a `jti`.
    pub jti_required: bool,
    /// Whether times in a token may have fractions.
    pub fractional_times: bool,
    /// How far clocks may be apart.
    pub leeway: Span,
    /// Classic mode: the shared secret of HS256 tokens.
    pub secret: Option<SecretString>,
}

impl Section for Config {
    const SETTINGS: &'static [Setting] = &[
        Setting::new(
            "JWKS_URL",
            "http://auth/.well-known/jwks.json",
            "an http or https URL",
            "the key set that tokens are verified with",
        ),
        Setting::new(
            "JWKS_REFRESH",
            "5m",
            "a span of time from 5s",
            "the longest time between two fetches of the key set",
        ),
        Setting::new("ISSUER", "auth.service", "the issuer's name, exactly", "the iss claim a token must have"),
        Setting::new("AUDIENCE", "hello.service", "the audience's name, exactly", "the aud claim a token must have"),
        Setting::new(
            "ALGORITHMS",
            "EdDSA,ES256",
            "EdDSA, ES256 and RS256, separated by commas",
            "the algorithms a token may be signed with; keys for others are not taken",
        ),
        Setting::new(
            "TOKEN_TYPES",
            "at+jwt",
            "media types separated by commas, application/ may be left out; missing for a token without typ",
            "the typ a token may have; JWT too, for an issuer that makes no difference",
        ),
        Setting::new(
            "JTI_REQUIRED",
            "true",
            "true or false",
            "whether a token must have a jti; false for an issuer that writes none",
        ),
        Setting::new(
            "FRACTIONAL_TIMES",
            "false",
            "true or false",
            "whether exp, iat and nbf may have a fraction of a second",
        ),
        LEEWAY,
        Setting::optional(
            "SECRET",
            "tokens are verified with the key set",
            "the secret that the issuer has, 32 bytes or more",
            "classic mode: the shared secret of HS256 tokens",
        )
        .secret(),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.jwks_refresh.as_secs() < 5 {
            problems.push(("JWKS_REFRESH", "too short; allowed: a span of time from 5s".to_owned()));
        }
        problems.extend(self.jwks_refresh.too_long("JWKS_REFRESH"));
        problems.extend(leeway_problem(self.leeway));
        problems
    }
}

const LEEWAY: Setting =
    Setting::new("LEEWAY", "5s", "a span of time up to 60s", "how far clocks may be apart when times are judged");

fn leeway_problem(leeway: Span) -> Option<(&'static str, String)> {
    (*leeway > token::policy::MAX_LEEWAY).then(|| (LEEWAY.name, format!("too long; allowed: {}", LEEWAY.allowed)))
}

/// What remains to be set where the issuer is in the same process: its names and keys are known.
#[derive(Debug, Deserialize)]
pub struct Verification {
    /// How far clocks may be apart.
    pub leeway: Span,
}

impl Section for Verification {
    const SETTINGS: &'static [Setting] = &[LEEWAY];

    fn problems(&self) -> Vec<(&'static str, String)> {
        leeway_problem(self.leeway).into_iter().collect()
    }
}

/// Settings made into what verifies: the policy, and the key of classic mode or the key set's address.
#[derive(Debug)]
pub struct Checked {
    /// What a token must be.
    pub policy: Policy,
    /// Where keys come from.
    pub source: Source,
}

/// Where keys come from.
#[derive(Debug)]
pub enum Source {
    /// Classic mode.
    Secret(VerifyingKey),
    /// An issuer's key set: its address, how often to fetch it, and for which algorithms keys are taken.
    KeySet(Url, Span, Algorithms),
}

impl Config {
    /// Makes the settings into what verifies; what is wrong goes to the reader's report.
    pub fn checked(self, reader: &mut Reader<'_>) -> Option<Checked> {
        let (algorithms, source) = match self.secret {
            None => {
                let source = Source::KeySet(self.jwks_url.0, self.jwks_refresh, self.algorithms.clone());
                (self.algorithms, source)
            }
            Some(secret) => match VerifyingKey::shared_secret(&secret) {
                Ok(key) => (Algorithm::Hs256.into(), Source::Secret(key)),
                Err(error) => {
                    reader.problem("SECRET", error.to_string());
                    return None;
                }
            },
        };
        let policy = Policy {
            types: self.token_types,
            jti_required: self.jti_required,
            fractional_times: self.fractional_times,
            leeway: *self.leeway,
            ..Policy::new(self.issuer, self.audience, algorithms)
        };
        Some(Checked { policy, source })
    }
}
