//! Rolling updates under load: who uses the suite notices nothing.
use std::collections::BTreeSet;

use e2e::{
    Test,
    cluster::{self, Deployed, OURS, Overlay, figure, until},
};
use serde_json::Value;

use super::{ANN, DEMO, ann, load, logins, token, unnoticed};

pub(crate) fn dev() -> Vec<Test> {
    e2e::tests![
        frontend_is_rolled_unnoticed,
        hello_is_rolled_unnoticed,
        auth_is_rolled_unnoticed,
        the_next_release_comes_and_goes_unnoticed,
        a_paused_rollout_changes_nothing_and_an_undone_one_comes_back,
    ]
}

pub(crate) fn production() -> Vec<Test> {
    e2e::tests![all_are_rolled_at_once_unnoticed]
}

async fn frontend_is_rolled_unnoticed() {
    rolled_unnoticed("frontend").await;
}

async fn hello_is_rolled_unnoticed() {
    rolled_unnoticed("hello").await;
}

async fn auth_is_rolled_unnoticed() {
    rolled_unnoticed("auth").await;
}

/// Everybody's greetings and logins go on while one of ours is replaced.
async fn rolled_unnoticed(name: &str) {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    let before = names(dev, name);
    let loads = [load(&dev.client(), Some(&token(dev).await)), logins(&dev.client(), DEMO)];
    unnoticed(&format!("rolling update of {name} in dev"), loads, async || {
        dev.kubectl(&["rollout", "restart", &format!("deployment/{name}")]).expect(0);
        dev.rolled_out(&format!("deployment/{name}"));
        // Until the old one has gone, after its drain delay, not only been replaced.
        dev.settled_at(name, 1).await;
    })
    .await;
    let after = names(dev, name);
    assert!(before.is_disjoint(&after), "{before:?} {after:?}");
}

/// Two pods of each, replaced one by one; and the database is another pod's.
async fn all_are_rolled_at_once_unnoticed() {
    let mut turn = cluster::turn().await;
    let production = turn.deploy(Overlay::Production).await;
    let loads = [load(&production.client(), Some(&ann(production).await)), logins(&production.client(), ANN)];
    let before = OURS.map(|name| names(production, name));
    unnoticed("rolling update of all of production at once", loads, async || {
        production.kubectl(&["rollout", "restart", "deployment"]).expect(0);
        for name in OURS {
            production.rolled_out(&format!("deployment/{name}"));
        }
        for (name, before) in OURS.into_iter().zip(&before) {
            until(&format!("no pod of {name} is an old one"), async || {
                names(production, name).is_disjoint(before).then_some(())
            })
            .await;
        }
    })
    .await;
}

fn names(deployed: &Deployed, name: &str) -> BTreeSet<String> {
    deployed.pods_of(name).iter().map(|pod| pod.name().to_owned()).collect()
}

const OVERLAY: &str = "overlays/dev/kustomization.yaml";
const RELEASES: [&str; 2] = ["releases/1.0.0", "releases/2.0.0"];

async fn greeting(deployed: &Deployed) -> Value {
    deployed.client().greeting(200).await.json()["message"].clone()
}

/// As the documents say: another name of a release in the overlay, and apply.
async fn the_next_release_comes_and_goes_unnoticed() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    for (release, (from, to), expected) in
        [("2.0.0", (RELEASES[0], RELEASES[1]), "Hello from version 2"), ("1.0.0", (RELEASES[1], RELEASES[0]), "Hello")]
    {
        let rolled = ["frontend", "auth"].map(|name| names(dev, name));
        let load = load(&dev.client(), Some(&token(dev).await));
        unnoticed(&format!("release {release} of dev"), [load], async || {
            dev.manifests().edit(OVERLAY, from, to);
            dev.apply();
            dev.rolled_out("deployment/hello");
            dev.settled_at("hello", 1).await;
        })
        .await;
        assert_eq!(greeting(dev).await, expected);
        assert_eq!(rolled, ["frontend", "auth"].map(|name| names(dev, name)), "only hello has another image");
    }
}

async fn a_paused_rollout_changes_nothing_and_an_undone_one_comes_back() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    let run = |arguments: &[&str]| dev.kubectl(arguments).expect(0);
    let load = load(&dev.client(), Some(&token(dev).await));
    unnoticed("a rollout of hello in dev, paused, resumed and undone", [load], async || {
        let pods = names(dev, "hello");
        run(&["rollout", "pause", "deployment/hello"]);
        run(&["set", "image", "deployment/hello", "hello=flotilla/hello:2.0.0"]);
        until("the controller has seen the change", async || {
            let hello = dev.get(&["deployment", "hello"]);
            (hello["status"]["observedGeneration"] == hello["metadata"]["generation"]).then_some(())
        })
        .await;
        assert_eq!((names(dev, "hello"), greeting(dev).await), (pods.clone(), "Hello".into()), "it is paused");
        run(&["rollout", "resume", "deployment/hello"]);
        dev.rolled_out("deployment/hello");
        dev.settled_at("hello", 1).await;
        assert_eq!(greeting(dev).await, "Hello from version 2");
        run(&["rollout", "undo", "deployment/hello"]);
        dev.rolled_out("deployment/hello");
        dev.settled_at("hello", 1).await;
        assert_eq!(greeting(dev).await, "Hello");
    })
    .await;
    figure(&format!("hello in dev after it: {}", dev.client().version(200).await.body));
}
