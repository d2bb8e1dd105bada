//! `flotilla demo rollout`: all instances are replaced under load, as a Deployment does it with `maxSurge: 1` and
//! `maxUnavailable: 0`.

use super::Scene;
use super::show::{self, Show, of, shares};
use super::stage::Stage;
use crate::up::keeper::Farewell;

const RATE: u32 = 50;

pub(super) async fn play(scene: &mut Scene<'_>, stage: &mut Stage) -> anyhow::Result<()> {
    scene.story.step(&format!("{RATE} requests a second, through the frontend"));
    let mut show = Show::begin(scene, show::users(&stage.origin(), "/", RATE)?).await?;
    let olds: Vec<_> = stage.instances.iter().map(|instance| instance.name).collect();
    let all = |names: Vec<&'static str>| move |tally: &_| names.iter().all(|name| of(tally, name) > 0);
    let both = show.until(all(olds.clone())).await?;
    show.promise(scene.story, "both answer", both.is_some(), both.as_ref().map_or("not so".to_owned(), shares));
    show.pause(scene.story).await?;

    let mut news = Vec::new();
    for old in &olds {
        show.step(scene.story, &format!("A new hello takes the place of {old}"));
        let new = show.during(stage.add_instance()).await??;
        news.push(new);
        show.seen(scene.story, &format!("{new} is ready. Only now {old} is told to end (SIGTERM)."));
        let farewell = show.during(stage.remove_instance(old, true)).await?;
        let kept = farewell == Farewell::Drained;
        show.promise(scene.story, &format!("{old} drains"), kept, in_words(&farewell));
        let seen = show.until(all(vec![new])).await?;
        let who = seen.as_ref().map_or_else(|| format!("{new} does not answer"), shares);
        show.promise(scene.story, &format!("{new} answers"), seen.is_some(), who);
        show.pause(scene.story).await?;
    }
    let replaced = show.until(|tally| olds.iter().all(|old| of(tally, old) == 0) && tally.good() > 0).await?;
    let who = replaced.as_ref().map_or("an old one answers".to_owned(), shares);
    show.promise(scene.story, "only new ones are left", replaced.is_some(), who);
    let outcome = show.end().await?;
    show::promise_no_failure(scene.story, &outcome);
    scene.story.seen(
        "One that ends first says that it is not ready, keeps serving until that is known, and ends its connections \
         with an answer. kubectl rollout restart does the same in a cluster.",
    );
    Ok(())
}

/// How an instance left.
pub(super) fn in_words(farewell: &Farewell) -> String {
    match farewell {
        Farewell::Drained => "it ended with exit code 0".to_owned(),
        Farewell::Ended { how } => format!("it {how}"),
        Farewell::Overdue => "it did not end in time and was killed".to_owned(),
        Farewell::Killed => "it was killed".to_owned(),
        Farewell::Absent => "it was not running".to_owned(),
    }
}
