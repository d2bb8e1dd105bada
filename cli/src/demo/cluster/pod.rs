//! What the cluster knows of a pod.

use serde_json::Value;

use crate::output::harmless;

/// A pod.
#[derive(Clone, Debug)]
pub(super) struct Pod(Value);

impl Pod {
    /// Those in a list, which may hold other things, too.
    pub(super) fn all(list: &Value) -> Vec<Self> {
        let items = list["items"].as_array().into_iter().flatten();
        items.filter(|item| item["kind"] == "Pod").cloned().map(Self).collect()
    }

    pub(super) fn of(value: Value) -> Self {
        Self(value)
    }

    pub(super) fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Whether it gets requests. One that is to end gets none, ready or not.
    pub(super) fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|condition| condition["status"] == "True") && !self.is_ending()
    }

    pub(super) fn is_ending(&self) -> bool {
        !self.0["metadata"]["deletionTimestamp"].is_null()
    }

    /// Whether it had something to do, and has done it.
    pub(super) fn is_done(&self) -> bool {
        self.0["status"]["phase"] == "Succeeded"
    }

    /// Whether its container runs.
    pub(super) fn is_running(&self) -> bool {
        self.status()["state"]["running"].is_object()
    }

    /// How often its container was started anew.
    pub(super) fn restarts(&self) -> u64 {
        self.status()["restartCount"].as_u64().unwrap_or_default()
    }

    /// How its container ended before it was started anew.
    pub(super) fn last_exit_code(&self) -> Option<i64> {
        self.status()["lastState"]["terminated"]["exitCode"].as_i64()
    }

    /// The image that the cluster lacks for it, and what the kubelet says of that.
    pub(super) fn missing_image(&self) -> Option<(String, String)> {
        const REASONS: [&str; 4] = ["ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"];
        let waiting = &self.status()["state"]["waiting"];
        let is_missing = waiting["reason"].as_str().is_some_and(|reason| REASONS.contains(&reason));
        let image = self.0["spec"]["containers"][0]["image"].as_str()?;
        is_missing.then(|| (harmless(image), harmless(waiting["message"].as_str().unwrap_or_default())))
    }

    /// Whether its container ends each time it is started.
    pub(super) fn keeps_ending(&self) -> bool {
        self.status()["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    }

    /// Why it is not ready, as far as the cluster says.
    pub(super) fn trouble(&self) -> Option<String> {
        if self.is_ready() || self.is_done() {
            return None;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let waiting = &self.status()["state"]["waiting"];
        let scheduled = self.condition("PodScheduled").filter(|condition| condition["status"] == "False");
        let why = [
            text(&waiting["message"]).or_else(|| text(&waiting["reason"])),
            scheduled.and_then(|condition| text(&condition["message"])),
            self.condition("Ready").and_then(|condition| text(&condition["message"])),
        ];
        let why = why.into_iter().flatten().next();
        let why = why.unwrap_or_else(|| text(&self.0["status"]["phase"]).unwrap_or_else(|| "not ready".to_owned()));
        Some(format!("{}: {}", self.name(), harmless(&why)))
    }

    fn condition(&self, kind: &str) -> Option<&Value> {
        self.0["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
    }

    /// Of its one container.
    fn status(&self) -> &Value {
        &self.0["status"]["containerStatuses"][0]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: &Value) -> Pod {
        let spec = json!({ "containers": [{ "image": "flotilla/hello:2.0.0" }] });
        Pod::of(json!({ "kind": "Pod", "metadata": { "name": "hello-1" }, "spec": spec, "status": status }))
    }

    #[test]
    fn a_missing_image_is_known_by_its_name() {
        let waiting = json!({ "reason": "ErrImageNeverPull", "message": "Container image is not present" });
        let pod = pod(&json!({ "containerStatuses": [{ "image": "", "state": { "waiting": waiting } }] }));
        let (image, why) = pod.missing_image().unwrap();
        assert_eq!((image.as_str(), why.as_str()), ("flotilla/hello:2.0.0", "Container image is not present"));
    }

    #[test]
    fn a_pod_that_finds_no_node_says_why() {
        let condition = json!({ "type": "PodScheduled", "status": "False", "message": "0/1 nodes are available" });
        let pod = pod(&json!({ "phase": "Pending", "conditions": [condition] }));
        assert_eq!(pod.trouble().unwrap(), "hello-1: 0/1 nodes are available");
        assert!(pod.missing_image().is_none());
    }

    #[test]
    fn one_that_is_ready_has_no_trouble_and_one_that_ends_is_not_ready() {
        let ready = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
        assert_eq!(pod(&ready).trouble(), None);
        let mut ending = pod(&ready);
        ending.0["metadata"]["deletionTimestamp"] = "2026-05-01T12:00:00Z".into();
        assert!(!ending.is_ready());
    }
}
