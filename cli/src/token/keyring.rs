//! The keys that `flotilla token verify` holds a token against: a key set by address or file, or a shared secret.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::{SecretString, zeroize::Zeroizing};
use token::{Algorithm, Algorithms, KeySet, SkippedKey, VerifyingKey};
use url::Url;

use crate::{output, web};

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Keys {
    /// The issuer's public keys: an address, or a file with a JWK set (works offline)
    #[arg(long, value_name = "URL|FILE")]
    jwks: Option<String>,

    /// Classic mode (HS256): a file with the shared secret; a line end after it does not count
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

/// The keys a token is held against.
pub(super) struct Keyring {
    pub(super) keys: KeySet,
    pub(super) skipped: Vec<SkippedKey>,
    /// What a token may be signed with.
    pub(super) algorithms: Algorithms,
}

impl Keys {
    pub(super) async fn load(&self) -> anyhow::Result<Keyring> {
        match (&self.jwks, &self.secret_file) {
            (Some(place), _) => {
                let document = document(place).await?;
                let algorithms = Algorithms::signing();
                let (keys, skipped) = KeySet::parse(&document, &algorithms)
                    .with_context(|| format!("the keys from {place} are of no use"))?;
                Ok(Keyring { keys, skipped, algorithms })
            }
            (None, Some(path)) => shared_secret(path),
            (None, None) => bail!("no keys were given: use --jwks or --secret-file"),
        }
    }
}

async fn document(place: &str) -> anyhow::Result<Vec<u8>> {
    if !place.starts_with("http://") && !place.starts_with("https://") {
        return std::fs::read(place).with_context(|| format!("cannot read the key set {place}"));
    }
    let url: Url = place.parse().with_context(|| format!("{place} is no address"))?;
    let request = web::client(&url, TIMEOUT)?.get(url);
    let answer = web::answer(request).await.context("cannot fetch the key set")?;
    if !answer.status.is_success() {
        bail!("cannot fetch the key set: {place} answered {}", answer.status);
    }
    Ok(answer.body)
}

fn shared_secret(path: &PathBuf) -> anyhow::Result<Keyring> {
    let cannot = || format!("cannot read the secret in {}", path.display());
    let text = Zeroizing::new(std::fs::read_to_string(path).with_context(cannot)?);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let secret = SecretString::from(line.strip_suffix('\r').unwrap_or(line));
    let key = VerifyingKey::shared_secret(&secret).with_context(cannot)?;
    if let Some(weakness) = key.weakness() {
        output::remark(&format!("note: the shared secret {weakness}"));
    }
    Ok(Keyring { keys: KeySet::new(vec![key])?, skipped: Vec::new(), algorithms: Algorithm::Hs256.into() })
}
