//! `flotilla demo rollout` in a cluster: a Deployment gets another image under load, and goes back.

use tokio::time::{Instant, sleep};

use super::kubectl::Kubectl;
use super::pod::Pod;
use super::{Cluster, manifest, ready};
use crate::demo::Scene;
use crate::demo::show::{self, Show};
use crate::load::figures;
use crate::load::tally::Tally;

const RATE: u32 = 50;
const OLD: &str = "1.0.0";
const NEW: &str = "2.0.0";

pub(in crate::demo) async fn play(scene: &mut Scene<'_>, cluster: &mut Cluster) -> anyhow::Result<()> {
    let kubectl = cluster.set().kubectl.clone();
    scene.story.step(&format!("{RATE} requests a second, through the frontend"));
    let mut show = Show::begin(scene, show::users(&cluster.origin(), "/", RATE)?).await?;
    let only = |version: &'static str| move |second: &Tally| is_only(second, version);
    let seen = show.until(only(OLD)).await?;
    show.promise(scene.story, &format!("version {OLD} answers"), seen.is_some(), versions(seen.as_ref()));
    show.pause(scene.story).await?;

    let image = manifest::image(cluster.chosen.registry.as_deref(), &format!("hello:{NEW}"));
    let set_image = ["set", "image", "deployment/hello", &format!("hello={image}")].map(str::to_owned);
    let undo = ["rollout", "undo", "deployment/hello"].map(str::to_owned);
    for (command, version) in [(set_image.as_slice(), NEW), (&undo, OLD)] {
        let command: Vec<_> = command.iter().map(String::as_str).collect();
        show.step(scene.story, &format!("kubectl {}", command.join(" ")));
        let begun = Instant::now();
        show.during(kubectl.run(&command)).await??;
        // Whatever is wrong with the new pods, it is to be said at once.
        let both = tokio::select! {
            both = show.until(is_mixed) => both?,
            missing = missing_image(&kubectl) => return Err(missing),
        };
        show.promise(scene.story, "pod by pod: both versions answer", both.is_some(), versions(both.as_ref()));
        show.during(ready::until_ready(&kubectl)).await??;
        let last = show.until(only(version)).await?;
        let told = format!("{} after {}", versions(last.as_ref()), figures::time(begun.elapsed()));
        show.promise(scene.story, &format!("only version {version} is left"), last.is_some(), told);
        show.pause(scene.story).await?;
    }
    let outcome = show.end().await?;
    show::promise_no_failure(scene.story, &outcome);
    scene.story.seen(
        "With maxUnavailable 0 a new pod is ready before an old one is told to end; that one keeps serving until the \
         cluster knows, and ends its connections with an answer.",
    );
    Ok(())
}

/// Comes back when the cluster lacks an image: another node of it may have had it.
async fn missing_image(kubectl: &Kubectl) -> anyhow::Error {
    loop {
        let pods = kubectl.get(&["pods"]).await.map(|found| Pod::all(&found));
        match pods.map(|pods| ready::missing_image(&pods)) {
            Ok(Some(missing)) | Err(missing) => return missing,
            Ok(None) => sleep(ready::PAUSE).await,
        }
    }
}

fn is_only(second: &Tally, version: &str) -> bool {
    let versions = second.shares.versions();
    matches!(&versions[..], [(only, _)] if only == version)
}

fn is_mixed(second: &Tally) -> bool {
    let versions = second.shares.versions();
    [OLD, NEW].iter().all(|wanted| versions.iter().any(|(version, _)| version == wanted))
}

/// `1.0.0 48 %, 2.0.0 52 %`
fn versions(second: Option<&Tally>) -> String {
    let Some(second) = second else { return "not so".to_owned() };
    let total = second.shares.total().max(1);
    let told =
        second.shares.versions().into_iter().map(|(version, count)| format!("{version} {} %", count * 100 / total));
    told.collect::<Vec<_>>().join(", ")
}
