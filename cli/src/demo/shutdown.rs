//! `flotilla demo shutdown`: an instance ends under load, by SIGTERM without a loss, by SIGKILL with one.

use std::time::Duration;

use serde_json::json;

use super::Scene;
use super::instances::{Gone, Instances};
use super::show::{self, Sent, Show, of};
use crate::load::outcome::Outcome;

const RATE: u32 = 50;
/// So that there is always something in flight.
const DELAY: Duration = Duration::from_millis(200);

pub(super) async fn play<I: Instances>(scene: &mut Scene<'_>, instances: &mut I) -> anyhow::Result<()> {
    let [first, second] = slow_down(scene, instances).await?;
    scene.story.step(&format!("{RATE} requests a second, {}, each {} ms long", I::TO_STRICT_USERS, DELAY.as_millis()));
    scene.story.seen(I::STRICT);
    let mut show = busy(scene, instances, &first).await?;
    show.step(scene.story, &format!("SIGTERM to {first}"));
    let Gone { in_peace, how } = show.during(instances.end(&first)).await??;
    let outcome = calm(scene, show, &first).await?;
    scene.story.promise(format!("{first} drains"), in_peace, how);
    show::promise_no_failure(scene.story, &outcome);
    scene.story.seen(
        "After SIGTERM it is not ready, so that no new connection comes; it keeps serving until that is known, answers \
         what is in flight, and ends.",
    );
    scene.story.pause().await;

    scene.story.step("The same once more, by SIGKILL");
    let how = instances.reinforce().await?;
    slow_down(scene, instances).await?;
    scene.story.seen(&how);
    let mut show = busy(scene, instances, &second).await?;
    show.step(scene.story, &format!("SIGKILL to {second}"));
    show.during(instances.kill(&second)).await??;
    // In a cluster it comes back, so its name says nothing.
    let outcome = calm(scene, show, "").await?;
    let sent = Sent::of(&outcome);
    scene.story.promise("the measurement would have told", sent.failed > 0, sent.told());
    if scene.story.is_kept() {
        scene.story.seen("Nobody could answer what was in flight. So the first figure was no luck: it was the drain.");
    }
    Ok(())
}

/// Loads until this instance is busy.
async fn busy(scene: &mut Scene<'_>, instances: &impl Instances, name: &str) -> anyhow::Result<Show> {
    let mut show = Show::begin(scene, instances.strict_users(RATE)?).await?;
    let busy = show.until(|tally| of(tally, name) > 0).await?;
    let who = busy.as_ref().map_or("it does not answer".to_owned(), show::shares);
    show.promise(scene.story, &format!("{name} is busy"), busy.is_some(), who);
    show.pause(scene.story).await?;
    Ok(show)
}

/// Goes on until it is not missed any more.
async fn calm(scene: &mut Scene<'_>, mut show: Show, gone: &str) -> anyhow::Result<Outcome> {
    show.until(|tally| of(tally, gone) == 0 && tally.failed_count() == 0 && tally.good() > 0).await?;
    show.pause(scene.story).await?;
    show.end().await
}

async fn slow_down(scene: &Scene<'_>, instances: &mut impl Instances) -> anyhow::Result<[String; 2]> {
    let names = instances.names().await?;
    for name in &names {
        let faults = json!({ "delay_ms": DELAY.as_millis(), "for_seconds": 300 });
        scene.asking.put(instances.health(name, "/faults"), faults).await?;
    }
    Ok(names)
}
