//! The pods of hello as instances: who gets requests, how one ends, and what takes its place.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::ready::{self, PAUSE};
use super::{Cluster, PATIENCE};
use crate::demo::instances::{Gone, Instances};
use crate::demo::show;
use crate::load::plan::Plan;

/// Longer than the grace period of hello's pods, after which they are killed.
const END: Duration = Duration::from_mins(2);

impl Instances for Cluster {
    const TO_USERS: &'static str = "through the frontend";
    const TO_STRICT_USERS: &'static str = "through the frontend, each with a body";
    const STRICT: &'static str =
        "What has a body the frontend never sends twice. So it hides no loss from us: what is lost is a 502.";
    const ANEW: &'static str = "Three probes failed; the kubelet asked it to end (SIGTERM), it finished its requests, and \
                                the same pod got a new container.";

    async fn names(&mut self) -> anyhow::Result<[String; 2]> {
        ready::until_ready(&self.set().kubectl).await?;
        let names = <[String; 2]>::try_from(self.hellos().await?);
        let names = names.map_err(|names| anyhow!("{} pods of hello are ready, and two are wanted", names.len()))?;
        for name in &names {
            self.way_to(name).await?;
        }
        Ok(names)
    }

    fn health(&self, name: &str, path: &str) -> Url {
        let ways = &self.set().ways;
        let (_, way) = ways.iter().find(|(known, _)| known == name).expect("it is one of the names");
        way.origin.join(path).expect("a path")
    }

    fn users(&self, rate: u32) -> anyhow::Result<Plan> {
        show::users(&self.origin(), "/", rate)
    }

    fn strict_users(&self, rate: u32) -> anyhow::Result<Plan> {
        let mut plan = self.users(rate)?;
        plan.message.body = Some(Bytes::from_static(b"{}"));
        Ok(plan)
    }

    async fn life(&self, name: &str) -> anyhow::Result<Option<String>> {
        let pod = self.pod(name).await?;
        Ok(pod.is_running().then(|| format!("restart count {}", pod.restarts())))
    }

    async fn endpoints(&self) -> anyhow::Result<Option<Vec<String>>> {
        let slices = self.set().kubectl.get(&["endpointslices", "--selector=kubernetes.io/service-name=hello"]).await?;
        let slices = slices["items"].as_array().into_iter().flatten();
        let endpoints = slices.flat_map(|slice| slice["endpoints"].as_array().into_iter().flatten());
        let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true);
        let mut names: Vec<_> =
            ready.filter_map(|endpoint| endpoint["targetRef"]["name"].as_str().map(str::to_owned)).collect();
        names.sort();
        Ok(Some(names))
    }

    async fn end(&mut self, name: &str) -> anyhow::Result<Gone> {
        let kubectl = &self.set().kubectl;
        // Watched from before, for a pod's last state is told a moment before it is forgotten.
        let ended = "--output=jsonpath={.status.containerStatuses[0].state.terminated.exitCode}{\"\\n\"}";
        let mut watch = kubectl.start(&["get", "pod", name, "--watch", ended])?;
        let mut lines = BufReader::new(watch.stdout.take().context("kubectl has no output")?).lines();
        let exit_code = async {
            let mut begun = false;
            while let Ok(Some(line)) = lines.next_line().await {
                if !std::mem::replace(&mut begun, true) {
                    kubectl.run(&["delete", "pod", name, "--wait=false"]).await?;
                }
                if !line.trim().is_empty() {
                    return Ok(Some(line.trim().to_owned()));
                }
            }
            anyhow::Ok(None)
        };
        let code = timeout(END, exit_code).await.unwrap_or(Ok(None))?;
        let how = code
            .as_ref()
            .map_or("nobody knows how it ended".to_owned(), |code| format!("it ended with exit code {code}"));
        Ok(Gone { in_peace: code.as_deref() == Some("0"), how })
    }

    async fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        let kubectl = &self.set().kubectl;
        let before = self.pod(name).await?.restarts();
        // It may fail by having done it, for it ends with the container.
        let told = kubectl.run(&["exec", name, "--", "killall", "-KILL", "hello"]).await;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let pod = self.pod(name).await?;
            // 128 and the number of SIGKILL.
            if pod.restarts() > before && pod.last_exit_code() == Some(137) {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        told.context("cannot kill hello")?;
        bail!("hello in {name} was killed, and the cluster does not say so");
    }

    async fn reinforce(&mut self) -> anyhow::Result<String> {
        self.names().await?;
        Ok("The Deployment has made a new pod in its place, so that somebody is left.".to_owned())
    }
}
