//! `flotilla demo`: what the suite promises, shown step by step to an audience, with a verdict.
//!
//! | module | does |
//! |---|---|
//! | `story` | what the audience reads: steps, what is seen, promises and the verdict on them |
//! | `show` | load with its display, while something else is done |
//! | `stage` | a suite of the demo's own, of processes, with two instances of hello |
//! | `balancer`, `kubelet` | what a Service and a kubelet do in a cluster, for processes |
//! | `cluster` | a suite of the demo's own in a Kubernetes cluster |
//! | `instances` | what demos ask of instances of hello, in either |
//! | `asking` | the few requests that a demo sends itself, and what is put back at its end |
//! | `tokens`, `health`, `rollout`, `faults`, `shutdown` | the demos |
//!
//! Whatever a demo changes outside its own suite is noted in [`Asking`] before it is changed, and its suite belongs to
//! `run`, not to the demo: so that Ctrl-C, which drops the demo wherever it is, finds what there is to put back.

mod asking;
mod balancer;
mod cluster;
mod faults;
mod health;
mod instances;
mod kubelet;
mod options;
mod rollout;
mod show;
mod shutdown;
mod stage;
mod story;
mod tokens;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use self::asking::Asking;
use self::cluster::Cluster;
pub(crate) use self::options::Options;
use self::options::{Name, Place, Running};
use self::stage::Stage;
use self::story::Story;
use self::tokens::Keys;
use crate::signals::{ECHO, Ending, Signals};
use crate::{exit, invocation, output, table};

/// Runs `flotilla demo`.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let Some(name) = options.name else { return list() };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(demo(name, options))
}

