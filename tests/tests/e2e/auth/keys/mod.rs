//! Signing keys over time: published before they sign, good until the last token has expired, gone at once when they must.
mod algorithm;
mod retired;
mod rotated;
mod sealed;

use std::time::Duration;

use e2e::{Client, Jws, LONG, Launch, Program, Said, Store, Test, eventually};
use serde_json::Value;

pub(crate) fn tests() -> Vec<Test> {
    [algorithm::tests(), retired::tests(), rotated::tests(), sealed::tests()].into_iter().flatten().collect()
}

/// As short as hello's own pause between two fetches allows.
const AGE: Duration = Duration::from_secs(6);

fn aged(launch: Launch) -> Launch {
    if launch.program() == Program::Auth { launch.set("JWKS_MAX_AGE", "6s") } else { launch }
}

async fn order(store: &Store, line: &str) -> Said {
    aged(store.command(line.split_whitespace())).run().await
}

async fn listed(store: &Store) -> Vec<Value> {
    let said = order(store, "key list --output json").await.expect(0);
    said.json().as_array().cloned().expect("a list")
}

/// The one key in this state.
async fn kid(store: &Store, state: &str) -> String {
    let keys = listed(store).await;
    let mut kids = keys.iter().filter(|key| key["state"] == state).map(|key| key["kid"].as_str().expect("a kid"));
    let (Some(kid), None) = (kids.next(), kids.next()) else { panic!("one {state} key is expected: {keys:?}") };
    kid.to_owned()
}

async fn published(client: &Client) -> Vec<String> {
    let set = client.key_set(200).await.json();
    let kids = set["keys"].as_array().expect("keys").iter();
    kids.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}

async fn is_published(client: &Client, kid: &str) {
    let look = async || published(client).await.iter().any(|known| known == kid).then_some(());
    eventually("the key is published", AGE, look).await;
}

async fn signs(client: &Client) -> String {
    Jws::parse(client.logged_in().await.token()).header["kid"].as_str().expect("a kid").to_owned()
}

async fn signs_with(client: &Client, kid: &str) {
    eventually("the key signs", LONG, async || (signs(client).await == kid).then_some(())).await;
}
