//! `flotilla token verify`: a token against the keys of a set, then its claims, then the verdict.
//!
//! The verdict is the services' own [`Verifier`]; the tables around it (`report`) only explain.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use token::{Policy, Refusal, StaticKeys, Verifier};

use super::keyring::{Keyring, Keys};
use super::report::Report;
use super::wording::Place;
use super::{Form, input};
use crate::{exit, output};

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

pub(super) async fn run(options: &Options, form: Form) -> anyhow::Result<ExitCode> {
    // What cannot be judged must not look like a refusal: exit code 2, not 1.
    let token = input::read(options.token.as_deref()).map_err(exit::usage)?;
    let keyring = options.keys.load().await.map_err(exit::usage)?;
    let mut policy = Policy::new(&options.issuer, &options.audience, keyring.algorithms.clone());
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
