//! What a test may need from the machine. What is missing is named at the end of the run, never passed over in silence:
//! `SKIPPED browser (2 tests): install chromium`. `FLOTILLA_REQUIRE=browser` (or `all`) turns the skip into a failure.
use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use crate::environment::{find_on_path, health_url, required};

/// Something a machine may lack.
#[derive(Debug)]
pub struct Capability {
    /// As in `FLOTILLA_REQUIRE`.
    pub name: &'static str,
    /// What to do about its absence: completes "SKIPPED browser (2 tests): …".
    pub hint: &'static str,
    is_here: fn() -> bool,
    known: OnceLock<bool>,
}

impl Capability {
    const fn new(name: &'static str, hint: &'static str, is_here: fn() -> bool) -> Self {
        Self { name, hint, is_here, known: OnceLock::new() }
    }

    /// Looks, once in a run.
    pub fn is_here(&self) -> bool {
        *self.known.get_or_init(self.is_here)
    }

    /// Whether `FLOTILLA_REQUIRE` makes its absence a failure.
    pub fn is_required(&self) -> bool {
        required().iter().any(|name| name == self.name || name == "all")
    }
}

/// PostgreSQL's server, to start one of our own.
pub static POSTGRES: Capability =
    Capability::new("postgres", "install postgresql, or put its bin directory on the PATH", || {
        find_on_path(&["initdb"]).is_some() || !postgres_directories().is_empty()
    });

/// What makes certificates.
pub static OPENSSL: Capability = Capability::new("openssl", "install openssl", || find_on_path(&["openssl"]).is_some());

/// A browser.
pub static BROWSER: Capability = Capability::new("browser", "install chromium", || browser().is_some());

/// A container engine that answers.
pub static DOCKER: Capability =
    Capability::new("docker", "install docker and start it", || succeeds("docker", &["version"]));

/// A Kubernetes cluster on the current context.
pub static CLUSTER: Capability = Capability::new("cluster", "start one, for example with: minikube start", || {
    succeeds("kubectl", &["get", "--raw", "/readyz", "--request-timeout=5s"])
});

/// The tool that the documented commands use.
pub static CURL: Capability = Capability::new("curl", "install curl", || find_on_path(&["curl"]).is_some());

/// The health port of a suite that was not started here. Not part of `all`'s promise to have tools: part of how the suite is named.
pub static GIVEN_HEALTH: Capability =
    Capability::new("given-health", "set FLOTILLA_HEALTH_URL to the health port of the suite", || {
        health_url().is_some()
    });

/// Where the distributions put PostgreSQL's server.
pub fn postgres_directories() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let directories = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    directories.filter(|directory| directory.join("initdb").is_file()).collect()
}

/// The browser's executable.
pub fn browser() -> Option<PathBuf> {
    find_on_path(&["chromium", "chromium-browser", "google-chrome"])
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
