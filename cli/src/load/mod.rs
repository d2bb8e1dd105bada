//! `flotilla load`: requests in number, what became of them, and a verdict.
//!
//! | module | does |
//! |---|---|
//! | `options`, `plan` | what is asked for, checked; what is to be done |
//! | `target`, `address`, `resolver` | what is loaded, where it is, and whether it may be |
//! | `mix`, `request`, `good` | which paths in which shares; what is sent; which answers are good |
//! | `schedule`, `pace` | how much when; whose turn it is |
//! | `run`, `crew`, `worker` | the run, its threads, one connection's work |
//! | `connection`, `deadline`, `tls` | one connection |
//! | `session`, `bearer` | the login, and the token that it gave |
//! | `clock` | the time of a run, and its early end |
//! | `tally`, `histogram`, `shares`, `failure`, `ledger` | what is counted, and where it is written down |
//! | `course`, `outcome` | the counts put together, while it runs and at the end |
//! | `verdict` | what was asked, held against what was measured |
//! | `display`, `report`, `figures` | what people see |
//!
//! Whoever wants load beside something else of their own makes a [`Plan`], starts a [`Run`], and awaits [`Run::next`]
//! until it says `false`, with [`Run::mark`] for what is done meanwhile; [`run()`] does that with a display. The modules
//! that such a caller needs are open to the crate.

mod address;
mod bearer;
pub(crate) mod clock;
mod connection;
pub(crate) mod course;
mod crew;
mod deadline;
pub(crate) mod display;
pub(crate) mod failure;
pub(crate) mod figures;
mod good;
mod histogram;
mod ledger;
pub(crate) mod mix;
mod options;
pub(crate) mod outcome;
mod pace;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod request;
mod resolver;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod session;
mod shares;
pub(crate) mod tally;
pub(crate) mod target;
pub(crate) mod tls;
pub(crate) mod verdict;
mod worker;

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use self::clock::Stop;
use self::display::Display;
use self::options::Form;
pub(crate) use self::options::Options;
use self::outcome::Outcome;
use self::plan::Plan;
use self::report::Report;
use self::run::Run;
use self::verdict::Verdict;
use crate::signals::{ECHO, Signals};
use crate::{exit, output};

/// Runs `flotilla load`.
pub(crate) fn command(options: Options) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(load(options))
}

async fn load(options: Options) -> anyhow::Result<ExitCode> {
    let plan = options.plan().map_err(exit::usage)?;
    if plan.anywhere {
        output::remark("note: --i-own-this-host: you say that this host is yours to load");
    }
    if plan.login.as_ref().is_some_and(|login| login.at.shows_what_it_gets()) {
        output::remark("note: over http the password travels in the clear");
    }
    let files = Files::create(&options)?;
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let stop = Stop::new();
    let mut display = options.display.manner().display();
    let outcome = tokio::select! {
        outcome = run(plan, display.as_mut(), stop.clone()) => outcome?,
        code = interrupted(&mut signals, &stop) => return Ok(ExitCode::from(code)),
    };
    report(&outcome, &options, files)
}

/// Stops the run at the first signal; comes back at the second, with the exit code.
async fn interrupted(signals: &mut Signals, stop: &Stop) -> u8 {
    signals.next().await;
    stop.stop();
    signals.next_after(ECHO).await.code
}

/// Runs a plan to its end, or to an early one by `stop`, and shows how it goes.
pub(crate) async fn run(plan: Plan, display: &mut dyn Display, stop: Stop) -> anyhow::Result<Outcome> {
    let mut run = tokio::select! {
        started = Run::start(plan, stop.clone()) => started?,
        () = stop.stopped() => bail!("stopped before the load began"),
    };
    display.begin(run.plan());
    let mut told = false;
    while run.next().await {
        if stop.is_stopped() && !std::mem::replace(&mut told, true) {
            display.note("stopping: waiting for what is in flight; once more ends at once");
            run.mark("stopped");
        }
        display.show(run.plan(), run.course());
    }
    display.end();
    run.outcome()
}

/// Files that the result goes to: made before the run, so that none is in vain.
struct Files {
    json: Option<(PathBuf, File)>,
    html: Option<(PathBuf, File)>,
}

impl Files {
    fn create(options: &Options) -> anyhow::Result<Self> {
        let create = |option: &str, path: &Option<PathBuf>| {
            let Some(path) = path else { return Ok(None) };
            let file = File::create(path).with_context(|| format!("{option}: cannot write {}", path.display()));
            file.map(|file| Some((path.clone(), file)))
        };
        let (json, html) = (create("--json", &options.display.json)?, create("--html", &options.display.html)?);
        Ok(Self { json, html })
    }

    fn fill(self, report: &Report, page: impl FnOnce() -> String) -> anyhow::Result<()> {
        if let Some((path, mut file)) = self.json {
            let text = serde_json::to_string_pretty(report).context("cannot write the result as JSON")?;
            writeln!(file, "{text}").with_context(|| format!("--json: cannot write {}", path.display()))?;
        }
        if let Some((path, mut file)) = self.html {
            let written = file.write_all(page().as_bytes());
            written.with_context(|| format!("--html: cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// Prints and writes the result, and says the exit code.
fn report(outcome: &Outcome, options: &Options, files: Files) -> anyhow::Result<ExitCode> {
    let verdict = Verdict::of(outcome, &options.thresholds);
    let report = Report::new(outcome, &verdict);
    match options.display.output {
        Form::Text => output::print(&report::table(outcome, &verdict))?,
        Form::Json => output::print_json(&report)?,
    }
    files.fill(&report, || report::html(outcome, &verdict))?;
    Ok(ExitCode::from(if verdict.pass { 0 } else { exit::FAILED }))
}
