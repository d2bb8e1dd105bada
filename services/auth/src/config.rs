//! auth's settings.
use std::path::PathBuf;

use chassis::{
    Service,
    config::{Invalid, Reader, Section, Setting, Span},
};
use secrecy::SecretString;
use serde::Deserialize;
use token::SigningKey;

use crate::{data_dir, password::Memory, seal::SealingKey};

/// Where data lives, and what tokens say.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// The directory of the embedded database and its key.
    pub data_dir: Option<PathBuf>,
    /// Seals private keys at rest.
    pub key_encryption_key: Option<SealingKey>,
    /// Whether the demo account may log in.
    pub demo_user: bool,
    /// The `iss` of tokens.
    pub issuer: String,
    /// The `aud` of tokens.
    pub audience: String,
    /// The life of tokens.
    pub token_ttl: Span,
    /// Memory of one password hashing.
    pub password_memory_kib: u32,
    /// Classic mode: the shared secret of HS256 tokens.
    pub secret: Option<SecretString>,
}

impl Section for Config {
    const SETTINGS: &'static [Setting] = &[
        Setting::optional(
            "DATA_DIR",
            "flotilla in the platform's data directory",
            "a directory this user may write",
            "where the embedded database and its key live; made with mode 0700",
        ),
        Setting::optional(
            "KEY_ENCRYPTION_KEY",
            "generated in the data directory",
            "32 bytes in base64, as from: openssl rand -base64 32",
            "seals private keys at rest",
        )
        .secret(),
        Setting::new(
            "DEMO_USER",
            "true",
            "true or false",
            "whether the account user with password password may log in",
        ),
        Setting::new("ISSUER", "auth.service", "a name", "the iss claim of tokens"),
        Setting::new("AUDIENCE", "hello.service", "a name", "the aud claim of tokens"),
        Setting::new("TOKEN_TTL", "15m", "a span of time from 1s to 24h", "how long a token is good"),
        Setting::new(
            "PASSWORD_MEMORY_KIB",
            "3072",
            "a number from 1024 to 65536",
            "memory of one argon2id hashing, with as many passes as make it worth 7 MiB and 5; 3 MiB fit a 10 MiB pod",
        ),
        Setting::optional(
            "SECRET",
            "tokens are signed with Ed25519",
            "a secret that the verifiers have, 32 bytes or more",
            "classic mode: the shared secret of HS256 tokens",
        )
        .secret(),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let day = 24 * 60 * 60;
        if !(1..=day).contains(&self.token_ttl.as_secs()) {
            problems.push(("TOKEN_TTL", "out of range; allowed: a span of time from 1s to 24h".to_owned()));
        }
        if !Memory::ALLOWED.contains(&self.password_memory_kib) {
            problems.push(("PASSWORD_MEMORY_KIB", "out of range; allowed: a number from 1024 to 65536".to_owned()));
        }
        problems
    }
}

/// Settings without problems. Nothing on the disk was touched for them.
#[derive(Debug)]
pub struct Checked {
    config: Config,
    classic_key: Option<SigningKey>,
}

/// Settings made into what auth works with: the directory exists, the keys are keys.
#[derive(Debug)]
pub struct Prepared {
    /// Exists and can be written.
    pub data_dir: PathBuf,
    /// Seals private keys at rest.
    pub sealing_key: SealingKey,
    /// Where that key came from, for messages.
    pub sealing_key_origin: String,
    /// Whether the demo account may log in.
    pub demo_user: bool,
    /// The `iss` of tokens.
    pub issuer: String,
    /// The `aud` of tokens.
    pub audience: String,
    /// The life of tokens.
    pub token_ttl: Span,
    /// Memory of one password hashing.
    pub password_memory: Memory,
    /// Classic mode.
    pub classic_key: Option<SigningKey>,
}

impl Config {
    /// Makes keys of what should be keys; what is wrong goes to the reader's report.
    pub fn checked(mut self, reader: &mut Reader<'_>) -> Option<Checked> {
        match self.secret.take().map(SigningKey::shared_secret).transpose() {
            Ok(classic_key) => Some(Checked { config: self, classic_key }),
            Err(wrong) => {
                reader.problem("SECRET", wrong.to_string());
                None
            }
        }
    }
}

impl Checked {
    /// Makes the data directory and, unless one is configured, the key in it.
    pub fn prepared(self, service: &Service) -> Result<Prepared, Invalid> {
        let Self { config, classic_key } = self;
        let refused = |wrong| Invalid::of(service, "DATA_DIR", wrong);
        let out_of_range = || Invalid::of(service, "PASSWORD_MEMORY_KIB", "out of range");
        let password_memory = Memory::kib(config.password_memory_kib).ok_or_else(out_of_range)?;
        let data_dir = data_dir::prepare(config.data_dir).map_err(refused)?;
        let (sealing_key, sealing_key_origin) = match config.key_encryption_key {
            Some(key) => (key, "the configured key-encryption key".to_owned()),
            None => data_dir::sealing_key(&data_dir)
                .map(|(key, path)| (key, path.display().to_string()))
                .map_err(refused)?,
        };
        Ok(Prepared {
            data_dir,
            sealing_key,
            sealing_key_origin,
            demo_user: config.demo_user,
            issuer: config.issuer,
            audience: config.audience,
            token_ttl: config.token_ttl,
            password_memory,
            classic_key,
        })
    }
}
