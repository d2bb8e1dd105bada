//! A node that is emptied of our pods, and is open to pods again when the value is dropped.
use serde_json::Value;

use super::{Deployed, OURS, kubectl};
use crate::reaper;

/// A drained node.
#[derive(Debug)]
pub struct Drained {
    name: String,
}

impl Drained {
    /// A node that has some of this environment's pods, is open to others, and has no control plane.
    ///
    /// Nobody else's pods are evicted: the cluster may be somebody's.
    pub fn below(deployed: &Deployed) -> Self {
        let used: Vec<String> =
            OURS.iter().flat_map(|name| deployed.pods_of(name)).map(|pod| pod.node().to_owned()).collect();
        let nodes = deployed.get(&["nodes", "--selector=!node-role.kubernetes.io/control-plane"]);
        let name = |node: &Value| node["metadata"]["name"].as_str().map(str::to_owned);
        let open = nodes["items"].as_array().into_iter().flatten().filter(|node| node["spec"]["unschedulable"] != true);
        let name = open.filter_map(name).find(|name| used.contains(name));
        let node = Self { name: name.expect("a node without a control plane has some of our pods") };
        reaper::add(&format!("drained={}", node.name));
        // A label of the run's own, for a drain asks all namespaces.
        let own = format!("flotilla-e2e={}", deployed.name());
        for name in OURS {
            let of = format!("--selector=app.kubernetes.io/name={name}");
            deployed.kubectl(&["label", "pods", &of, &own, "--overwrite"]).expect(0);
        }
        let pods = format!("--pod-selector={own}");
        let flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s"];
        kubectl(["drain", &node.name, &pods].iter().chain(&flags)).expect(0);
        node
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        kubectl(["uncordon", &self.name]);
        reaper::remove(&format!("drained={}", self.name));
    }
}