/// What there is to see, a line each.
fn list() -> anyhow::Result<ExitCode> {
    let rows: Vec<_> = Name::ALL.iter().map(|name| [name.word().to_owned(), name.about().to_owned()]).collect();
    let lines = table::aligned(&rows).join("\n  ");
    let [here, there] = ["demo tokens", "demo tokens --kubernetes"].map(invocation::command);
    output::print(&format!("  {lines}\n\nEach takes less than a minute: {here}, or in a cluster {there}\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn demo(name: Name, options: &Options) -> anyhow::Result<ExitCode> {
    // First, so that no signal finds something half done.
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let place = options.place(name).map_err(exit::usage)?;
    let mut story = Story::new(options.pace);
    let mut asking = Asking::new(&place)?;
    let mut suite = Suite::at(place)?;
    let played = tokio::select! {
        played = play(name, options, &mut suite, &mut asking, &mut story) => Ok(played),
        ending = signals.next() => Err(ending),
    };
    // Before everything is put back, which may take its time, and which is done also where nobody can be told.
    let told = if matches!(played, Ok(Ok(()))) { story.verdict() } else { Ok(()) };
    let mut ending = played.as_ref().err().copied();
    let by_hand = suite.by_hand();
    let back = suite.put_back(&asking);
    tokio::pin!(back);
    let back = loop {
        if let Some(ending) = ending {
            output::remark(&format!("{}: putting everything back; once more ends at once", ending.name));
        }
        tokio::select! {
            back = &mut back => break back,
            again = signals.next_after(ECHO) => {
                if ending.replace(again).is_some() {
                    by_hand.inspect(|by_hand| output::remark(&format!("what may be left is deleted by `{by_hand}`")));
                    return Ok(ExitCode::from(again.code));
                }
            }
        }
    };
    told?;
    outcome(played, back, &story)
}

/// The suite that is shown.
enum Suite {
    Processes(Box<Stage>),
    Cluster(Box<Cluster>),
    Running(Box<Running>),
}

impl Suite {
    fn at(place: Place) -> anyhow::Result<Self> {
        Ok(match place {
            Place::Own(drain_delay) => Self::Processes(Box::new(Stage::new(drain_delay)?)),
            Place::Kubernetes(chosen) => Self::Cluster(Box::new(Cluster::new(*chosen))),
            Place::Running(running) => Self::Running(running),
        })
    }

    /// What puts back by hand what outlives this process.
    fn by_hand(&self) -> Option<String> {
        match self {
            Self::Cluster(cluster) => cluster.by_hand(),
            Self::Processes(_) | Self::Running(_) => None,
        }
    }

    /// Ends the demo's own suite, or undoes what was done to a running one.
    async fn put_back(self, asking: &Asking) -> anyhow::Result<()> {
        match self {
            Self::Processes(stage) => stage.close().await,
            Self::Cluster(cluster) => cluster.close().await,
            Self::Running(_) => asking.put_back().await,
        }
    }
}

async fn play(
    name: Name,
    options: &Options,
    suite: &mut Suite,
    asking: &mut Asking,
    story: &mut Story,
) -> anyhow::Result<()> {
    story.title(name.word(), name.promise());
    let display = options.display();
    match suite {
        Suite::Running(running) => {
            play_at(name, &mut Scene { story, asking, display, patience: PATIENCE }, running).await
        }
        Suite::Processes(stage) => {
            stage.start().await?;
            story.seen(&stage.cast());
            play_here(name, &mut Scene { story, asking, display, patience: PATIENCE }, stage).await
        }
        Suite::Cluster(cluster) => {
            cluster.start(name, story).await?;
            let cut_off = cluster.cut_off();
            let mut scene = Scene { story, asking, display, patience: cluster::PATIENCE };
            tokio::select! {
                played = play_there(name, &mut scene, cluster) => played,
                why = cut_off => Err(why),
            }
        }
    }
}

async fn play_at(name: Name, scene: &mut Scene<'_>, running: &Running) -> anyhow::Result<()> {
    let origin = &running.origin;
    match name {
        Name::Tokens => tokens::play(scene, origin, &running.user, Keys::OutOfReach).await,
        Name::Faults => faults::play(scene, origin, running.health.as_ref().expect("the options were checked")).await,
        Name::Health | Name::Rollout | Name::Shutdown => unreachable!("the options were checked"),
    }
}

async fn play_here(name: Name, scene: &mut Scene<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    match name {
        Name::Tokens => tokens::play(scene, &stage.origin(), &options::demo_user(), Keys::OfProcesses(stage)).await,
        Name::Faults => faults::play(scene, &stage.origin(), &stage.instances[0].health("/")).await,
        Name::Health => health::play(scene, stage).await,
        Name::Rollout => rollout::play(scene, stage).await,
        Name::Shutdown => shutdown::play(scene, stage).await,
    }
}

async fn play_there(name: Name, scene: &mut Scene<'_>, cluster: &mut Cluster) -> anyhow::Result<()> {
    let origin = cluster.origin();
    match name {
        Name::Tokens => tokens::play(scene, &origin, &options::demo_user(), Keys::InACluster(cluster)).await,
        Name::Faults => faults::play(scene, &origin, &cluster.a_hello().await?).await,
        Name::Health => health::play(scene, cluster).await,
        Name::Rollout => cluster::rollout::play(scene, cluster).await,
        Name::Shutdown => shutdown::play(scene, cluster).await,
    }
}

/// What a demo works with.
struct Scene<'a> {
    story: &'a mut Story,
    asking: &'a mut Asking,
    display: crate::load::display::Manner,
    /// How long something that has to be seen may take to be seen.
    patience: Duration,
}

/// On a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn outcome(
    played: Result<anyhow::Result<()>, Ending>,
    back: anyhow::Result<()>,
    story: &Story,
) -> anyhow::Result<ExitCode> {
    match played {
        Ok(Ok(())) => {
            back?;
            Ok(ExitCode::from(if story.is_kept() { 0 } else { exit::FAILED }))
        }
        Ok(Err(error)) => {
            if let Err(later) = back {
                output::remark(&format!("besides: {later:#}"));
            }
            Err(error)
        }
        // Without a verdict: it was not seen to its end.
        Err(ending) => back.map(|()| ExitCode::from(ending.code)),
    }
}
