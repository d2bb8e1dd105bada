//! `flotilla demo NAME --kubernetes`: each demo keeps its promises in a real cluster, and nothing of it is left, however it ends.
use std::process::Command;

use e2e::{
    Program, Test,
    cluster::{self, Namespace, figure, until},
    output::Stream,
    tool::Tool,
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        tokens_are_shown_in_a_cluster,
        health_is_shown_in_a_cluster,
        a_rollout_is_shown_in_a_cluster,
        faults_are_shown_in_a_cluster,
        a_shutdown_is_shown_in_a_cluster,
        ctrl_c_leaves_no_namespace,
        an_image_that_cannot_be_had_is_named,
    ]
}

/// A demo that is played.
struct Demo {
    namespace: Namespace,
    tool: Tool,
}

impl Demo {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let namespace = Namespace::for_others("demo");
        let mut command = Command::new(Program::Flotilla.path());
        command.args(["demo", name, "--kubernetes", "--plain", "--namespace", namespace.name()]);
        command.args(arguments);
        Self { namespace, tool: Tool::start(command) }
    }

    fn told(&self, stream: Stream) -> String {
        self.tool.output().of(stream).join("\n")
    }

    /// What it tells the audience is in lines of a terminal's width.
    fn story(&self) -> String {
        self.told(Stream::Out).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    async fn ends_with(&mut self, code: i32) {
        // Each of its own patiences is a minute or more.
        let status = self.tool.wait_within(std::time::Duration::from_mins(8)).await.expect("it ends");
        let told = format!("{}\n{}", self.told(Stream::Out), self.told(Stream::Err));
        assert_eq!(status.code(), Some(code), "{told}");
        assert!(!self.namespace.exists(), "it waits until the namespace is gone\n{told}");
    }
}

/// It keeps its promises, which are among others these.
async fn passes(name: &str, promises: &[&str]) {
    let _turn = cluster::turn().await;
    let start = Instant::now();
    let mut demo = Demo::start(name, &["--pace", "0s"]);
    demo.ends_with(0).await;
    let (story, told) = (demo.story(), demo.told(Stream::Out));
    for promise in promises {
        assert!(story.contains(&format!("ok {promise}")), "{promise:?} is not in {told}");
    }
    assert!(story.contains(&format!("we make the namespace {}, ", demo.namespace.name())), "{told}");
    assert!(told.lines().last().is_some_and(|last| last.starts_with(&format!("PASS: demo {name}: all "))), "{told}");
    let counted = told.lines().filter(|line| line.contains(" failed"));
    let counted: Vec<_> = counted.filter_map(|line| Some(line.trim().split_once("  ")?.1)).collect();
    figure(&format!("demo {name} in a cluster: {} s; {}", start.elapsed().as_secs(), counted.join("; ")));
}

async fn tokens_are_shown_in_a_cluster() {
    let promises = [
        "a good token works: 200 OK",
        "a changed token is refused: 401",
        "an expired token is refused: 401",
        "the new key is published before it signs: 2 keys",
        "the new key signs: ",
        "the old token still works: 200",
        "no request fails: 0 of ",
    ];
    passes("tokens", &promises).await;
}

async fn health_is_shown_in_a_cluster() {
    let promises = [
        "it leaves the Service's EndpointSlice: hello-",
        "who is not ready gets no traffic: hello-",
        "it lives on: /healthz 200",
        "who is not alive is started anew: restart count 0, then restart count 1",
        "it answers again: ",
        "no request fails: 0 of ",
    ];
    passes("health", &promises).await;
}

async fn a_rollout_is_shown_in_a_cluster() {
    let promises = [
        "pod by pod: both versions answer: ",
        "only version 2.0.0 is left: 2.0.0 100 %",
        "only version 1.0.0 is left: 1.0.0 100 %",
        "no request fails: 0 of ",
    ];
    passes("rollout", &promises).await;
}

async fn faults_are_shown_in_a_cluster() {
    let promises = ["users see the delay: ", "users see the errors: ", "all is well again: ", "nothing else failed: "];
    passes("faults", &promises).await;
}

async fn a_shutdown_is_shown_in_a_cluster() {
    let promises = ["no request fails: 0 of ", "the measurement would have told: "];
    passes("shutdown", &promises).await;
}

async fn ctrl_c_leaves_no_namespace() {
    let _turn = cluster::turn().await;
    let mut demo = Demo::start("health", &["--pace", "30s"]);
    until("the demo says what it will make", async || demo.told(Stream::Out).contains("namespace").then_some(())).await;
    // Its first sentence stands for 30 s; pods are there only then.
    until("its pods are there", async || (!demo.namespace.pods("app=hello").is_empty()).then_some(())).await;
    let pid = i32::try_from(demo.tool.id()).ok().and_then(Pid::from_raw).expect("an id");
    kill_process(pid, Signal::INT).expect("it runs");
    demo.ends_with(130).await;
    assert!(demo.told(Stream::Err).contains("Ctrl-C: putting everything back"), "{}", demo.told(Stream::Err));
    assert!(!demo.told(Stream::Out).contains("PASS"), "{}", demo.told(Stream::Out));
}

async fn an_image_that_cannot_be_had_is_named() {
    let _turn = cluster::turn().await;
    let mut demo = Demo::start("faults", &["--pace", "0s", "--registry", "registry.invalid/flotilla"]);
    demo.ends_with(1).await;
    let error = "error: the cluster cannot get the image registry.invalid/flotilla/";
    assert!(demo.told(Stream::Err).contains(error), "{}", demo.told(Stream::Err));
    assert!(!demo.told(Stream::Out).contains("FAIL"), "nothing was shown: {}", demo.told(Stream::Out));
}
