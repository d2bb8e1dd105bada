//! Two versions at once, with the manifests of the lessons: a canary's share, and a switch from blue to green and back.
use e2e::{
    Client, Origin, Test,
    cluster::{self, Manifests, Namespace, figure, ingress, until},
};

use super::{load, unnoticed};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![a_canary_has_its_share, blue_and_green_are_switched_unnoticed]
}

/// A lab of the test's own.
struct Lab {
    namespace: Namespace,
    manifests: Manifests,
}

impl Lab {
    /// auth, and the Ingress before Services that are still to come.
    fn new() -> Self {
        let lab = Self { namespace: Namespace::create("lab"), manifests: Manifests::copy() };
        lab.apply(&["deployments/auth.yaml", "services/auth.yaml", "ingress.yaml"]);
        lab
    }

    fn apply(&self, files: &[&str]) {
        for file in files {
            let path = self.manifests.path(&format!("lab/{file}"));
            self.namespace.kubectl(&["apply", "--filename", &path.to_string_lossy()]).expect(0);
        }
    }

    fn rolled_out(&self, names: &[&str]) {
        for name in names {
            self.namespace.rolled_out(&format!("deployment/{name}"));
        }
    }

    /// Somebody without a token, by the Ingress, when that leads to this version.
    async fn client(&self, version: &str) -> Client {
        let client = Client::new(Origin::from(format!("http://{}", self.manifests.domain())).found_at(ingress()));
        until(&format!("the Ingress leads to version {version}"), async || {
            let answer = client.get("/version").try_send().await?;
            (answer.status == 200 && answer.json()["version"] == version).then_some(())
        })
        .await;
        client
    }
}

/// Three pods of one version and one of the next: about a quarter of the requests.
async fn a_canary_has_its_share() {
    const REQUESTS: usize = 400;
    let _turn = cluster::turn().await;
    let lab = Lab::new();
    lab.apply(&["deployments/hello.yaml", "services/hello.yaml"]);
    lab.namespace.kubectl(&["scale", "deployment/hello", "--replicas=3"]).expect(0);
    lab.rolled_out(&["auth", "hello"]);
    let client = lab.client("1.0.0").await;
    lab.apply(&["deployments/hello-canary.yaml"]);
    lab.rolled_out(&["hello-canary"]);
    lab.client("2.0.0").await;
    let mut canary = 0;
    for _ in 0..REQUESTS {
        let answer = client.another().version(200).await;
        canary += usize::from(answer.json()["version"] == "2.0.0");
    }
    figure(&format!("a canary, one pod of four: {canary} of {REQUESTS} requests"));
    // By chance alone, six standard deviations are 52.
    assert!((REQUESTS / 4).abs_diff(canary) <= 52, "{canary} of {REQUESTS}");
}

async fn blue_and_green_are_switched_unnoticed() {
    let _turn = cluster::turn().await;
    let lab = Lab::new();
    lab.apply(&["deployments/hello-blue.yaml", "services/hello-blue.yaml", "deployments/hello-green.yaml"]);
    lab.rolled_out(&["auth", "hello-blue", "hello-green"]);
    let client = lab.client("1.0.0").await;
    unnoticed("blue to green and back", [load(&client, None)], async || {
        for (service, version) in [("green", "2.0.0"), ("blue", "1.0.0")] {
            lab.apply(&[&format!("services/hello-{service}.yaml")]);
            lab.client(version).await;
            // All of them, not only the first.
            until(&format!("only {version} answers"), async || {
                for _ in 0..20 {
                    if client.version(200).await.json()["version"] != version {
                        return None;
                    }
                }
                Some(())
            })
            .await;
        }
    })
    .await;
}
