//! An environment of `k8s/overlays`, deployed as the documents say and ready.
use std::sync::Arc;

use serde_json::Value;
use tokio::{sync::OnceCell, time::Instant};

use super::{Forward, LONGEST, Manifests, Namespace, figure, ingress, ingress_tls, kubectl, until};
use crate::{
    Client, Origin, Suite, audit,
    skips::{self, GATEWAY},
    suite::Target,
};

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// One replica each, SQLite, the demo account, switches; with a Gateway beside the Ingress where the cluster knows any.
    Dev,
    /// Two replicas each, PostgreSQL, TLS.
    Staging,
    /// The same with an autoscaler.
    Production,
}

impl Overlay {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dev, Self::Staging, Self::Production];

    /// As in `k8s/overlays`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// Our Deployments, in the order in which requests pass them.
pub const OURS: [&str; 3] = ["frontend", "hello", "auth"];

/// A deployed environment. Dropping it removes it.
#[derive(Debug)]
pub struct Deployed {
    overlay: Overlay,
    namespace: Namespace,
    manifests: Manifests,
    ingress: Arc<OnceCell<Suite>>,
    gateway: Arc<OnceCell<Suite>>,
}

impl Deployed {
    /// By the commands of docs/kubernetes.md.
    pub(super) async fn up(overlay: Overlay) -> Self {
        let (start, manifests) = (Instant::now(), Manifests::copy());
        let namespace = Namespace::to_come(&manifests, overlay);
        let mut deployed = Self { overlay, namespace, manifests, ingress: Arc::default(), gateway: Arc::default() };
        if overlay != Overlay::Dev {
            deployed.manifests.make_secrets(overlay.name());
            for secret in ["superuser-password", "auth-password", "key-encryption-key"] {
                audit::secret(&deployed.secret(secret));
            }
        }
        deployed.apply();
        deployed.ready().await;
        let version = deployed.answering().await;
        deployed.ingress = deployed.found_at(deployed.origin());
        deployed.gateway = deployed.found_at(deployed.gateway_origin());
        let built = skips::revision();
        assert!(version.contains(&built), "the cluster's images are not of {built}: build and load them: {version}");
        let seconds = start.elapsed().as_secs();
        figure(&format!("{} answers {seconds} s after its first command: {version}", overlay.name()));
        deployed
    }

    /// `kubectl apply -k k8s/overlays/…`; a warning is as bad as an error.
    pub fn apply(&self) {
        let overlay = match self.overlay {
            Overlay::Dev if GATEWAY.is_here() => "dev-gateway",
            overlay => overlay.name(),
        };
        let path = self.manifests.path("overlays").join(overlay);
        let told = kubectl(["apply", "-k", &path.to_string_lossy()]).expect(0);
        assert_eq!(told.err, "", "the cluster warns of {overlay}");
    }

    /// Waits until every pod is ready, or cannot be.
    async fn ready(&self) {
        until(&format!("every pod of {} is ready", self.overlay.name()), async || {
            let pods = self.pods("app.kubernetes.io/part-of=flotilla");
            if let Some(image) = pods.iter().find_map(|pod| pod.missing_image()) {
                panic!("the cluster has no {image}: load it, for example by `minikube image load {image}`");
            }
            let workloads = self.get(&["deployments,statefulsets"]);
            let workloads = workloads["items"].as_array().expect("a list");
            let is_complete = |workload: &Value| {
                let wanted = workload["spec"]["replicas"].as_u64();
                let is_seen = workload["status"]["observedGeneration"] == workload["metadata"]["generation"];
                is_seen && wanted.is_some() && workload["status"]["readyReplicas"].as_u64() == wanted
            };
            (!workloads.is_empty() && workloads.iter().all(is_complete)).then_some(())
        })
        .await;
    }

    /// Waits until the ways in lead there; which version it says it is.
    async fn answering(&self) -> String {
        let mut ways = vec![self.origin()];
        if self.overlay == Overlay::Dev && GATEWAY.is_here() {
            ways.push(self.gateway_origin());
        }
        let mut version = String::new();
        for way in ways {
            let client = Client::new(way.clone());
            let what = format!(
                "{way:?} leads to the frontend (FLOTILLA_NODE, FLOTILLA_INGRESS_URL and FLOTILLA_INGRESS_TLS_URL say where)"
            );
            let answer =
                until(&what, async || client.get("/version").try_send().await.filter(|found| found.status == 200));
            version = answer.await.body;
        }
        version
    }

