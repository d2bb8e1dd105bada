//! `flotilla demo health`: a sick instance gets no traffic (readiness), or is started anew (liveness).

use serde_json::json;

use super::Scene;
use super::instances::Instances;
use super::show::{self, Show, of, shares};

const RATE: u32 = 50;

pub(super) async fn play<I: Instances>(scene: &mut Scene<'_>, instances: &mut I) -> anyhow::Result<()> {
    let [first, second] = instances.names().await?;
    let instances = &*instances;
    scene.story.step(&format!("{RATE} requests a second, {}", I::TO_USERS));
    let mut show = Show::begin(scene, instances.users(RATE)?).await?;
    let both = show.until(|tally| of(tally, &first) > 0 && of(tally, &second) > 0).await?;
    show.promise(scene.story, "both answer", both.is_some(), both.as_ref().map_or("not so".to_owned(), shares));
    show.pause(scene.story).await?;

    unready(scene, &mut show, instances, &first, &second).await?;

    show.step(scene.story, &format!("Make {second} not alive"));
    let life = show.during(instances.life(&second)).await??;
    show.during(scene.asking.put(instances.health(&second, "/healthz/status"), switched_off())).await??;
    let anew =
        show.until_some(async || Ok(instances.life(&second).await?.filter(|new| Some(new) != life.as_ref()))).await?;
    let told = |life: &Option<String>| life.clone().unwrap_or_else(|| "none".to_owned());
    let lives = format!("{}, then {}", told(&life), told(&anew));
    show.promise(scene.story, "who is not alive is started anew", anew.is_some(), lives);
    let back = show.until(|tally| of(tally, &second) > 0 && of(tally, &first) > 0).await?;
    let who = back.as_ref().map_or_else(|| format!("{second} does not answer"), shares);
    show.promise(scene.story, "it answers again", back.is_some(), who);
    show.seen(scene.story, I::ANEW);
    show.pause(scene.story).await?;
    let outcome = show.end().await?;
    show::promise_no_failure(scene.story, &outcome);
    Ok(())
}

/// One is not ready for a while, and nothing else happens to it.
async fn unready(
    scene: &mut Scene<'_>,
    show: &mut Show,
    instances: &impl Instances,
    first: &str,
    second: &str,
) -> anyhow::Result<()> {
    show.step(scene.story, &format!("Make {first} not ready"));
    let life = show.during(instances.life(first)).await??;
    show.during(scene.asking.put(instances.health(first, "/readiness/status"), switched_off())).await??;
    let listed = show.during(instances.endpoints()).await??;
    if listed.is_some() {
        let without = async || Ok(instances.endpoints().await?.filter(|names| *names == [second]));
        let left = show.until_some(without).await?;
        let who = left.as_ref().map_or_else(|| format!("{first} is listed"), |names| names.join(", "));
        show.promise(scene.story, "it leaves the Service's EndpointSlice", left.is_some(), who);
    }
    let away = show.until(|tally| of(tally, first) == 0 && of(tally, second) > 0).await?;
    let who = away.as_ref().map_or_else(|| format!("{first} still answers"), shares);
    show.promise(scene.story, "who is not ready gets no traffic", away.is_some(), who);
    let alive = show.during(scene.asking.status(instances.health(first, "/healthz"))).await??;
    let is_same = life.is_some() && show.during(instances.life(first)).await?? == life;
    show.promise(scene.story, "it lives on", alive.is_success() && is_same, format!("/healthz {alive}"));
    show.seen(
        scene.story,
        "Not ready means: not now. Nobody restarts it; it may be warming up, or waiting for something.",
    );
    show.pause(scene.story).await?;

    show.step(scene.story, &format!("Make {first} ready again"));
    show.during(scene.asking.put(instances.health(first, "/readiness/status"), json!({ "healthy": true }))).await??;
    let back = show.until(|tally| of(tally, first) > 0).await?;
    let who = back.as_ref().map_or_else(|| format!("{first} does not answer"), shares);
    show.promise(scene.story, "it gets its share again", back.is_some(), who);
    show.pause(scene.story).await
}

/// With an end of its own, whatever becomes of the demo.
fn switched_off() -> serde_json::Value {
    json!({ "healthy": false, "for_seconds": 120 })
}
