//! `flotilla up`: the whole suite on this machine, until Ctrl-C.
//!
//! | module | does |
//! |---|---|
//! | `plan` | which services, ports and settings |
//! | `door` | how people reach it: in clear or over TLS |
//! | `data` | the data directory, kept or not |
//! | `fleet` | all services: start from the inside out, drain from the outside in |
//! | `keeper` | one service: its lives, with `backoff` between them and `readiness` in each |
//! | `process` | one child process, its `logs` and its end |
//! | `said` | what a service says, and what of it explains a failed start |
//! | `console` | all output, in whole lines, held up by nobody |
//! | `banner` | the table and the commands to paste |
//!
//! The children are this same executable (`flotilla service <name>`), so what runs here is what was built.
//!
//! Whoever wants a suite for something else of their own makes a `Plan`, and gives it to a `Fleet`; the modules for that
//! are open to the crate.

mod backoff;
mod banner;
pub(crate) mod console;
pub(crate) mod data;
mod door;
pub(crate) mod fleet;
pub(crate) mod keeper;
mod logs;
pub(crate) mod plan;
mod ports;
mod process;
mod readiness;
mod said;

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use self::console::Console;
use self::data::DataDir;
use self::fleet::Fleet;
use self::plan::Plan;
use crate::signals::{ECHO, Ending, Signals};
use crate::{exit, output};

/// How long an output that stands still may delay the end.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The options of `flotilla up`.
#[derive(Debug, Args)]
#[command(after_help = plan::SETTINGS_HELP)]
pub(crate) struct Options {
    /// The port of the suite (of the frontend, or of the monolith); 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,

    /// Where accounts and keys are kept [default: flotilla in the platform's data directory]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Keep nothing: the data directory is a temporary one
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,

    /// Run the monolith, where the story starts, instead of the three services
    #[arg(long)]
    monolith: bool,

    /// How the services write their logs: text for people, json for programs
    #[arg(long, value_name = "FORM", env = "LOG_FORMAT", default_value = "text", value_parser = log_format)]
    log_format: String,
}

/// The services' own words for it; empty is as good as unset, as everywhere in the suite.
fn log_format(text: &str) -> Result<String, &'static str> {
    match text {
        "" => Ok("text".to_owned()),
        "text" | "json" => Ok(text.to_owned()),
        _ => Err("text or json"),
    }
}

/// Runs `flotilla up`.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(up(options))
}

async fn up(options: &Options) -> anyhow::Result<ExitCode> {
    // First, so that no signal finds something half done.
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let mut plan = Plan::new(options.port, options.monolith)?;
    let data = if options.ephemeral { DataDir::ephemeral() } else { DataDir::kept(options.data_dir.as_deref()) }?;
    plan.furnish(data.path(), options.ephemeral, &options.log_format)?;
    let console = Console::stdout().context("cannot start the console")?;
    let mut fleet = Fleet::new(console.clone())?;
    let ended = tokio::select! {
        ending = signals.next() => Ok(ending),
        failed = serve(&mut fleet, plan, &data, &console) => Err(match failed { Err(error) => error }),
    };
    let left = leave(&mut fleet, &mut signals, ended.as_ref().ok(), &console).await;
    drop(fleet);
    console.finish(LAST_LINES);
    outcome(ended.map(|_| left), data.close())
}

/// The first failure wins: a directory that cannot be removed must not hide why nothing runs.
fn outcome(ended: anyhow::Result<u8>, closed: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    match (ended, closed) {
        (Ok(code), closed) => closed.map(|()| ExitCode::from(code)),
        (Err(first), Ok(())) => Err(first),
        (Err(first), Err(later)) => {
            output::remark(&format!("besides: {later:#}"));
            Err(first)
        }
    }
}

/// Starts everything and says so. Comes back only if that fails.
async fn serve(fleet: &mut Fleet, plan: Plan, data: &DataDir, console: &Console) -> anyhow::Result<Infallible> {
    let door = plan.door.clone();
    let moorings = fleet.start(plan).await?;
    let kept = match data {
        DataDir::Kept(path) => Some(path.display().to_string()),
        DataDir::Ephemeral(_) => None,
    };
    console.show(banner::banner(&moorings, &door, kept.as_deref()));
    std::future::pending().await
}

/// Ends what runs, in order; at once if a further signal asks for it. Says the exit code.
async fn leave(fleet: &mut Fleet, signals: &mut Signals, ending: Option<&Ending>, console: &Console) -> u8 {
    if let Some(ending) = ending {
        console.say(&format!("{}: stopping in order; once more stops at once", ending.name));
    }
    let again = tokio::select! {
        peaceful = fleet.drain() => return if peaceful { 0 } else { exit::FAILED },
        again = signals.next_after(ECHO) => again,
    };
    console.say(&format!("{} again: stopping at once", again.name));
    fleet.kill().await;
    again.code
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn told(ended: anyhow::Result<u8>, closed: anyhow::Result<()>) -> String {
        format!("{:#}", outcome(ended, closed).unwrap_err())
    }

    #[test]
    fn the_first_failure_is_the_one_that_is_told() {
        let refused = || exit::failure(exit::CONFIGURATION, "hello refused its configuration");
        let stuck = || anyhow!("cannot remove the temporary directory");
        assert!(outcome(Ok(0), Ok(())).is_ok());
        assert_eq!(told(Ok(0), Err(stuck())), "cannot remove the temporary directory");
        assert_eq!(told(Err(refused()), Ok(())), "hello refused its configuration");
        assert_eq!(told(Err(refused()), Err(stuck())), "hello refused its configuration");
    }

    #[test]
    fn the_first_failures_exit_code_stays() {
        let code = |ended, closed| exit::report(&outcome(ended, closed).unwrap_err());
        let refused = || exit::failure(exit::CONFIGURATION, "hello refused its configuration");
        assert_eq!(code(Err(refused()), Err(anyhow!("stuck"))), ExitCode::from(exit::CONFIGURATION));
    }
}
