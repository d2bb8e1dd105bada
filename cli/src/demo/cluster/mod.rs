//! A suite of the demo's own in a Kubernetes cluster: auth, two pods of hello behind a Service, frontend, all in a namespace
//! that is made for the demo and deleted at its end.
//!
//! | module | does |
//! |---|---|
//! | `kubectl` | runs kubectl: it knows how to reach every cluster, and who may do what there |
//! | `reach` | which cluster it is, and whether it answers |
//! | `namespace`, `leftovers` | the namespace, and those of demos that were killed |
//! | `manifest` | what is in it |
//! | `ready`, `pod` | waits for it, and says what is wrong with it |
//! | `forward` | the way in |
//! | `instances` | the pods of hello, for demos that know instances |
//! | `rollout` | the demo that is a cluster's own |
//!
//! **The load runs here, and goes in by `kubectl port-forward`**, not as a pod in the cluster: so the audience sees it as it
//! does for a suite on this machine, drawn live, and no further image is needed. The way leads to the frontend's one pod,
//! which no demo ends; from there requests take the cluster's own way, over 16 connections to the Service of hello that are
//! renewed every 10 s. It also works where node ports cannot be reached, as on minikube in Docker on macOS.
//!
//! **The frontend sends a lost request once more**, so a pod that is killed may be noticed by nobody. Where a demo is to see
//! every loss its requests have a body: one with a body is never sent twice, and its loss is a 502.

mod forward;
mod instances;
mod kubectl;
mod leftovers;
mod manifest;
pub(super) mod namespace;
mod pod;
mod reach;
mod ready;
pub(super) mod rollout;

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::time::sleep;
use url::Url;

use self::forward::Forward;
use self::kubectl::Kubectl;
use self::namespace::Namespace;
use self::pod::Pod;
use self::reach::Reached;
use super::options::Name;
use super::story::Story;

/// Where the services listen in their pods.
const HTTP: u16 = 8080;
const HEALTH: u16 = 8081;
/// How long something that has to be seen may take to be seen: news passes the API server, kubelet and kube-proxy.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// Until every node's kube-proxy knows both pods of hello, after these are ready. The frontend's connections are made with
/// the first requests: all would lead to the pod that is known first, and stay there for 10 s.
const NEWS: Duration = Duration::from_secs(3);
/// Of hello in a cluster, unless told otherwise: that of the images, for there the news of an end takes up to 3 s.
pub(super) const DRAIN_DELAY: Duration = Duration::from_secs(5);

/// A registry's name, perhaps with a path in it.
pub(super) fn registry(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
    let name = text.trim_end_matches('/');
    if !name.is_empty() && !text.contains("://") && name.bytes().all(is_plain) {
        Ok(name.to_owned())
    } else {
        Err("wanted: a host, perhaps a path, without a scheme, such as registry.example.com/flotilla".to_owned())
    }
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) context: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) registry: Option<String>,
    pub(super) drain_delay: Duration,
}

/// The suite, from before it is made.
#[derive(Debug)]
pub(super) struct Cluster {
    chosen: Chosen,
    namespace: Option<Namespace>,
    set: Option<Set>,
}

/// What is there once it was made.
#[derive(Debug)]
struct Set {
    /// Within the namespace.
    kubectl: Kubectl,
    frontend: Forward,
    /// Health ports of pods of hello, by name.
    ways: Vec<(String, Forward)>,
}

impl Cluster {
    pub(super) fn new(chosen: Chosen) -> Self {
        Self { chosen, namespace: None, set: None }
    }

