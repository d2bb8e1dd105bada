//! `flotilla demo health`: a sick instance gets no traffic (readiness), or is started anew (liveness).

use serde_json::json;

use super::Scene;
use super::show::{self, Show, of, shares};
use super::stage::Stage;

const RATE: u32 = 50;

pub(super) async fn play(scene: &mut Scene<'_>, stage: &Stage) -> anyhow::Result<()> {
    let [first, second] = [&stage.instances[0], &stage.instances[1]];
    scene.story.step(&format!("{RATE} requests a second, each over a new connection"));
    // Through the balancer, as within a cluster: it chooses for each connection.
    let mut plan = show::users(&stage.service(), "/", RATE)?;
    plan.keep_alive = false;
    let mut show = Show::begin(scene, plan).await?;
    let both = show.until(|tally| of(tally, first.name) > 0 && of(tally, second.name) > 0).await?;
    show.promise(scene.story, "both answer", both.is_some(), both.as_ref().map_or("not so".to_owned(), shares));
    show.pause(scene.story).await?;

    show.step(scene.story, &format!("Make {} not ready", first.name));
    let pid = first.pid();
    show.during(scene.asking.put(first.health("/readiness/status"), json!({ "healthy": false, "for_seconds": 120 })))
        .await??;
    let away = show.until(|tally| of(tally, first.name) == 0 && of(tally, second.name) > 0).await?;
    let who = away.as_ref().map_or_else(|| format!("{} still answers", first.name), shares);
    show.promise(scene.story, "who is not ready gets no traffic", away.is_some(), who);
    let alive = show.during(scene.asking.status(first.health("/healthz"))).await??;
    let is_same = pid.is_some() && first.pid() == pid;
    show.promise(scene.story, "it lives on", alive.is_success() && is_same, format!("/healthz {alive}"));
    show.seen(
        scene.story,
        "Not ready means: not now. Nobody restarts it; it may be warming up, or waiting for something.",
    );
    show.pause(scene.story).await?;

    show.step(scene.story, &format!("Make {} ready again", first.name));
    show.during(scene.asking.put(first.health("/readiness/status"), json!({ "healthy": true }))).await??;
    let back = show.until(|tally| of(tally, first.name) > 0).await?;
    let who = back.as_ref().map_or_else(|| format!("{} does not answer", first.name), shares);
    show.promise(scene.story, "it gets its share again", back.is_some(), who);
    show.pause(scene.story).await?;

    show.step(scene.story, &format!("Make {} not alive", second.name));
    let pid = second.pid();
    show.during(scene.asking.put(second.health("/healthz/status"), json!({ "healthy": false, "for_seconds": 120 })))
        .await??;
    let anew = show.until_some(async || Ok(second.pid().filter(|new| Some(*new) != pid))).await?;
    let told = |pid: Option<i32>| pid.map_or("none".to_owned(), |pid| pid.to_string());
    let processes = format!("process {}, then {}", told(pid), told(anew));
    show.promise(scene.story, "who is not alive is started anew", anew.is_some(), processes);
    let back = show.until(|tally| of(tally, second.name) > 0 && of(tally, first.name) > 0).await?;
    let who = back.as_ref().map_or_else(|| format!("{} does not answer", second.name), shares);
    show.promise(scene.story, "it answers again", back.is_some(), who);
    show.seen(
        scene.story,
        "Three probes failed; it was asked to end (SIGTERM), finished its requests, and a new process took its place.",
    );
    show.pause(scene.story).await?;
    let outcome = show.end().await?;
    show::promise_no_failure(scene.story, &outcome);
    Ok(())
}
