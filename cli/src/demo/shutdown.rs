//! `flotilla demo shutdown`: an instance ends under load, by SIGTERM without a loss, by SIGKILL with one.

use std::time::Duration;

use serde_json::json;

use super::Scene;
use super::rollout::in_words;
use super::show::{self, Sent, Show, of};
use super::stage::Stage;
use crate::load::outcome::Outcome;
use crate::up::keeper::Farewell;

const RATE: u32 = 50;
/// So that there is always something in flight.
const DELAY: Duration = Duration::from_millis(200);

pub(super) async fn play(scene: &mut Scene<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    let (first, second) = (stage.instances[0].name, stage.instances[1].name);
    for instance in &stage.instances {
        slow_down(scene, instance.health("/faults")).await?;
    }
    scene
        .story
        .step(&format!("{RATE} requests a second, each over a new connection and {} ms long", DELAY.as_millis()));
    scene
        .story
        .seen("Straight to hello: the frontend would try once more what was lost, and hide what we want to see.");
    let (outcome, farewell) = end(scene, stage, first, true).await?;
    let kept = farewell == Farewell::Drained;
    scene.story.promise(format!("{first} drains"), kept, in_words(&farewell));
    show::promise_no_failure(scene.story, &outcome);
    scene.story.seen(
        "After SIGTERM it is not ready, so that no new connection comes; it keeps serving until that is known, answers \
         what is in flight, and ends.",
    );
    scene.story.pause().await;

    scene.story.step("The same once more, by SIGKILL");
    let new = stage.add_instance().await?;
    let instance = stage.instances.last().expect("it was just started");
    slow_down(scene, instance.health("/faults")).await?;
    scene.story.seen(&format!("{new} is there, so that somebody is left."));
    let (outcome, _) = end(scene, stage, second, false).await?;
    let sent = Sent::of(&outcome);
    scene.story.promise("the measurement would have told", sent.failed > 0, sent.told());
    if scene.story.is_kept() {
        scene.story.seen("Nobody could answer what was in flight. So the first figure was no luck: it was the drain.");
    }
    Ok(())
}

/// Loads, ends the instance when it is busy, and goes on until it is not missed any more.
async fn end(
    scene: &mut Scene<'_>,
    stage: &mut Stage,
    name: &'static str,
    in_peace: bool,
) -> anyhow::Result<(Outcome, Farewell)> {
    let mut plan = show::users(&stage.service(), "/", RATE)?;
    plan.keep_alive = false;
    let mut show = Show::begin(scene, plan).await?;
    let busy = show.until(|tally| of(tally, name) > 0).await?;
    show.promise(
        scene.story,
        &format!("{name} is busy"),
        busy.is_some(),
        busy.as_ref().map_or("it does not answer".to_owned(), show::shares),
    );
    show.pause(scene.story).await?;
    let signal = if in_peace { "SIGTERM" } else { "SIGKILL" };
    show.step(scene.story, &format!("{signal} to {name}"));
    let farewell = show.during(stage.remove_instance(name, in_peace)).await?;
    show.until(|tally| of(tally, name) == 0 && tally.failed_count() == 0 && tally.good() > 0).await?;
    show.pause(scene.story).await?;
    Ok((show.end().await?, farewell))
}

async fn slow_down(scene: &Scene<'_>, faults: url::Url) -> anyhow::Result<()> {
    let delay = u64::try_from(DELAY.as_millis()).unwrap_or(u64::MAX);
    scene.asking.put(faults, json!({ "delay_ms": delay, "for_seconds": 300 })).await
}
