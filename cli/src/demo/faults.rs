//! `flotilla demo faults`: one hello becomes slow, then fails; what users see of it, and that it ends.

use std::time::Duration;

use serde_json::json;
use url::Url;

use super::Scene;
use super::show::{self, Sent, Show};
use crate::load::figures;
use crate::load::tally::Tally;

const RATE: u32 = 50;
const DELAY: Duration = Duration::from_millis(300);
const ERRORS: u32 = 50;
/// The faults end by themselves, whatever becomes of the demo.
const FOR_SECONDS: u32 = 300;

pub(super) async fn play(scene: &mut Scene<'_>, origin: &Url, health: &Url) -> anyhow::Result<()> {
    scene.asking.is_without_faults(health).await?;
    scene.story.step(&format!("{RATE} requests a second, through the frontend"));
    let mut show = Show::begin(scene, show::users(origin, "/", RATE)?).await?;
    let calm = show.until(is_calm).await?;
    show.promise(scene.story, "all is well at first", calm.is_some(), figure(calm.as_ref()));
    show.pause(scene.story).await?;

    let delay = DELAY.as_millis();
    show.step(scene.story, &format!("Make one hello slow: {delay} ms for each of its answers"));
    show.during(scene.asking.faults(health, json!({ "delay_ms": delay, "for_seconds": FOR_SECONDS }))).await??;
    let late = show.until(|second| second.latencies().percentile(99.0) >= DELAY).await?;
    show.promise(scene.story, "users see the delay", late.is_some(), figure(late.as_ref()));
    show.seen(scene.story, "Where others answer as fast as ever the median stays low: only the high percentiles tell.");
    show.pause(scene.story).await?;

    show.step(scene.story, &format!("Instead, let {ERRORS} % of its answers fail"));
    show.during(scene.asking.faults(health, json!({ "error_percent": ERRORS, "for_seconds": FOR_SECONDS }))).await??;
    let failing = show.until(|second| second.failed_count() > 0).await?;
    show.promise(scene.story, "users see the errors", failing.is_some(), figure(failing.as_ref()));
    show.seen(
        scene.story,
        "The frontend passes an answer on as it is, errors too. A 500 is an answer, so nothing is tried twice.",
    );
    show.pause(scene.story).await?;

    show.step(scene.story, "End the faults");
    show.during(scene.asking.end_faults(health)).await??;
    let calm = show.until(is_calm).await?;
    show.promise(scene.story, "all is well again", calm.is_some(), figure(calm.as_ref()));
    show.pause(scene.story).await?;
    let outcome = show.end().await?;
    let sent = Sent::of(&outcome);
    scene.story.promise("nothing else failed", sent.kinds == ["status 500"], sent.told());
    Ok(())
}

/// Nothing fails, and nothing waits for a delay.
fn is_calm(second: &Tally) -> bool {
    second.good() > 0 && second.failed_count() == 0 && second.latencies().percentile(99.0) < DELAY
}

/// The second in which it was seen.
fn figure(second: Option<&Tally>) -> String {
    let Some(second) = second else { return "not seen".to_owned() };
    let latencies = second.latencies();
    let at = |percent| figures::time(latencies.percentile(percent));
    format!("p50 {}, p99 {}, {} of {} failed", at(50.0), at(99.0), second.failed_count(), second.requests())
}
