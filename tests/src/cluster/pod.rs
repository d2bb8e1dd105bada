//! What the cluster knows of a pod.
use serde_json::Value;

/// A pod.
#[derive(Debug, Clone)]
pub struct Pod(Value);

impl Pod {
    pub(super) fn list(mut list: Value) -> Vec<Self> {
        let Value::Array(items) = list["items"].take() else { panic!("a list is expected") };
        items.into_iter().map(Self).collect()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().expect("a name")
    }

    /// Where it runs.
    pub fn node(&self) -> &str {
        self.0["spec"]["nodeName"].as_str().unwrap_or_default()
    }

    /// Whether it is to get requests.
    pub fn is_ready(&self) -> bool {
        let conditions = self.0["status"]["conditions"].as_array();
        let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
        conditions.is_some_and(|conditions| conditions.iter().any(ready))
    }

    /// Whether it was told to end.
    pub fn is_ending(&self) -> bool {
        !self.0["metadata"]["deletionTimestamp"].is_null()
    }

    /// Whether it belongs to a Job that is done.
    pub fn is_done(&self) -> bool {
        self.0["status"]["phase"] == "Succeeded"
    }

    /// Its containers, as they are wanted.
    pub fn containers(&self) -> &[Value] {
        self.0["spec"]["containers"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Its containers, as they are.
    pub fn statuses(&self) -> &[Value] {
        self.0["status"]["containerStatuses"].as_array().map_or(&[], Vec::as_slice)
    }

    /// How often its containers were started anew.
    pub fn restarts(&self) -> u64 {
        self.statuses().iter().filter_map(|status| status["restartCount"].as_u64()).sum()
    }

    /// The image that the cluster lacks for it.
    pub fn missing_image(&self) -> Option<&str> {
        let lacks = |status: &&Value| {
            let reason = status["state"]["waiting"]["reason"].as_str();
            matches!(reason, Some("ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" | "InvalidImageName"))
        };
        self.statuses().iter().find(lacks).and_then(|status| status["image"].as_str())
    }
}
