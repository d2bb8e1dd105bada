//! `flotilla demo`: what the suite promises, shown step by step to an audience, with a verdict.
//!
//! | module | does |
//! |---|---|
//! | `story` | what the audience reads: steps, what is seen, promises and the verdict on them |
//! | `show` | load with its display, while something else is done |
//! | `stage` | a suite of the demo's own, with two instances of hello |
//! | `balancer`, `kubelet` | what a Service and a kubelet do in a cluster, for processes |
//! | `asking` | the few requests that a demo sends itself, and what is put back at its end |
//! | `tokens`, `health`, `rollout`, `faults`, `shutdown` | the demos |
//!
//! Whatever a demo changes outside its own suite is noted in [`Asking`] before it is changed, and its suite belongs to
//! `run`, not to the demo: so that Ctrl-C, which drops the demo wherever it is, finds what there is to put back.

mod asking;
mod balancer;
mod faults;
mod health;
mod kubelet;
mod options;
mod rollout;
mod show;
mod shutdown;
mod stage;
mod story;
mod tokens;

use std::process::ExitCode;

use anyhow::Context as _;

use self::asking::Asking;
pub(crate) use self::options::Options;
use self::options::{Name, Place};
use self::stage::Stage;
use self::story::Story;
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
    let hint = invocation::command("demo tokens");
    output::print(&format!("  {lines}\n\nEach takes less than a minute: {hint}\n"))?;
    Ok(ExitCode::SUCCESS)
}

async fn demo(name: Name, options: &Options) -> anyhow::Result<ExitCode> {
    // First, so that no signal finds something half done.
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let place = options.place(name).map_err(exit::usage)?;
    let mut story = Story::new(options.pace);
    let mut asking = Asking::new(&place)?;
    let mut stage = match place {
        Place::Own => Some(Stage::new(options.drain_delay)?),
        Place::Running(_) => None,
    };
    let played = tokio::select! {
        played = play(name, options, &place, &mut stage, &mut asking, &mut story) => Ok(played),
        ending = signals.next() => Err(ending),
    };
    let ending = played.as_ref().err().copied();
    if let Some(ending) = ending {
        output::remark(&format!("{}: putting everything back; once more ends at once", ending.name));
    }
    let back = tokio::select! {
        back = put_back(stage, &asking) => back,
        again = signals.next_after(ECHO) => return Ok(ExitCode::from(again.code)),
    };
    outcome(played, back, &story)
}

async fn play(
    name: Name,
    options: &Options,
    place: &Place,
    stage: &mut Option<Stage>,
    asking: &mut Asking,
    story: &mut Story,
) -> anyhow::Result<()> {
    story.title(name.word(), name.promise());
    if let Some(stage) = stage {
        stage.start().await?;
        story.seen(&stage.cast());
    }
    let mut scene = Scene { story, asking, display: options.display() };
    match (name, place, stage) {
        (Name::Tokens, Place::Running(running), _) => {
            tokens::play(&mut scene, &running.origin, &running.user, None).await
        }
        (Name::Faults, Place::Running(running), _) => {
            let health = running.health.as_ref().expect("the options were checked");
            faults::play(&mut scene, &running.origin, health).await
        }
        (Name::Tokens, _, Some(stage)) => {
            tokens::play(&mut scene, &stage.origin(), &options::demo_user(), Some(stage)).await
        }
        (Name::Faults, _, Some(stage)) => {
            let health = stage.instances[0].health("/");
            faults::play(&mut scene, &stage.origin(), &health).await
        }
        (Name::Health, _, Some(stage)) => health::play(&mut scene, stage).await,
        (Name::Rollout, _, Some(stage)) => rollout::play(&mut scene, stage).await,
        (Name::Shutdown, _, Some(stage)) => shutdown::play(&mut scene, stage).await,
        (_, _, None) => unreachable!("the options were checked"),
    }
}

/// What a demo works with.
struct Scene<'a> {
    story: &'a mut Story,
    asking: &'a mut Asking,
    display: crate::load::display::Manner,
}

/// Ends the demo's own suite, or undoes what was done to a running one.
async fn put_back(stage: Option<Stage>, asking: &Asking) -> anyhow::Result<()> {
    match stage {
        Some(stage) => stage.close().await,
        None => asking.put_back().await,
    }
}

fn outcome(
    played: Result<anyhow::Result<()>, Ending>,
    back: anyhow::Result<()>,
    story: &Story,
) -> anyhow::Result<ExitCode> {
    match played {
        Ok(Ok(())) => {
            story.verdict()?;
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
