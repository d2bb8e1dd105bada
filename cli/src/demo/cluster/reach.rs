//! Which cluster it is, asked before anything is made in it.

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use super::kubectl::Kubectl;
use crate::output::harmless;

/// A cluster that answers.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) kubectl: Kubectl,
    pub(super) context: String,
    server: String,
    version: String,
}

impl Reached {
    /// The cluster of a context, or of the current one.
    pub(super) async fn at(context: Option<&str>) -> anyhow::Result<Self> {
        let kubectl = Kubectl::default();
        let context = match context {
            Some(context) => known(&kubectl, context).await?,
            None => current(&kubectl).await?,
        };
        let kubectl = kubectl.at(&context);
        let server = ["config", "view", "--minify", "--output=jsonpath={.clusters[0].cluster.server}"];
        let server = harmless(kubectl.run(&server).await?.trim());
        // Open to everybody who may log in, whatever else they may do.
        let version = kubectl.run(&["get", "--raw", "/version", "--request-timeout=10s"]).await.map_err(|error| {
            anyhow!(
                "the cluster of context {context}, at {server}, does not answer ({error:#}). Is it started, for example \
                 by `minikube start`? `kubectl config get-contexts` lists others, --context chooses one"
            )
        })?;
        let version: Value = serde_json::from_str(&version).context("the cluster does not say its version")?;
        let version = harmless(version["gitVersion"].as_str().unwrap_or("of an unknown version"));
        Ok(Self { kubectl, context, server, version })
    }

    /// Which one, for the audience.
    pub(super) fn told(&self) -> String {
        format!("the cluster at {} (context {}, Kubernetes {})", self.server, self.context, self.version)
    }
}

async fn current(kubectl: &Kubectl) -> anyhow::Result<String> {
    let said = kubectl.run(&["config", "current-context"]).await;
    let said = said.map_err(|error| {
        if !error.to_string().contains("current-context is not set") {
            return error;
        }
        anyhow!(
            "kubectl has no current context: start a cluster (for example by `minikube start`), or choose one by \
             `kubectl config use-context NAME` or --context NAME; `kubectl config get-contexts` lists them"
        )
    })?;
    Ok(said.trim().to_owned())
}

async fn known(kubectl: &Kubectl, context: &str) -> anyhow::Result<String> {
    let all = kubectl.run(&["config", "get-contexts", "--output=name"]).await?;
    let names: Vec<_> = all.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.contains(&context) {
        return Ok(context.to_owned());
    }
    let known = if names.is_empty() { "none".to_owned() } else { harmless(&names.join(", ")) };
    Err(anyhow!("--context: kubectl knows no context {context}; there is: {known}"))
}
