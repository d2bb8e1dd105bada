//! Load with its display, while something else is done and told.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};
use url::Url;

use super::Scene;
use super::options::User;
use super::story::Story;
use crate::load::clock::Stop;
use crate::load::display::Display;
use crate::load::failure::Kind;
use crate::load::figures;
use crate::load::outcome::Outcome;
use crate::load::plan::Plan;
use crate::load::run::Run;
use crate::load::schedule::{Schedule, Unit};
use crate::load::session::Login;
use crate::load::tally::Tally;
use crate::load::target::Target;

/// No load goes on without an end, whatever a demo waits for.
const LONGEST: Duration = Duration::from_mins(5);
/// Far more than are needed as long as answers are quick.
const CONNECTIONS: usize = 64;
/// Of a request: what takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Users, as many a second as are told of.
pub(super) fn users(url: &Url, path: &str, rate: u32) -> anyhow::Result<Plan> {
    let target = Target::parse(url.join(path)?.as_str())?;
    let schedule = Schedule::steady(LONGEST, f64::from(rate), Unit::Rate);
    Ok(Plan { timeout: TIMEOUT, threads: 1, ..Plan::new(target, schedule, CONNECTIONS) })
}

/// Users that are logged in.
pub(super) fn logged_in(plan: Plan, origin: &Url, user: &User) -> anyhow::Result<Plan> {
    let at = Target::parse(origin.join("/login")?.as_str())?;
    Ok(Plan { login: Some(Login { at, user: user.name.clone(), password: user.password.clone() }), ..plan })
}

/// A load that runs and is shown. It ends when it is dropped.
pub(super) struct Show {
    run: Run,
    stop: Stop,
    display: Box<dyn Display>,
    /// How long something that has to be seen may take to be seen.
    pub(super) patience: Duration,
}

impl Show {
    pub(super) async fn begin(scene: &Scene<'_>, plan: Plan) -> anyhow::Result<Self> {
        let stop = Stop::new();
        let run = Run::start(plan, stop.clone()).await?;
        let mut display = scene.display.display();
        display.begin(run.plan());
        Ok(Self { run, stop, display, patience: scene.patience })
    }

    /// Tells what is done next; the load goes on.
    pub(super) fn step(&mut self, story: &mut Story, text: &str) {
        self.display.end();
        self.run.mark(text);
        story.step(text);
    }

    /// Tells what is seen.
    pub(super) fn seen(&mut self, story: &Story, text: &str) {
        self.display.end();
        story.seen(text);
    }

    /// Tells of a promise.
    pub(super) fn promise(&mut self, story: &mut Story, what: &str, kept: bool, measured: impl Into<String>) {
        self.display.end();
        story.promise(what, kept, measured);
    }

    /// Shows the load while something is done.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                going = self.run.next() => {
                    if !going {
                        bail!("the load ended before the demo did: a shorter --pace helps");
                    }
                    self.display.show(self.run.plan(), self.run.course());
                }
            }
        }
    }

    /// Lets the audience look.
    pub(super) async fn pause(&mut self, story: &Story) -> anyhow::Result<()> {
        self.during(sleep(story.pace)).await
    }

    /// Shows the load until a whole second from now on was as wanted; `None` if none was in time.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Tally) -> bool) -> anyhow::Result<Option<Tally>> {
        let (begun, from) = (Instant::now(), self.run.course().elapsed());
        loop {
            let counted = self.run.course().elapsed();
            let (second, length) = self.run.course().last_second();
            if counted >= from + Duration::from_secs(1) + QUARTER && length >= Duration::from_secs(1) && wanted(&second)
            {
                return Ok(Some(second));
            }
            if begun.elapsed() > self.patience {
                return Ok(None);
            }
            self.during(sleep(QUARTER)).await?;
        }
    }

    /// Asks until there is an answer that is wanted; `None` if there was none in time.
    pub(super) async fn until_some<T>(
        &mut self,
        ask: impl AsyncFn() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Option<T>> {
        let begun = Instant::now();
        while begun.elapsed() < self.patience {
            if let Some(found) = self.during(ask()).await?? {
                return Ok(Some(found));
            }
            self.during(sleep(QUARTER)).await?;
        }
        Ok(None)
    }

    /// Ends the load and says what came of it.
    pub(super) async fn end(mut self) -> anyhow::Result<Outcome> {
        self.stop.stop();
        while self.run.next().await {
            self.display.show(self.run.plan(), self.run.course());
        }
        self.display.end();
        drop(self.display);
        self.run.outcome()
    }
}

/// The load is counted in these.
const QUARTER: Duration = Duration::from_millis(250);

/// The promise of most demos.
pub(super) fn promise_no_failure(story: &mut Story, outcome: &Outcome) {
    let sent = Sent::of(outcome);
    story.promise("no request fails", sent.failed == 0 && outcome.total.good() > 0, sent.told());
}

/// Requests that were sent, and what failed of them.
///
/// What was due when the load ended and had not been sent is no request that the suite lost: this machine was busy. One
/// that the suite does not answer is sent, and times out.
pub(super) struct Sent {
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) kinds: Vec<String>,
}

impl Sent {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let kinds = outcome.total.failures.iter().filter(|failed| failed.kind != Kind::Unsent);
        Self {
            requests: outcome.total.requests() - outcome.unsent,
            failed: outcome.total.failed_count() - outcome.unsent,
            kinds: kinds.map(|failed| failed.kind.to_string()).collect(),
        }
    }

    /// `3 of 1 200 failed (status 500)`
    pub(super) fn told(&self) -> String {
        let kinds = if self.kinds.is_empty() { String::new() } else { format!(" ({})", self.kinds.join(", ")) };
        format!("{} of {} failed{kinds}", figures::count(self.failed), figures::count(self.requests))
    }
}

/// How many of a second's answers an instance gave.
pub(super) fn of(second: &Tally, name: &str) -> u64 {
    second.shares.rows().iter().filter(|(server, _)| server.pod == name).map(|(_, count)| count).sum()
}

/// `hello-1 52 %, hello-2 48 %`
pub(super) fn shares(second: &Tally) -> String {
    let total = second.shares.total().max(1);
    let rows = second.shares.rows().iter();
    let told: Vec<_> = rows.map(|(server, count)| format!("{} {} %", server.pod, count * 100 / total)).collect();
    if told.is_empty() { "nobody".to_owned() } else { told.join(", ") }
}
