//! Each environment is taken without a warning, is ready, and keeps out what is not as confined as it is.
use e2e::{
    Program, Test,
    cluster::{self, Manifests, Namespace, OURS, Overlay, Pod, kubectl, until},
};

pub(crate) fn warnings() -> Vec<Test> {
    e2e::tests![nothing_in_k8s_is_warned_of]
}

pub(crate) fn dev() -> Vec<Test> {
    e2e::tests![dev_is_ready_and_confined]
}

pub(crate) fn production() -> Vec<Test> {
    e2e::tests![production_is_ready_and_confined]
}

pub(crate) fn staging() -> Vec<Test> {
    e2e::tests![staging_is_ready_and_confined]
}

/// All files, asked of the cluster by a dry run: deprecations, and what the namespaces' Pod Security would warn of.
async fn nothing_in_k8s_is_warned_of() {
    let _turn = cluster::turn().await;
    let manifests = Manifests::copy();
    for overlay in Overlay::ALL {
        let name = overlay.name();
        let _namespace = Namespace::of_a_file(&manifests, overlay);
        if overlay != Overlay::Dev {
            manifests.make_secrets(name);
        }
        let path = manifests.path(&format!("overlays/{name}"));
        let told = kubectl(["apply", "-k", &path.to_string_lossy(), "--server-side", "--dry-run=server"]).expect(0);
        assert_eq!(told.err, "", "{name}");
        assert!(told.out.lines().count() > 15, "{}", told.out);
    }
    let lab = Namespace::create("lab");
    for directory in ["pods", "services", "deployments", "jobs", "ingress.yaml"] {
        let path = manifests.path(&format!("lab/{directory}"));
        let apply = ["apply", "-f", &path.to_string_lossy(), "--server-side", "--force-conflicts", "--dry-run=server"];
        assert_eq!(lab.kubectl(&apply).expect(0).err, "", "{directory}");
    }
}

async fn dev_is_ready_and_confined() {
    ready_and_confined(Overlay::Dev).await;
}

async fn production_is_ready_and_confined() {
    ready_and_confined(Overlay::Production).await;
}

async fn staging_is_ready_and_confined() {
    ready_and_confined(Overlay::Staging).await;
}

/// How much memory each of ours may have.
pub(crate) fn limit(overlay: Overlay, name: &str) -> String {
    let program = Program::SERVICES.into_iter().find(|program| program.name() == name).expect("a service of ours");
    match (overlay, program) {
        // In dev for commands that are run in its container.
        (Overlay::Dev, Program::Auth) | (Overlay::Staging | Overlay::Production, Program::Hello) => "32Mi".to_owned(),
        (Overlay::Staging | Overlay::Production, _) => "64Mi".to_owned(),
        _ => format!("{}Mi", program.memory_mib()),
    }
}

/// Beyond what `deploy` waits for: nothing was restarted on the way, and a pod that is not *restricted* is refused.
async fn ready_and_confined(overlay: Overlay) {
    let mut turn = cluster::turn().await;
    let deployed = turn.deploy(overlay).await;
    for name in OURS {
        // The autoscaler may just have added one.
        let pods = until(&format!("every pod of {name} is ready"), async || {
            let pods = deployed.pods_of(name);
            pods.iter().all(Pod::is_ready).then_some(pods)
        })
        .await;
        for pod in pods {
            assert_eq!(pod.restarts(), 0, "{pod:?}");
            let [container] = pod.containers() else { panic!("one container is expected: {pod:?}") };
            assert_eq!(container["resources"]["limits"]["memory"], limit(overlay, name), "{name}");
        }
    }
    // The address of a pod and its node are for lessons only.
    deployed.client().who_am_i(if overlay == Overlay::Dev { 200 } else { 404 }).await;
    let told = deployed.kubectl(&["run", "root", "--image=flotilla/hello:1.0.0", "--privileged"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.err.contains("violates PodSecurity \"restricted"), "{}", told.err);
}