    /// What is deployed.
    pub fn overlay(&self) -> Overlay {
        self.overlay
    }

    /// From what.
    pub fn manifests(&self) -> &Manifests {
        &self.manifests
    }

    /// A file that `k8s/secrets` has made.
    pub fn secret(&self, name: &str) -> String {
        self.manifests.read(&format!("overlays/{}/secrets/{name}", self.overlay.name()))
    }

    fn origin(&self) -> Origin {
        let host = self.host();
        match self.overlay {
            Overlay::Dev => Origin::from(format!("http://{host}")).found_at(ingress()),
            _ => Origin::from(format!("https://{host}")).found_at(ingress_tls()).trusting(self.secret("ca.pem")),
        }
    }

    fn gateway_origin(&self) -> Origin {
        Origin::from(format!("http://gateway.{}", self.host())).found_at(ingress())
    }

    fn found_at(&self, origin: Origin) -> Arc<OnceCell<Suite>> {
        let (host, scheme) = (self.host(), if self.overlay == Overlay::Dev { "http" } else { "https" });
        let suite = Suite::behind_an_ingress(origin, format!("{scheme}://{host}"), format!("hello.{host}"));
        Arc::new(OnceCell::new_with(Some(suite)))
    }

    fn host(&self) -> String {
        format!("{}.{}", self.overlay.name(), self.manifests.domain())
    }

    /// As somebody finds it who comes by the Ingress.
    pub fn suite(&self) -> &Suite {
        self.ingress.get().expect("it is up")
    }

    pub(crate) fn by(&self, target: Target) -> Arc<OnceCell<Suite>> {
        Arc::clone(if target == Target::Gateway { &self.gateway } else { &self.ingress })
    }

    /// Somebody without a token, by the Ingress.
    pub fn client(&self) -> Client {
        self.suite().anonymous()
    }

    /// The pods of one of ours.
    pub fn pods_of(&self, name: &str) -> Vec<super::Pod> {
        self.pods(&labels(name))
    }

    /// Waits until there are exactly so many pods of one of ours, all ready, and none that is ending.
    pub async fn settled_at(&self, name: &str, count: usize) -> Vec<super::Pod> {
        self.settled(&labels(name), count).await
    }

    /// The health port of a pod of one of ours.
    pub async fn health(&self, name: &str) -> Forward {
        self.forward(&format!("deployment/{name}"), 8081).await
    }

    /// Runs an admin process on demand: a Job of a CronJob, to its end.
    pub fn run_job(&self, cronjob: &str, job: &str) {
        self.kubectl(&["create", "job", job, &format!("--from=cronjob/{cronjob}")]).expect(0);
        let timeout = format!("--timeout={}s", LONGEST.as_secs() / 2);
        let told = self.kubectl(&["wait", "--for=condition=Complete", &format!("job/{job}"), &timeout]);
        let log = || self.kubectl(&["logs", &format!("job/{job}")]);
        assert_eq!(told.code, Some(0), "{cronjob}: {told:?}\n{:?}\n{}", log(), self.shown());
    }

    /// Adds an account, as the documents say.
    pub fn add_user(&self, name: &str, password: &str) {
        audit::secret(password);
        let secret = ["create", "secret", "generic", "new-account", "--from-file=password=/dev/stdin"];
        let of = [format!("--from-literal=name={name}"), format!("--from-literal=email={name}@example.com")];
        let of = of.each_ref().map(String::as_str);
        self.tell(&[&secret[..], &of].concat(), password).expect(0);
        self.run_job("auth-user-add", &format!("add-{name}"));
        self.kubectl(&["delete", "secret", "new-account"]).expect(0);
    }
}

impl std::ops::Deref for Deployed {
    type Target = Namespace;
    fn deref(&self) -> &Namespace {
        &self.namespace
    }
}

fn labels(name: &str) -> String {
    format!("app.kubernetes.io/name={name},app.kubernetes.io/instance=flotilla")
}
