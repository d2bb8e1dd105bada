//! The tools that walkthroughs use, and what was found of each.

use super::Purpose;
use super::probe::{self, Probe};

/// A tool, how to ask for its version, and how to get it.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) used_for: &'static str,
    purposes: &'static [Purpose],
    version: &'static [&'static str],
    /// A command that succeeds when what stands behind the tool answers, and what to do if it does not.
    answers: Option<(&'static [&'static str], &'static str)>,
    get: &'static str,
}

const TOOLS: [Tool; 7] = [
    Tool {
        name: "cargo",
        used_for: "builds flotilla from source",
        purposes: &[Purpose::Rust, Purpose::Walkthrough],
        version: &["--version"],
        answers: None,
        get: "install Rust from https://rustup.rs (the right version comes by itself)",
    },
    Tool {
        name: "curl",
        used_for: "the requests of the walkthroughs",
        purposes: &[Purpose::Walkthrough],
        version: &["--version"],
        answers: None,
        get: "install the package curl",
    },
    Tool {
        name: "docker",
        used_for: "images and Compose",
        purposes: &[Purpose::Walkthrough, Purpose::Docker, Purpose::Minikube],
        version: &["--version"],
        answers: Some((
            &["version", "--format", "{{.Server.Version}}"],
            "start Docker (`sudo systemctl start docker`, or Docker Desktop), and see that you may use it",
        )),
        get: "install it from https://docs.docker.com/get-started/get-docker/",
    },
    Tool {
        name: "just",
        used_for: "builds the images (just images)",
        purposes: &[Purpose::Walkthrough, Purpose::Minikube],
        version: &["--version"],
        answers: None,
        get: "install it with `cargo install just`, or from https://just.systems",
    },
    Tool {
        name: "kubectl",
        used_for: "the suite in a cluster",
        purposes: &[Purpose::Walkthrough, Purpose::Kubernetes, Purpose::Minikube],
        version: &["version", "--client"],
        // Whether the cluster answers is not asked: the next step may well be to start one.
        answers: None,
        get: "install it from https://kubernetes.io/docs/tasks/tools/",
    },
    Tool {
        name: "minikube",
        used_for: "a cluster on this machine",
        purposes: &[Purpose::Minikube],
        version: &["version", "--short"],
        answers: None,
        get: "install it from https://minikube.sigs.k8s.io/docs/start/",
    },
    Tool {
        name: "psql",
        used_for: "looking into a PostgreSQL database",
        purposes: &[Purpose::Postgres],
        version: &["--version"],
        answers: None,
        get: "install PostgreSQL (the packages postgresql and postgresql-client, or `brew install postgresql`)",
    },
];

/// What was found of a tool.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) tool: &'static Tool,
    version: Probe,
    answers: bool,
}

impl Finding {
    pub(super) fn works(&self) -> bool {
        matches!(self.version, Probe::Said(_)) && self.answers
    }

    pub(super) fn state(&self) -> &'static str {
        match self.version {
            Probe::Said(_) if self.answers => "ok",
            Probe::Said(_) => "not running",
            Probe::Failed(_) => "broken",
            Probe::Missing => "missing",
        }
    }

    pub(super) fn version(&self) -> String {
        match &self.version {
            Probe::Said(text) => version_in(text).to_owned(),
            Probe::Failed(_) | Probe::Missing => "-".to_owned(),
        }
    }

    pub(super) fn asked_for(&self, purposes: &[Purpose]) -> bool {
        let serves = |purpose| self.tool.purposes.contains(purpose);
        purposes.iter().any(serves)
    }

    pub(super) fn remedy(&self) -> String {
        match (&self.version, self.tool.answers) {
            (Probe::Said(_), Some((_, remedy))) => remedy.to_owned(),
            (Probe::Failed(why), _) => format!("it is here but does not work: {why}"),
            _ => self.tool.get.to_owned(),
        }
    }
}

/// Looks for all tools at once.
pub(super) async fn examine() -> Vec<Finding> {
    let searches: Vec<_> = TOOLS.iter().map(|tool| tokio::spawn(examine_one(tool))).collect();
    let mut findings = Vec::with_capacity(searches.len());
    for search in searches {
        findings.push(search.await.expect("a search does not panic"));
    }
    findings
}

async fn examine_one(tool: &'static Tool) -> Finding {
    let version = probe::ask(tool.name, tool.version).await;
    let answers = match tool.answers {
        Some((command, _)) if matches!(version, Probe::Said(_)) => {
            matches!(probe::ask(tool.name, command).await, Probe::Said(_))
        }
        _ => true,
    };
    Finding { tool, version, answers }
}

/// The first word with a digit and a dot in it: tools say their name, `v`, `version` and a build around it.
fn version_in(text: &str) -> &str {
    let is_version = |word: &&str| {
        let digits = word.trim_start_matches('v');
        digits.starts_with(|first: char| first.is_ascii_digit()) && digits.contains('.')
    };
    let word = text.split_whitespace().find(is_version).unwrap_or("?");
    word.trim_start_matches('v').trim_end_matches(',')
}

/// Findings as if these tools were here and no others.
#[cfg(test)]
pub(super) fn pretend(present: &[&str]) -> Vec<Finding> {
    let find = |tool: &'static Tool| Finding {
        tool,
        version: if present.contains(&tool.name) { Probe::Said("1.2.3".to_owned()) } else { Probe::Missing },
        answers: tool.answers.is_none(),
    };
    TOOLS.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_say() {
        for (said, version) in [
            ("cargo 1.95.0 (f2d3ce0bd 2026-03-21)", "1.95.0"),
            ("Docker version 28.1.1, build 4eba377", "28.1.1"),
            ("Client Version: v1.33.0\nKustomize Version: v5.6.0", "1.33.0"),
            ("v1.36.0", "1.36.0"),
            ("v3.17.3+ge4da497", "3.17.3+ge4da497"),
            ("psql (PostgreSQL) 17.5 (Debian 17.5-1)", "17.5"),
            ("nothing of the kind", "?"),
        ] {
            assert_eq!(version_in(said), version);
        }
    }

    /// `minikube` is one of several ways to get a cluster, so that purpose is asked for by its own name.
    #[test]
    fn every_tool_that_the_walkthrough_runs_is_checked_for_it() {
        let page = include_str!("../../../docs/walkthrough.md");
        let blocks = page.split("```sh").skip(1).filter_map(|rest| rest.split("```").next());
        let words: Vec<_> =
            blocks.flat_map(|block| block.split(|at: char| at.is_whitespace() || "$(`;|&".contains(at))).collect();
        let used = |tool: &&Tool| tool.name != "minikube" && words.contains(&tool.name);
        let missed: Vec<_> = TOOLS
            .iter()
            .filter(used)
            .filter(|tool| !tool.purposes.contains(&Purpose::Walkthrough))
            .map(|tool| tool.name)
            .collect();
        assert_eq!(missed, [""; 0]);
        assert!(TOOLS.iter().filter(used).count() >= 3, "the page runs curl, kubectl and just");
    }

    #[test]
    fn docker_without_its_daemon_is_not_running() {
        let findings = pretend(&["docker"]);
        let docker = findings.iter().find(|it| it.tool.name == "docker").unwrap();
        assert_eq!(docker.state(), "not running");
        assert!(docker.remedy().starts_with("start Docker"));
    }
}
