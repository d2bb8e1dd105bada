//! `flotilla token`: look at tokens, verify them, fetch them.

mod checks;
mod decode;
mod input;
mod keyring;
mod login;
mod members;
mod report;
mod verify;
mod wording;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

pub(crate) use self::login::refusal;

/// The options of `flotilla token`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,

    /// How to print the result
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    output: Form,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what a token says, without judging it
    Decode(decode::Options),
    /// Judge a token as hello does: signature, issuer, audience, times
    Verify(verify::Options),
    /// Log in and print the access token, and nothing else, on stdout
    Login(login::Options),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Text,
    Json,
}

/// Runs `flotilla token …`.
pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    match options.action {
        Action::Decode(decode) => decode::run(&decode, options.output),
        Action::Verify(verify) => block_on(verify::run(&verify, options.output)),
        Action::Login(login) => block_on(login::run(login, options.output)),
    }
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(work)
}
