//! The options of `flotilla load`, and the plan that they make.

mod amount;
mod body;
mod requests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use self::amount::{Amount, LONGEST, whole};
use self::requests::Requests;
use super::display::Manner;
use super::plan::Plan;
use super::target::Target;
use super::tls::Trust;
use super::verdict::Thresholds;

const EXAMPLES: &str = "\
Phases:
  --phase TIME:LEVEL, one after another; a LEVEL is a rate or a number of connections,
  steady or as a ramp:
    10s:500/s  10s:0..500/s  5s:0     requests a second (open loop)
    30s:16c    1m:1..64c              connections that keep asking (closed loop)

Examples:
  flotilla load localhost:8080
  flotilla load localhost:8080 -u user --path /:9 --path /secure:1 --p99 50ms
  flotilla load localhost:8080 --rate 500 --duration 1m --max-failures 0
  flotilla load localhost:8080 --phase 10s:0..500/s --phase 20s:500/s --html report.html

Exit codes:
  0    passed
  1    a threshold was not kept, no answer was good, or the load could not begin
  2    the command is wrong, or the host is not to be loaded
  130  ended at once by a second Ctrl-C, without a report

docs/load.md says what is measured and how.";

/// The options of `flotilla load`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// What to load, for example localhost:8080; without a scheme it is http
    url: String,

    #[command(flatten)]
    amount: Amount,
    #[command(flatten)]
    requests: Requests,
    #[command(flatten)]
    connecting: Connecting,
    #[command(flatten)]
    pub(super) thresholds: Thresholds,
    #[command(flatten)]
    pub(super) display: Display,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Connections")]
struct Connecting {
    /// A new connection for every request, instead of keeping them
    #[arg(long)]
    new_connections: bool,

    /// How long a request may take, from making its connection to the end of its answer [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    timeout: Option<Duration>,

    /// Trust the certificate authorities in this PEM file, instead of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    cacert: Option<PathBuf>,

    /// Trust any certificate
    #[arg(short = 'k', long)]
    insecure: bool,

    /// Load a host that is neither this machine nor in a private network
    #[arg(long)]
    i_own_this_host: bool,
}

/// How a run is shown and reported.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(super) struct Display {
    /// One line a second instead of a picture; also where there is no terminal
    #[arg(long, conflicts_with = "quiet")]
    pub(super) plain: bool,

    /// Nothing while it runs, only the result
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// How to print the result
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(super) output: Form,

    /// Write the result as JSON to this file, too
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,

    /// Write the result as a page with plots to this file, too
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    #[default]
    Text,
    Json,
}

impl Display {
    /// One report would overwrite the other.
    fn files_differ(&self) -> anyhow::Result<()> {
        match (&self.json, &self.html) {
            (Some(json), Some(html)) if resolved(json) == resolved(html) => {
                bail!("--json and --html name the same file, {}: each needs one of its own", html.display())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn manner(&self) -> Manner {
        match (self.quiet, self.plain) {
            (true, _) => Manner::Nothing,
            (false, true) => Manner::Lines,
            (false, false) => Manner::Picture,
        }
    }
}

/// As it is found on the disk, if it is there already; else where it will be.
fn resolved(path: &Path) -> PathBuf {
    let in_directory = || {
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(directory.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_directory).unwrap_or_else(|| path.to_owned())
}

impl Options {
    /// The plan. Asks for the password, if it has to.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        self.display.files_differ()?;
        let target = Target::parse(&self.url)?;
        let (schedule, connections) = self.amount.schedule()?;
        let Connecting { timeout, new_connections, insecure, ref cacert, i_own_this_host } = self.connecting;
        if timeout.is_some_and(|timeout| timeout.is_zero() || timeout > LONGEST) {
            bail!("--timeout: wanted: more than nothing, at most 24h");
        }
        let trust = match cacert {
            _ if insecure => Trust::Anybody,
            Some(path) => Trust::File(path.clone()),
            None => Trust::System,
        };
        let usual = Plan::new(target, schedule, connections);
        Ok(Plan {
            mix: self.requests.mix(&usual.target)?,
            message: self.requests.message()?,
            requests: self.amount.requests,
            keep_alive: !new_connections,
            timeout: timeout.unwrap_or(usual.timeout),
            good: self.requests.expect.clone().unwrap_or_default(),
            login: self.requests.login(&usual.target)?,
            trust,
            anywhere: i_own_this_host,
            threads: self.amount.threads.map_or(usual.threads, whole),
            ..usual
        })
    }
}

#[cfg(test)]
mod tests;
