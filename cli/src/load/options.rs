//! The options of `flotilla load`, and the plan that they make.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use http::Method;

use super::good::Good;
use super::mix::{Mix, WeightedPath};
use super::plan::Plan;
use super::request::{Field, Message};
use super::schedule::{MAX_CONNECTIONS, MAX_RATE, Phase, Schedule, Unit};
use super::session::Login;
use super::target::Target;
use super::tls::Trust;
use super::verdict::Thresholds;
use crate::credentials::Credentials;

/// Without a number of requests and without a time.
const USUAL_LENGTH: Duration = Duration::from_secs(30);
/// The time that a number of requests has, unless it is told.
const LENGTH_OF_A_COUNT: Duration = Duration::from_hours(1);
/// No run is without an end.
const LONGEST: Duration = Duration::from_hours(24);
const MOST_REQUESTS: u64 = 1_000_000_000;
const USUAL_CONNECTIONS: usize = 8;
/// A rate needs more connections when answers are slow.
const USUAL_CONNECTIONS_OF_A_RATE: usize = 64;
const MAX_BODY_BYTES: u64 = 1024 * 1024;
const MAX_THREADS: u64 = 64;

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
#[command(next_help_heading = "How much")]
struct Amount {
    /// How many connections keep asking; with a rate, how many there may be at most [default: 8; with a rate 64]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_CONNECTIONS as u64))]
    connections: Option<u64>,

    /// Send so many requests a second whatever becomes of them (open loop), instead of each when the last is answered
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    rate: Option<f64>,

    /// How long [default: 30s; at most 24h]
    #[arg(short, long, value_name = "TIME", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,

    /// End after so many requests, if not before
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_REQUESTS))]
    requests: Option<u64>,

    /// A part of the run, instead of --rate and --duration; may be repeated, see below
    #[arg(long = "phase", value_name = "TIME:LEVEL", conflicts_with_all = ["rate", "duration"])]
    phases: Vec<Phase>,

    /// How many threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_THREADS))]
    threads: Option<u64>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Requests")]
struct Requests {
    /// A path and how often it is asked for compared with the others; may be repeated [default: the URL's]
    #[arg(long = "path", value_name = "PATH[:WEIGHT]")]
    paths: Vec<WeightedPath>,

    /// The method [default: GET; with --data POST]
    #[arg(short = 'X', long)]
    method: Option<Method>,

    /// A header field; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    fields: Vec<Field>,

    /// A body, or @ and the name of a file with it; JSON is labelled as such
    #[arg(long, value_name = "TEXT|@FILE")]
    data: Option<String>,

    /// Which statuses are good [default: all below 400]
    #[arg(long, value_name = "STATUS,…")]
    expect: Option<Good>,

    /// Log in first and send the token with every request; it is refreshed in time. A password after a colon can be seen
    /// by others; without one it is taken from FLOTILLA_PASSWORD, or asked for
    #[arg(short = 'u', long, visible_alias = "user", value_name = "USER[:PASSWORD]", value_parser = Credentials::parse)]
    login: Option<Credentials>,

    /// Where to log in [default: /login of the URL's host]
    #[arg(long, value_name = "URL", requires = "login")]
    login_url: Option<String>,

    /// Read the password from standard input (one line)
    #[arg(long, requires = "login")]
    password_stdin: bool,
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
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    #[default]
    Text,
    Json,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.strip_suffix("/s").unwrap_or(text).parse().ok();
    let fits = |rate: &f64| *rate > 0.0 && *rate <= MAX_RATE;
    rate.filter(fits).ok_or_else(|| format!("wanted: requests a second, up to {MAX_RATE}"))
}

