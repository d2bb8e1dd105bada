//! A run from judging the target to its outcome: what `flotilla load` does, and whoever else wants load.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::Instant;

use super::clock::{Clock, Stop};
use super::connection::Connector;
use super::course::{Assembly, Course};
use super::crew::{self, Said};
use super::failure::Kind;
use super::outcome::{Mark, Outcome};
use super::pace::{ClosedLoop, OpenLoop, Pace};
use super::plan::Plan;
use super::request::Requests;
use super::resolver::{Resolver, Unresolved};
use super::session::Session;
use super::target::Target;
use super::worker::Shared;
use crate::exit;

/// All threads are ready, and their connections made, before the first request goes out.
const LEAD: Duration = Duration::from_millis(50);

/// A load that runs. It ends by its schedule, by [`Stop`], or when it is dropped.
#[derive(Debug)]
pub(crate) struct Run {
    plan: Plan,
    clock: Clock,
    said: UnboundedReceiver<Said>,
    threads: Vec<JoinHandle<()>>,
    metronome: Option<(Arc<OpenLoop>, JoinHandle<()>)>,
    session: Option<Session>,
    assembly: Assembly,
    course: Course,
    marks: Vec<Mark>,
    refreshed: u64,
    started: Timestamp,
}

impl Run {
    /// Judges the target, logs in, and lets the load begin.
    pub(crate) async fn start(plan: Plan, stop: Stop) -> anyhow::Result<Self> {
        let connector = connector(&plan, &plan.target).await?;
        let session = match &plan.login {
            None => None,
            Some(login) => {
                let connector = self::connector(&plan, &login.at).await?;
                Some(Session::begin(login.clone(), connector, token::Clock::system()).await?)
            }
        };
        raise_descriptor_limit();
        let threads = plan.threads.clamp(1, plan.connections);
        let clock = Clock { start: Instant::now() + LEAD, stop };
        let (pace, open_loop) = pace(&plan);
        let shared = Arc::new(shared(&plan, clock.clone(), pace, connector, session.as_ref()));
        let paths = plan.mix.paths().len();
        let (sender, said) = mpsc::unbounded_channel();
        let mut run = Self {
            clock,
            said,
            threads: Vec::new(),
            metronome: None,
            session,
            assembly: Assembly::new(threads, paths),
            course: Course::new(paths),
            marks: Vec::new(),
            refreshed: 0,
            started: Timestamp::now(),
            plan,
        };
        for thread in 0..threads {
            let connections = (thread..run.plan.connections).step_by(threads).collect();
            let joined = crew::join_in(thread, connections, Arc::clone(&shared), sender.clone());
            run.threads.push(joined.context("cannot start a thread")?);
        }
        if let Some(pace) = open_loop {
            let metronome = crew::keep_time(Arc::clone(&pace), shared, run.plan.connections);
            run.metronome = Some((pace, metronome.context("cannot start a thread")?));
        }
        Ok(run)
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) const fn course(&self) -> &Course {
        &self.course
    }

    /// Notes what somebody else did just now; the report shows it at its time.
    pub(crate) fn mark(&mut self, text: impl Into<String>) {
        self.marks.push(Mark { at: self.clock.elapsed(), text: text.into() });
    }

    /// Waits until a further quarter of a second is counted; `false` when there is none any more. Nothing is lost when
    /// the waiting is given up.
    pub(crate) async fn next(&mut self) -> bool {
        loop {
            if let Some(tally) = self.assembly.whole() {
                self.course.push(tally);
                self.mark_refreshes();
                return true;
            }
            match self.said.recv().await {
                Some(said) => self.assembly.take(said),
                None => return false,
            }
            if self.assembly.is_done() {
                return false;
            }
        }
    }

    fn mark_refreshes(&mut self) {
        let refreshed = self.session.as_ref().map_or(0, |session| session.renewals().refreshed);
        if refreshed > self.refreshed {
            self.refreshed = refreshed;
            self.mark("token refreshed");
        }
    }

    /// What came of it, once [`Self::next`] has said `false`.
    pub(crate) fn outcome(mut self) -> anyhow::Result<Outcome> {
        let mut unsent = 0;
        // They have said all they had to say, or panicked.
        let threads = std::mem::take(&mut self.threads).into_iter();
        let mut broken = threads.map(JoinHandle::join).any(|ended| ended.is_err());
        if let Some((pace, thread)) = self.metronome.take() {
            broken |= thread.join().is_err();
            unsent = pace.unsent(&self.clock);
        }
        if broken {
            bail!("a thread of the load generator panicked: this is a mistake in flotilla");
        }
        let mut total = self.course.total.clone();
        if unsent > 0 {
            total.named(Kind::Unsent, unsent, || None);
        }
        let stopped_after =
            self.clock.stop.at().map(|at| self.clock.at(at)).filter(|at| *at < self.plan.schedule.length());
        let is_all = self.plan.requests.is_some_and(|limit| total.requests() >= limit);
        let elapsed = match stopped_after {
            Some(at) => at,
            None if is_all => total.last_end.min(self.plan.schedule.length()),
            None => self.plan.schedule.length(),
        };
        Ok(Outcome {
            elapsed,
            interrupted: stopped_after.is_some(),
            unsent,
            renewals: self.session.as_ref().map(Session::renewals),
            points: std::mem::take(&mut self.course.points),
            marks: std::mem::take(&mut self.marks),
            started: self.started,
            plan: self.plan.clone(),
            total,
        })
    }
}

impl Drop for Run {
    /// No load goes on that nobody watches.
    fn drop(&mut self) {
        self.clock.stop.stop();
    }
}

/// A connector for a target that was found fit to be loaded.
async fn connector(plan: &Plan, target: &Target) -> anyhow::Result<Connector> {
    let resolver = Resolver::new(target, plan.anywhere);
    let host = target.host();
    match resolver.judge().await {
        Ok(()) => Connector::new(target, resolver, &plan.trust),
        Err(Unresolved::Unknown(why)) => Err(anyhow!("cannot find {host}: {why}")),
        Err(foreign @ Unresolved::Foreign(_)) => Err(exit::failure(
            exit::USAGE,
            format!("{host} is not loaded: {foreign}. If it is yours to load, say --i-own-this-host"),
        )),
    }
}

fn pace(plan: &Plan) -> (Pace, Option<Arc<OpenLoop>>) {
    let schedule = plan.schedule.clone();
    if plan.is_open_loop() {
        let pace = Arc::new(OpenLoop::new(schedule, plan.requests));
        (Pace::Open(Arc::clone(&pace)), Some(pace))
    } else {
        (Pace::Closed(ClosedLoop::new(schedule, plan.requests)), None)
    }
}

fn shared(plan: &Plan, clock: Clock, pace: Pace, connector: Connector, session: Option<&Session>) -> Shared {
    let id = format!("load-{:06x}", rand::random_range(0..0x100_0000));
    let requests = Requests::new(&plan.target, &plan.mix, &plan.message, !plan.keep_alive, &id);
    Shared {
        clock,
        pace,
        connector,
        requests,
        mix: plan.mix.clone(),
        bearer: session.map(Session::bearer),
        good: plan.good.clone(),
        timeout: plan.timeout,
        keep_alive: plan.keep_alive,
        end: plan.schedule.length(),
    }
}

/// Takes as many descriptors as the system lets us: the usual limit is below what connections are asked for.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
