//! What the kubelet's probes do: the switches of a pod's health port turn them.
use e2e::{
    Test,
    cluster::{self, Deployed, Overlay, figure, until},
};
use serde_json::json;
use tokio::time::Instant;

pub(crate) fn dev() -> Vec<Test> {
    e2e::tests![readiness_takes_out_and_brings_back, liveness_restarts_the_container]
}

async fn endpoints(dev: &Deployed, count: usize) {
    until(&format!("hello has {count} endpoints"), async || (dev.endpoints("hello") == count).then_some(())).await;
}

async fn readiness_takes_out_and_brings_back() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    endpoints(dev, 1).await;
    let (client, health) = (dev.client(), dev.health("hello").await);

    let start = Instant::now();
    health.put("/readiness/status", &json!({"healthy": false}), 200).await;
    endpoints(dev, 0).await;
    let out = start.elapsed().as_secs_f64();
    // Nobody is left to greet, and the frontend says so.
    until("a greeting is refused", async || client.get("/").try_send().await.filter(|answer| answer.status >= 502))
        .await;
    client.version(200).await;

    let start = Instant::now();
    health.put("/readiness/status", &json!({"healthy": true}), 200).await;
    endpoints(dev, 1).await;
    let back = start.elapsed().as_secs_f64();
    until("greetings are back", async || client.get("/").try_send().await.filter(|answer| answer.status == 200)).await;
    figure(&format!("readiness of hello in dev: out of the Service after {out:.0} s, back after {back:.0} s"));
    assert_eq!(dev.settled_at("hello", 1).await[0].restarts(), 0, "only liveness restarts");
}

async fn liveness_restarts_the_container() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    let before = dev.settled_at("hello", 1).await.remove(0);
    let start = Instant::now();
    let health = dev.health("hello").await;
    health.put("/healthz/status", &json!({"healthy": false}), 200).await;
    let after = until("the container is started anew and ready", async || {
        dev.pods_of("hello").into_iter().find(|pod| pod.restarts() > before.restarts() && pod.is_ready())
    })
    .await;
    assert_eq!((after.name(), after.restarts()), (before.name(), before.restarts() + 1), "the pod stays");
    let last = &after.statuses()[0]["lastState"]["terminated"];
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(0), &json!("Completed")), "it ended in order: {last}");
    figure(&format!("liveness of hello in dev: new and ready after {:.0} s", start.elapsed().as_secs_f64()));
    let client = dev.client();
    until("greetings are back", async || client.get("/").try_send().await.filter(|answer| answer.status == 200)).await;
}