    /// Says where it will be, makes it, and waits until it is ready. May be cancelled.
    pub(super) async fn start(&mut self, name: Name, story: &Story) -> anyhow::Result<()> {
        let Chosen { context, namespace, registry, drain_delay } = self.chosen.clone();
        let reached = Reached::at(context.as_deref()).await?;
        leftovers::tell(&reached.kubectl).await;
        let namespace = self.namespace.insert(Namespace::new(reached.kubectl.clone(), namespace.as_deref()));
        story.seen(&format!(
            "In {} we make the namespace {}, with auth, two pods of hello and frontend in it, and delete it at the end. \
             Nothing else there is touched. It takes some seconds.",
            reached.told(),
            namespace.name
        ));
        story.pause().await;
        namespace.make(name.word()).await?;
        let kubectl = namespace.kubectl();
        let manifest = manifest::suite(drain_delay, registry.as_deref(), name == Name::Rollout);
        kubectl.tell(&["apply", "--filename=-"], &manifest).await.context("cannot make the suite")?;
        ready::until_ready(&kubectl).await?;
        let frontends = Pod::all(&kubectl.get(&["pods", "--selector=app=frontend"]).await?);
        let frontend = frontends.iter().find(|pod| pod.is_ready()).context("the frontend's pod has gone")?;
        let (frontend, ()) = tokio::join!(Forward::to(&kubectl, frontend.name(), HTTP), sleep(NEWS));
        let frontend = frontend?;
        let set = self.set.insert(Set { kubectl, frontend, ways: Vec::new() });
        story.seen(&format!(
            "It is ready. The way in is kubectl port-forward, from {} to the frontend.",
            set.frontend.origin.as_str().trim_end_matches('/')
        ));
        Ok(())
    }

    fn set(&self) -> &Set {
        self.set.as_ref().expect("it was started")
    }

    /// The frontend, where people are.
    pub(super) fn origin(&self) -> Url {
        self.set().frontend.origin.clone()
    }

    /// Comes back when the way in is broken: what fails then says nothing about the suite.
    pub(super) fn cut_off(&self) -> impl Future<Output = anyhow::Error> + use<> {
        let broken = self.set().frontend.broken();
        async move { anyhow!("the way into the cluster broke (kubectl port-forward): {}", broken.await) }
    }

    /// A pod of hello and an address on its health port.
    pub(super) async fn a_hello(&mut self) -> anyhow::Result<Url> {
        let name = self.hellos().await?.into_iter().next().context("no pod of hello is ready")?;
        self.way_to(&name).await
    }

    /// The names of those that are ready.
    async fn hellos(&self) -> anyhow::Result<Vec<String>> {
        let pods = Pod::all(&self.set().kubectl.get(&["pods", "--selector=app=hello"]).await?);
        Ok(pods.iter().filter(|pod| pod.is_ready()).map(|pod| pod.name().to_owned()).collect())
    }

    /// The way to a pod's health port, made if it is not there.
    async fn way_to(&mut self, pod: &str) -> anyhow::Result<Url> {
        let set = self.set.as_mut().expect("it was started");
        if let Some((_, way)) = set.ways.iter().find(|(name, _)| name == pod) {
            return Ok(way.origin.clone());
        }
        let way = Forward::to(&set.kubectl, pod, HEALTH).await?;
        let origin = way.origin.clone();
        set.ways.push((pod.to_owned(), way));
        Ok(origin)
    }

    async fn pod(&self, name: &str) -> anyhow::Result<Pod> {
        Ok(Pod::of(self.set().kubectl.get(&["pod", name]).await?))
    }

    /// `auth key rotate`, and what it said.
    pub(super) async fn rotate_keys(&self) -> anyhow::Result<String> {
        let said = self.set().kubectl.run(&["exec", "deployment/auth", "--", "auth", "key", "rotate"]).await?;
        // Its log is there, too.
        Ok(said.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n"))
    }

    /// What deletes the namespace by hand, if there is one.
    pub(super) fn by_hand(&self) -> Option<String> {
        self.namespace.as_ref()?.by_hand()
    }

    /// Deletes everything, and waits until the cluster has done it.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        drop(self.set);
        match self.namespace {
            Some(namespace) => namespace.remove().await,
            None => Ok(()),
        }
    }
}