impl Options {
    /// The plan. Asks for the password, if it has to.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
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

impl Amount {
    /// How much when, and how many connections at most.
    fn schedule(&self) -> anyhow::Result<(Schedule, usize)> {
        let given = self.connections.map(whole);
        if !self.phases.is_empty() {
            let schedule = Schedule::new(self.phases.clone()).map_err(|why| anyhow::anyhow!("--phase: {why}"))?;
            let connections = match schedule.unit() {
                Unit::Rate => given.unwrap_or(USUAL_CONNECTIONS_OF_A_RATE),
                Unit::Connections if given.is_some() => {
                    bail!("--connections and phases of connections say the same twice: leave one out")
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked when it was parsed"
                )]
                Unit::Connections => (schedule.highest().ceil() as usize).max(1),
            };
            return Ok((within(schedule)?, connections));
        }
        let usual = if self.requests.is_some() { LENGTH_OF_A_COUNT } else { USUAL_LENGTH };
        let length = self.duration.unwrap_or(usual);
        if length.is_zero() {
            bail!("--duration: wanted: more than nothing, for example 30s");
        }
        let (level, unit, connections) = if let Some(rate) = self.rate {
            (rate, Unit::Rate, given.unwrap_or(USUAL_CONNECTIONS_OF_A_RATE))
        } else {
            let connections = given.unwrap_or(USUAL_CONNECTIONS);
            #[expect(clippy::cast_precision_loss, reason = "connections are few")]
            (connections as f64, Unit::Connections, connections)
        };
        Ok((within(Schedule::steady(length, level, unit))?, connections))
    }
}

fn within(schedule: Schedule) -> anyhow::Result<Schedule> {
    if schedule.length() > LONGEST {
        bail!("a run takes at most 24h, and this one would take {}", humantime::format_duration(schedule.length()));
    }
    Ok(schedule)
}

impl Requests {
    fn mix(&self, target: &Target) -> anyhow::Result<Mix> {
        let paths = if self.paths.is_empty() {
            let path = target.path().parse().context("the URL's path cannot be sent")?;
            vec![WeightedPath { path, weight: 1 }]
        } else if target.path() == "/" {
            self.paths.clone()
        } else {
            bail!("the path is given twice: in the URL and by --path");
        };
        Mix::new(paths).map_err(|why| anyhow::anyhow!("--path: {why}"))
    }

    fn message(&self) -> anyhow::Result<Message> {
        let body = match self.data.as_deref().map(|data| (data, data.strip_prefix('@'))) {
            None => Bytes::new(),
            Some((_, Some(file))) => contents(file)?,
            Some((text, None)) => Bytes::copy_from_slice(text.as_bytes()),
        };
        let usual = if self.data.is_some() { Method::POST } else { Method::GET };
        let method = self.method.clone().unwrap_or(usual);
        if method == Method::CONNECT {
            bail!("--method: CONNECT opens a tunnel, which cannot be loaded");
        }
        Ok(Message { method, fields: self.fields.clone(), body })
    }

    fn login(&self, target: &Target) -> anyhow::Result<Option<Login>> {
        let Some(credentials) = &self.login else { return Ok(None) };
        if self.fields.iter().any(|field| field.name == http::header::AUTHORIZATION) {
            bail!("--login and a header field Authorization say the same twice: leave one out");
        }
        let at = match &self.login_url {
            None => target.at("/login"),
            Some(url) => Target::parse(url).context("--login-url")?.at_login(),
        };
        let user = credentials.name().to_owned();
        Ok(Some(Login { at, user, password: credentials.password(self.password_stdin)? }))
    }
}

fn contents(file: &str) -> anyhow::Result<Bytes> {
    let mut body = Vec::new();
    let opened = File::open(file).and_then(|it| it.take(MAX_BODY_BYTES + 1).read_to_end(&mut body));
    opened.with_context(|| format!("--data: cannot read {file}"))?;
    if body.len() as u64 > MAX_BODY_BYTES {
        bail!("--data: {file} is larger than {MAX_BODY_BYTES} bytes");
    }
    Ok(body.into())
}

fn whole(count: u64) -> usize {
    usize::try_from(count).expect("checked when it was parsed")
}

#[cfg(test)]
mod tests;
