//! A namespace, and what is asked of what is in it. It goes with the value, and with all that is in it.
use std::thread;

use serde_json::Value;

use super::{LONGEST, Manifests, Overlay, Pod, kubectl, until};
use crate::{
    HealthPort, audit,
    container::{Told, unique},
    eventually::{LONG, eventually},
    output::Stream,
    reaper,
    tool::Tool,
};

/// A namespace of the run's own.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// An empty one.
    pub fn create(what: &str) -> Self {
        let namespace = Self::named(unique(what));
        kubectl(["create", "namespace", namespace.name()]).expect(0);
        namespace
    }

    /// A name of the run's own, for somebody else to make it.
    pub fn for_others(what: &str) -> Self {
        Self::named(unique(what))
    }

    /// That of an environment, with its labels and nothing in it.
    pub fn of_a_file(manifests: &Manifests, overlay: Overlay) -> Self {
        let namespace = Self::to_come(manifests, overlay);
        let file = manifests.path(&format!("overlays/{}/namespace.yaml", overlay.name()));
        kubectl(["apply", "--server-side", "--filename", &file.to_string_lossy()]).expect(0);
        namespace
    }

    /// That of an environment which somebody else may make meanwhile.
    pub(crate) fn to_come(manifests: &Manifests, overlay: Overlay) -> Self {
        Self::named(manifests.namespace(overlay.name()))
    }

    /// One that is about to be made by a manifest.
    fn named(name: String) -> Self {
        reaper::add(&format!("namespace={name}"));
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the cluster has it, or is still deleting it.
    pub fn exists(&self) -> bool {
        let found = kubectl(["get", "namespace", &self.name, "--ignore-not-found", "--output=name"]).expect(0);
        !found.out.trim().is_empty()
    }

    /// `kubectl --namespace … …`, to its end.
    pub fn kubectl(&self, arguments: &[&str]) -> Told {
        self.tell(arguments, "")
    }

    /// The same, with this on its stdin.
    pub fn tell(&self, arguments: &[&str], text: &str) -> Told {
        super::kubectl::tell(["--namespace", &self.name].iter().chain(arguments), text)
    }

    /// What `kubectl get …` knows.
    pub fn get(&self, arguments: &[&str]) -> Value {
        let told = self.kubectl(&[&["get", "--output=json"], arguments].concat()).expect(0);
        serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{error}: {}", told.out))
    }

    /// The pods with these labels, those that are ending included.
    pub fn pods(&self, labels: &str) -> Vec<Pod> {
        Pod::list(self.get(&["pods", "--selector", labels]))
    }

    /// How many pods a Service sends to.
    pub fn endpoints(&self, service: &str) -> usize {
        let slices = self.get(&["endpointslices", "--selector", &format!("kubernetes.io/service-name={service}")]);
        let slices = slices["items"].as_array().expect("a list");
        let endpoints = slices.iter().flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
        endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true).count()
    }

    /// Waits until a rollout is complete.
    pub fn rolled_out(&self, workload: &str) {
        let timeout = format!("--timeout={}s", LONGEST.as_secs() / 2);
        let told = self.kubectl(&["rollout", "status", workload, &timeout]);
        assert_eq!(told.code, Some(0), "{workload}: {told:?}\n{}", self.shown());
    }

    /// Waits until there are exactly so many pods with these labels, all ready, and none that is ending.
    pub async fn settled(&self, labels: &str, count: usize) -> Vec<Pod> {
        until(&format!("{count} pods of {labels} are ready, and no others are there"), async || {
            let pods = self.pods(labels);
            let settled = pods.len() == count && pods.iter().all(|pod| pod.is_ready() && !pod.is_ending());
            settled.then_some(pods)
        })
        .await
    }

    /// The way to a port of a pod (`pod/NAME`, `deployment/NAME`), as long as it is held.
    pub async fn forward(&self, to: &str, port: u16) -> Forward {
        let port = format!(":{port}");
        let tool = Tool::start(super::kubectl::command(["--namespace", &self.name, "port-forward", to, &port]));
        let address = eventually(&format!("kubectl forwards to {to}"), LONG, async || {
            let line = tool.output().of(Stream::Out).into_iter().next()?;
            Some(line.strip_prefix("Forwarding from ")?.split_once(" -> ")?.0.to_owned())
        })
        .await;
        Forward { health: HealthPort::new(format!("http://{address}")), _tool: tool }
    }

    /// What a person would look at who wonders what is wrong.
    pub fn shown(&self) -> String {
        let shown = |arguments: &[&str]| {
            let told = self.kubectl(arguments);
            format!("== {} kubectl {}\n{}{}", self.name, arguments.join(" "), told.out, told.err)
        };
        [
            shown(&["get", "pods,deployments,statefulsets,jobs,ingress", "--output=wide"]),
            shown(&["get", "events", "--sort-by=.lastTimestamp"]),
        ]
        .concat()
    }

    /// The last lines of everybody's log, to look for credentials.
    fn keep_logs(&self) {
        for pod in Pod::list(self.get(&["pods"])) {
            let logs = self.kubectl(&["logs", pod.name(), "--all-containers", "--tail=2000"]);
            audit::keep_lines(pod.name(), logs.out.lines());
        }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.shown());
        } else {
            self.keep_logs();
        }
        // Pods take their time to end, and nobody has to wait for it.
        kubectl(["delete", "namespace", &self.name, "--wait=false", "--ignore-not-found"]);
        super::turn::leaving(&self.name);
        reaper::remove(&format!("namespace={}", self.name));
    }
}

/// A port of a pod on this machine.
#[derive(Debug)]
pub struct Forward {
    health: HealthPort,
    _tool: Tool,
}

impl std::ops::Deref for Forward {
    type Target = HealthPort;
    fn deref(&self) -> &HealthPort {
        &self.health
    }
}
