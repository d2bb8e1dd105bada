//! The demo's own namespace: made, found again, and deleted with all that is in it. Nothing else in the cluster is touched.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::kubectl::Kubectl;
use super::leftovers;
use crate::output;

/// What all namespaces of demos have.
pub(super) const LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "flotilla-demo");
/// What only one run's has.
const RUN: &str = "app.kubernetes.io/instance";
/// Until the cluster has forgotten it.
const PATIENCE: Duration = Duration::from_mins(2);
/// One after another, until it is given up.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// The namespace, from before it is made.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) name: String,
    run: String,
    /// At the context, not within the namespace.
    kubectl: Kubectl,
    making: Option<JoinHandle<anyhow::Result<String>>>,
    is_begun: bool,
}

impl Namespace {
    pub(super) fn new(kubectl: Kubectl, name: Option<&str>) -> Self {
        let run = random();
        let name = name.map_or_else(|| format!("flotilla-demo-{run}"), str::to_owned);
        Self { name, run, kubectl, making: None, is_begun: false }
    }

    /// kubectl within it.
    pub(super) fn kubectl(&self) -> Kubectl {
        self.kubectl.within(&self.name)
    }

    /// Makes it. One that exists is somebody else's, and is refused.
    ///
    /// When this is dropped the making goes on, for what is half made nobody would find: [`Self::remove`] waits for it.
    pub(super) async fn make(&mut self, demo: &str) -> anyhow::Result<()> {
        let labels = json!({
            LABEL.0: LABEL.1, RUN: self.run, "app.kubernetes.io/part-of": "flotilla",
            "pod-security.kubernetes.io/enforce": "restricted",
        });
        let metadata = json!({ "name": self.name, "labels": labels, "annotations": leftovers::annotations(demo) });
        let manifest = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata }).to_string();
        let kubectl = self.kubectl.clone();
        self.is_begun = true;
        let making = tokio::spawn(async move { kubectl.tell(&["create", "--filename=-"], &manifest).await });
        let made = self.making.insert(making).await.context("the making of the namespace panicked")?;
        self.making = None;
        match made {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().contains("(AlreadyExists)") => {
                self.is_begun = false;
                bail!("the namespace {} exists already, so it is somebody else's: choose another name", self.name)
            }
            Err(error) => Err(error.context(format!("cannot make the namespace {}", self.name))),
        }
    }

    /// What deletes it by hand, if there is anything to delete. By its label: one of that name may be somebody else's.
    pub(super) fn by_hand(&self) -> Option<String> {
        let run = format!("--selector={RUN}={}", self.run);
        self.is_begun.then(|| self.kubectl.shown(&["delete", "namespaces", &run]))
    }

    /// Deletes it, if it is ours, and waits until it is gone.
    pub(super) async fn remove(mut self) -> anyhow::Result<()> {
        let Some(by_hand) = self.by_hand() else { return Ok(()) };
        if let Some(making) = self.making.take() {
            let _ = making.await;
        }
        let begun = Instant::now();
        let (mut is_told, mut failures) = (false, 0);
        loop {
            match self.is_gone(&mut is_told).await {
                Ok(true) => break,
                Ok(false) if begun.elapsed() > PATIENCE => {
                    let look = self.kubectl.shown(&["get", "namespace", &self.name]);
                    output::remark(&format!("the cluster is still busy deleting it; look by `{look}`"));
                    return Ok(());
                }
                Ok(false) => failures = 0,
                Err(_) if failures + 1 < ATTEMPTS => failures += 1,
                Err(error) => {
                    return Err(
                        error.context(format!("cannot delete the namespace {}: do it by `{by_hand}`", self.name))
                    );
                }
            }
            sleep(PAUSE).await;
        }
        if is_told {
            output::remark(&format!("it is gone after {:.0} s", begun.elapsed().as_secs_f32()));
        }
        Ok(())
    }

    /// Looks, and tells the cluster once that it is to go.
    async fn is_gone(&self, is_told: &mut bool) -> anyhow::Result<bool> {
        if !self.is_ours().await? {
            return Ok(true);
        }
        if !*is_told {
            output::remark(&format!("deleting the namespace {}", self.name));
            self.kubectl.run(&["delete", "namespace", &self.name, "--wait=false"]).await?;
            *is_told = true;
            // Nobody is served by them any more, so nothing is waited for. Where this fails they take their time.
            let _ = self.kubectl().run(&["delete", "pods", "--all", "--grace-period=1", "--wait=false"]).await;
        }
        Ok(false)
    }

    /// Whether it is there, and this run has made it.
    async fn is_ours(&self) -> anyhow::Result<bool> {
        let found = self.kubectl.run(&["get", "namespace", &self.name, "--ignore-not-found", "--output=json"]).await?;
        if found.trim().is_empty() {
            return Ok(false);
        }
        let found: Value = serde_json::from_str(&found).context("kubectl get printed no JSON")?;
        Ok(found["metadata"]["labels"][RUN] == self.run)
    }
}

/// Six characters that are told apart when read aloud.
fn random() -> String {
    const LETTERS: &[u8] = b"bcdfghjkmnpqrstvwxz23456789";
    (0..6).map(|_| char::from(LETTERS[rand::random_range(0..LETTERS.len())])).collect()
}

/// A name that a namespace may have (RFC 1123 label).
pub(in crate::demo) fn name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (first, last) = (text.bytes().next(), text.bytes().last());
    let is_name = text.len() <= 63
        && text.bytes().all(|byte| is_plain(byte) || byte == b'-')
        && first.is_some_and(is_plain)
        && last.is_some_and(is_plain);
    if is_name { Ok(text.to_owned()) } else { Err("wanted: up to 63 of a-z, 0-9 and -, no - at either end".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_namespaces() {
        for good in ["a", "flotilla-demo-1", &"x".repeat(63)] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a b", "ä", &"x".repeat(64)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_runs_have_two_names() {
        let [one, other] = [(); 2].map(|()| Namespace::new(Kubectl::default(), None));
        assert!(name(&one.name).is_ok() && one.name.starts_with("flotilla-demo-"), "{}", one.name);
        assert_ne!(one.name, other.name);
    }

    #[tokio::test]
    async fn what_was_never_begun_is_not_removed() {
        let namespace = Namespace::new(Kubectl::default().at("no-such-context"), None);
        assert_eq!(namespace.by_hand(), None);
        namespace.remove().await.unwrap();
    }
}
