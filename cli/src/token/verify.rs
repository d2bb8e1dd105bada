//! `flotilla token verify`: a token against the keys of a set, then its claims, then the verdict.
//!
//! The verdict is the services' own [`Verifier`]; the tables around it (`report`) only explain.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::{SecretString, zeroize::Zeroizing};
use token::{Algorithm, KeySet, Policy, Refusal, SkippedKey, StaticKeys, Verifier, VerifyingKey};
use url::Url;

use super::report::Report;
use super::wording::Place;
use super::{Form, input};
use crate::{exit, output, web};

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The token; `-` or nothing reads standard input. A login answer or an Authorization header will do too
    token: Option<String>,

    #[command(flatten)]
    keys: Keys,

    /// Who must have issued it
    #[arg(long, value_name = "NAME", default_value = "auth.service")]
    issuer: String,

    /// Whom it must be for
    #[arg(long, value_name = "NAME", default_value = "hello.service")]
    audience: String,

    /// How far clocks may be apart, at most 60s
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    leeway: Duration,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Keys {
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
    pub(super) algorithm: Algorithm,
}

pub(super) async fn run(options: &Options, form: Form) -> anyhow::Result<ExitCode> {
    // What cannot be judged must not look like a refusal: exit code 2, not 1.
    let token = input::read(options.token.as_deref()).map_err(exit::usage)?;
    let keyring = options.keys.load().await.map_err(exit::usage)?;
    let mut policy = Policy::new(&options.issuer, &options.audience, keyring.algorithm);
    policy.leeway = options.leeway;
    let place = Place::here()?;
    let verdict = judge(&token, &keyring, &policy, place.now.into()).await.map_err(exit::usage)?;
    let report = Report::new(&token, &keyring, &policy, verdict, &place);
    match form {
        Form::Text => output::print(&report.text())?,
        Form::Json => output::print_json(&report)?,
    }
    Ok(ExitCode::from(if report.valid { 0 } else { exit::FAILED }))
}

/// What a service would say.
async fn judge(
    token: &str,
    keyring: &Keyring,
    policy: &Policy,
    now: std::time::SystemTime,
) -> anyhow::Result<Result<(), Refusal>> {
    let keys = Arc::new(StaticKeys::new(keyring.keys.clone()));
    let verifier = Verifier::new(keys, policy.clone())?.without_cache();
    Ok(verifier.verify(token, now).await.map(drop))
}

impl Keys {
    async fn load(&self) -> anyhow::Result<Keyring> {
        match (&self.jwks, &self.secret_file) {
            (Some(place), _) => {
                let document = document(place).await?;
                let (keys, skipped) =
                    KeySet::parse(&document).with_context(|| format!("the keys from {place} are of no use"))?;
                Ok(Keyring { keys, skipped, algorithm: Algorithm::EdDsa })
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
    Ok(Keyring { keys: KeySet::new(vec![key])?, skipped: Vec::new(), algorithm: Algorithm::Hs256 })
}
