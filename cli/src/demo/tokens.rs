//! `flotilla demo tokens`: a token is used, forged, left to expire; keys rotate while users keep asking.

use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use super::Scene;
use super::asking::Pair;
use super::cluster::Cluster;
use super::options::User;
use super::show::{self, Show};
use super::stage::Stage;
use crate::output::harmless;

/// The longest that a verifier may be lenient (`HELLO_LEEWAY`), and then some.
const LONGEST_LIFE: Duration = Duration::from_secs(75);
const RATE: u32 = 50;

/// Where the keys are that tokens are signed with.
pub(super) enum Keys<'a> {
    OfProcesses(&'a Stage),
    InACluster(&'a Cluster),
    /// Where they are changed is somebody else's.
    OutOfReach,
}

impl Keys<'_> {
    /// `auth key rotate`, and what it said.
    async fn rotate(&self) -> anyhow::Result<String> {
        match self {
            Self::OfProcesses(stage) => stage.rotate_keys().await,
            Self::InACluster(cluster) => cluster.rotate_keys().await,
            Self::OutOfReach => bail!("auth's keys are out of reach"),
        }
    }
}

pub(super) async fn play(scene: &mut Scene<'_>, origin: &Url, user: &User, keys: Keys<'_>) -> anyhow::Result<()> {
    let pair = use_it(scene, origin, user).await?;
    forge(scene, origin, &pair).await?;
    expire(scene, origin, &pair).await?;
    if !matches!(keys, Keys::OutOfReach) {
        return rotate(scene, origin, user, &keys).await;
    }
    scene.story.seen(
        "Keys are changed by `auth key rotate`, where auth's data is; that is shown in a suite of the demo's own, without \
         --url.",
    );
    Ok(())
}

async fn use_it(scene: &mut Scene<'_>, origin: &Url, user: &User) -> anyhow::Result<Pair> {
    scene.story.step(&format!("Log in as {}, and show the token at /secure", harmless(&user.name)));
    let pair = scene.asking.log_in(origin, user).await?;
    let claims = part(&pair.token, 1)?;
    scene.story.seen(&format!(
        "The token says who it is for: sub {}, aud {}. Anybody can read it; only auth can sign it.",
        shown(&claims, "sub"),
        shown(&claims, "aud")
    ));
    let answer = scene.asking.secure(origin, &pair.token).await?;
    let body = String::from_utf8_lossy(&answer.body);
    scene.story.promise("a good token works", answer.status == StatusCode::OK, format!("{} {body}", answer.status));
    scene.story.pause().await;
    Ok(pair)
}

async fn forge(scene: &mut Scene<'_>, origin: &Url, pair: &Pair) -> anyhow::Result<()> {
    scene.story.step("Change one character of what it says");
    let forged = forged(&pair.token).context("the token has no part to change")?;
    let answer = scene.asking.secure(origin, &forged).await?;
    scene.story.promise(
        "a changed token is refused",
        answer.status == StatusCode::UNAUTHORIZED,
        answer.status.to_string(),
    );
    scene.story.seen("The signature is over every byte. hello checks it with auth's public key, and asks nobody.");
    scene.story.pause().await;
    Ok(())
}

async fn expire(scene: &mut Scene<'_>, origin: &Url, pair: &Pair) -> anyhow::Result<()> {
    scene.story.step("Get a token that lives one second, and wait");
    // Whole seconds: one of a second may be over before it is shown, so this one is not asked to work first.
    let short = scene.asking.refresh(origin, pair, 1).await?;
    let begun = Instant::now();
    let mut last = scene.asking.secure(origin, &short.token).await?.status;
    while last != StatusCode::UNAUTHORIZED && begun.elapsed() < LONGEST_LIFE {
        sleep(Duration::from_millis(250)).await;
        last = scene.asking.secure(origin, &short.token).await?.status;
    }
    let after = format!("{last} after {:.1} s", begun.elapsed().as_secs_f32());
    scene.story.promise("an expired token is refused", last == StatusCode::UNAUTHORIZED, after);
    scene
        .story
        .seen("A token that leaked is of no use for long. Whoever may have one gets the next with the refresh token.");
    scene.story.pause().await;
    Ok(())
}

