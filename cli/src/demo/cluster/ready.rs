//! Waiting until all that a demo has made is ready, or cannot be: then it is said why, and what to do.

use std::time::Duration;

use anyhow::{anyhow, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::kubectl::Kubectl;
use super::pod::Pod;
use crate::output::harmless;

/// From nothing to ready, on a busy machine and with images from a registry.
const LIMIT: Duration = Duration::from_mins(3);
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// Waits until each Deployment has all of its pods, of the last version only, and each other pod has done its work.
pub(super) async fn until_ready(kubectl: &Kubectl) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let found = kubectl.get(&["deployments,pods"]).await?;
        let pods = Pod::all(&found);
        if let Some(missing) = missing_image(&pods) {
            return Err(missing);
        }
        let deployments = deployments(&found);
        let is_done = pods.iter().all(|pod| pod.is_ready() || pod.is_done() || pod.is_ending());
        if !deployments.is_empty() && deployments.iter().all(|it| is_complete(it)) && is_done {
            return Ok(());
        }
        let ends = pods.iter().find(|pod| pod.keeps_ending());
        if let Some(pod) = ends {
            bail!("{}, and it says: {}", trouble(std::slice::from_ref(pod), &[]), last_log(kubectl, pod).await);
        }
        if begun.elapsed() > LIMIT {
            bail!("not ready after {} min: {}", LIMIT.as_secs() / 60, trouble(&pods, &deployments));
        }
        sleep(PAUSE).await;
    }
}

/// An image that the cluster lacks, and how it gets it.
pub(super) fn missing_image(pods: &[Pod]) -> Option<anyhow::Error> {
    let (image, why) = pods.iter().find_map(Pod::missing_image)?;
    // A registry's name has a dot or a port; ours are loaded.
    if image.starts_with("flotilla/") {
        let (name, version) = image.trim_start_matches("flotilla/").split_once(':').unwrap_or((&image, ""));
        let build = if version == "1.0.0" { "just images".to_owned() } else { format!("just image {name} {version}") };
        return Some(anyhow!(
            "the cluster has no image {image}: load it, for example by `minikube image load {image}`, `kind load \
             docker-image {image}` or `k3d image import {image}` (`{build}` builds it); or say by --registry where it is"
        ));
    }
    Some(anyhow!("the cluster cannot get the image {image} (is it pushed there, and may the cluster pull it?): {why}"))
}

/// How far a rollout is.
fn is_complete(deployment: &Value) -> bool {
    let (wanted, status) = (deployment["spec"]["replicas"].as_u64(), &deployment["status"]);
    let is = |name: &str| status[name].as_u64() == wanted;
    let is_seen = status["observedGeneration"] == deployment["metadata"]["generation"];
    is_seen && ["replicas", "updatedReplicas", "availableReplicas"].into_iter().all(is)
}

fn deployments(found: &Value) -> Vec<&Value> {
    let items = found["items"].as_array().into_iter().flatten();
    items.filter(|item| item["kind"] == "Deployment").collect()
}

/// What keeps pods from being ready, or from being made.
fn trouble(pods: &[Pod], deployments: &[&Value]) -> String {
    let refused = deployments.iter().filter_map(|deployment| {
        let conditions = deployment["status"]["conditions"].as_array()?;
        let failure = conditions.iter().find(|condition| condition["type"] == "ReplicaFailure")?;
        failure["message"].as_str().map(harmless)
    });
    let all: Vec<_> = pods.iter().filter_map(Pod::trouble).chain(refused).collect();
    if all.is_empty() { "the cluster does not say why".to_owned() } else { all.join("; ") }
}

async fn last_log(kubectl: &Kubectl, pod: &Pod) -> String {
    let log = kubectl.run(&["logs", pod.name(), "--previous", "--tail=1"]).await;
    harmless(log.as_deref().map_or("nothing", str::trim))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(status: &Value) -> Value {
        json!({ "kind": "Deployment", "metadata": { "generation": 2 }, "spec": { "replicas": 2 }, "status": status })
    }

    #[test]
    fn a_rollout_is_complete_without_an_old_pod() {
        let status = |seen, replicas, updated, available| json!({ "observedGeneration": seen, "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available });
        assert!(is_complete(&deployment(&status(2, 2, 2, 2))));
        for other in [status(1, 2, 2, 2), status(2, 3, 2, 2), status(2, 2, 1, 2), status(2, 2, 2, 1)] {
            assert!(!is_complete(&deployment(&other)), "{other}");
        }
        assert!(!is_complete(&deployment(&json!({}))));
    }

    #[test]
    fn what_is_refused_is_told() {
        let condition = json!({ "type": "ReplicaFailure", "message": "exceeded quota" });
        let refused = deployment(&json!({ "conditions": [condition] }));
        assert_eq!(trouble(&[], &[&refused]), "exceeded quota");
    }

    #[test]
    fn a_missing_image_comes_with_the_command_that_loads_it() {
        let pod = |image: &str| {
            let waiting = json!({ "reason": "ErrImageNeverPull", "message": "no such host" });
            let status = json!({ "containerStatuses": [{ "state": { "waiting": waiting } }] });
            Pod::of(json!({ "spec": { "containers": [{ "image": image }] }, "status": status }))
        };
        let told = |image| missing_image(&[pod(image)]).unwrap().to_string();
        assert!(told("flotilla/hello:2.0.0").contains("`minikube image load flotilla/hello:2.0.0`"));
        assert!(told("flotilla/hello:2.0.0").contains("`just image hello 2.0.0`"));
        let elsewhere = told("registry.example.com/hello:1.0.0");
        assert_eq!(
            elsewhere,
            "the cluster cannot get the image registry.example.com/hello:1.0.0 (is it pushed there, and may the cluster pull it?): no such host"
        );
    }
}
