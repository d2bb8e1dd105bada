//! More and fewer pods: by hand, by a loss, by the autoscaler, by a node that is emptied.
use std::{collections::BTreeSet, time::Duration};

use e2e::{
    Test,
    cluster::{self, Drained, OURS, Overlay, figure, until},
};
use tokio::time::Instant;

use super::{ANN, ann, load, logins, token, unnoticed};
use crate::lifecycle::load::{Ask, Load};

pub(crate) fn dev() -> Vec<Test> {
    e2e::tests![three_answer_and_two_go_unnoticed]
}

pub(crate) fn production() -> Vec<Test> {
    let mut tests = e2e::tests![a_lost_pod_of_each_is_replaced_unnoticed];
    tests.extend(e2e::tests![NODES: a_drained_node_goes_unnoticed]);
    tests.extend(e2e::tests![METRICS: load_brings_more_pods]);
    tests
}

async fn three_answer_and_two_go_unnoticed() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    let client = dev.client();
    let loads = [load(&client, Some(&token(dev).await))];
    unnoticed("hello in dev from 1 to 3 pods and back", loads, async || {
        dev.kubectl(&["scale", "deployment/hello", "--replicas=3"]).expect(0);
        let pods = dev.settled_at("hello", 3).await;
        let pods: BTreeSet<String> = pods.iter().map(|pod| pod.name().to_owned()).collect();
        let mut seen = BTreeSet::new();
        until("each of three has answered", async || {
            seen.insert(client.greeting(200).await.header("x-served-by").to_owned());
            (seen.len() == 3).then_some(())
        })
        .await;
        assert_eq!(seen, pods);
        dev.kubectl(&["scale", "deployment/hello", "--replicas=1"]).expect(0);
        dev.settled_at("hello", 1).await;
    })
    .await;
}

async fn a_lost_pod_of_each_is_replaced_unnoticed() {
    let mut turn = cluster::turn().await;
    let production = turn.deploy(Overlay::Production).await;
    let loads = [load(&production.client(), Some(&ann(production).await))];
    unnoticed("a pod of each deleted in production", loads, async || {
        let lost = OURS.map(|name| production.pods_of(name).remove(0).name().to_owned());
        for pod in &lost {
            production.kubectl(&["delete", "pod", pod, "--wait=false"]).expect(0);
        }
        for (name, lost) in OURS.into_iter().zip(&lost) {
            until(&format!("{name} has two pods again, and not {lost}"), async || {
                let pods = production.pods_of(name);
                let is_well = pods.len() >= 2 && pods.iter().all(|pod| pod.is_ready() && pod.name() != lost);
                is_well.then_some(())
            })
            .await;
        }
    })
    .await;
}

/// As many requests as the machine gives: what the autoscaler counts is their work, which has no pace. It depends on the
/// machine which of the two is first to have more than its pods can do.
async fn load_brings_more_pods() {
    const SCALED: [&str; 2] = ["hello", "frontend"];
    let mut turn = cluster::turn().await;
    let production = turn.deploy(Overlay::Production).await;
    let asked = [Ask::Path("/"), Ask::Secure(ann(production).await)];
    let count = |name: &str| production.pods_of(name).iter().filter(|pod| pod.is_ready()).count();
    let load = Load::asking(&asked, 16, &production.client(), Duration::ZERO);
    let start = Instant::now();
    // Production begins with two: a third is the autoscaler's work, by this load or by one before it.
    let name = until("more than two pods of hello or of the frontend are ready", async || {
        SCALED.into_iter().find(|name| count(name) > 2)
    })
    .await;
    let seconds = start.elapsed().as_secs_f64();
    let scaler = production.get(&["horizontalpodautoscaler", name]);
    assert!(scaler["status"]["desiredReplicas"].as_u64() > Some(2), "{scaler}");
    let outcome = load.end().await;
    assert_eq!(outcome.failures, Vec::<String>::new());
    figure(&format!(
        "autoscaler in production: {} pods of {name} ready {seconds:.0} s after the load began; {} requests, 0 failed",
        count(name),
        outcome.answered
    ));
}

/// What stands on it goes elsewhere, one pod of each at a time, as the disruption budgets say.
async fn a_drained_node_goes_unnoticed() {
    let mut turn = cluster::turn().await;
    let production = turn.deploy(Overlay::Production).await;
    let client = production.client();
    let loads = [load(&client, Some(&ann(production).await)), logins(&client, ANN)];
    unnoticed("a node drained below production", loads, async || {
        let node = Drained::below(production);
        for name in OURS {
            until(&format!("{name} is elsewhere"), async || {
                let pods = production.pods_of(name);
                let is_well = pods.len() >= 2 && pods.iter().all(|pod| pod.is_ready() && pod.node() != node.name());
                is_well.then_some(())
            })
            .await;
        }
    })
    .await;
}