/// Users ask with their tokens all the while.
async fn rotate(scene: &mut Scene<'_>, origin: &Url, user: &User, keys: &Keys<'_>) -> anyhow::Result<()> {
    scene.story.step(&format!("{RATE} requests a second with a token, and one token that we keep"));
    let old = scene.asking.log_in(origin, user).await?;
    let old_key = key_of(&old.token)?;
    let plan = show::logged_in(show::users(origin, "/secure", RATE)?, origin, user)?;
    let mut show = Show::begin(scene, plan).await?;
    show.pause(scene.story).await?;

    show.step(scene.story, "Change the keys: auth key rotate");
    let said = show.during(keys.rotate()).await??;
    show.seen(scene.story, &harmless(said.lines().next().unwrap_or_default()));
    let asking = &*scene.asking;
    let jwks = origin.join("/.well-known/jwks.json")?;
    let published = show
        .until_some(async || {
            let set = asking.json(jwks.clone()).await?;
            Ok(set["keys"].as_array().map(Vec::len).filter(|count| *count == 2))
        })
        .await?;
    let measured = published.map_or("only the old one is published".to_owned(), |count| format!("{count} keys"));
    show.promise(scene.story, "the new key is published before it signs", published.is_some(), measured);

    show.step(scene.story, "Log in again and again, until the new key signs");
    let begun = Instant::now();
    let mut new = None;
    while new.is_none() && begun.elapsed() < show.patience {
        let pair = show.during(scene.asking.log_in(origin, user)).await??;
        new = Some(pair).filter(|pair| key_of(&pair.token).is_ok_and(|key| key != old_key));
        show.during(sleep(Duration::from_millis(500))).await?;
    }
    let after = format!("after {:.1} s", begun.elapsed().as_secs_f32());
    show.promise(scene.story, "the new key signs", new.is_some(), after);
    if let Some(new) = new {
        let answer = show.during(scene.asking.secure(origin, &new.token)).await??;
        show.promise(scene.story, "its tokens work", answer.status == StatusCode::OK, answer.status.to_string());
    }
    let answer = show.during(scene.asking.secure(origin, &old.token)).await??;
    show.promise(scene.story, "the old token still works", answer.status == StatusCode::OK, answer.status.to_string());
    show.pause(scene.story).await?;
    let outcome = show.end().await?;
    show::promise_no_failure(scene.story, &outcome);
    scene
        .story
        .seen("Nobody was logged out. The old key is published until the last token that it signed has expired.");
    Ok(())
}

/// A part of a token, as JSON.
fn part(token: &str, index: usize) -> anyhow::Result<Value> {
    let part = token.split('.').nth(index).context("the token has not three parts")?;
    let bytes = URL_SAFE_NO_PAD.decode(part).context("the token's parts are not base64url")?;
    serde_json::from_slice(&bytes).map_err(|_| anyhow::anyhow!("the token's parts are not JSON"))
}

fn shown(claims: &Value, name: &str) -> String {
    harmless(claims[name].as_str().unwrap_or("(none)"))
}

fn key_of(token: &str) -> anyhow::Result<String> {
    let header = part(token, 0)?;
    header["kid"].as_str().map(str::to_owned).context("the token does not say which key signed it")
}

/// The token with another character in the middle of its claims.
fn forged(token: &str) -> Option<String> {
    let (first, second) = (token.find('.')?, token.rfind('.')?);
    let middle = usize::midpoint(first, second);
    let other = if token.get(middle..=middle)? == "A" { "B" } else { "A" };
    (middle > first && middle < second).then(|| format!("{}{other}{}", &token[..middle], &token[middle + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_token_differs_in_one_character_of_its_claims() {
        for token in ["aa.bbbb.cc", "aa.bbAb.cc", "a.A.c"] {
            let forged = forged(token).unwrap();
            let changed: Vec<_> = token.chars().zip(forged.chars()).enumerate().filter(|(_, (a, b))| a != b).collect();
            assert_eq!((forged.len(), changed.len()), (token.len(), 1), "{forged}");
            let at = changed[0].0;
            assert!(token.find('.').unwrap() < at && at < token.rfind('.').unwrap(), "{forged}");
        }
        assert_eq!(forged("none"), None);
        assert_eq!(forged("a..b"), None);
    }
}
