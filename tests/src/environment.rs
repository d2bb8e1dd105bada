//! What the person who runs the tests may say by environment variables. Nothing else here reads the environment.
//!
//! | variable | |
//! |---|---|
//! | `FLOTILLA_TARGET_URL` | also run the contract against this running suite (`contract::given::…`) |
//! | `FLOTILLA_HEALTH_URL` | the health port of that suite; its checks switch things on and off |
//! | `FLOTILLA_BIN_DIR` | use the executables in this directory instead of building them |
//! | `FLOTILLA_REQUIRE` | `all`, or names such as `browser,docker`: a skip for lack of these is a failure |
//! | `FLOTILLA_NODE` | the address where the cluster's node ports answer (a node's own) |
//! | `FLOTILLA_INGRESS_URL`, `FLOTILLA_INGRESS_TLS_URL` | where its Ingress answers (ports 80 and 443 of that address) |
//! | `FLOTILLA_KILLS` | how often auth is killed in the middle of writes, on each database (8) |
//! | `FLOTILLA_ROTATION_SECONDS` | how long a key rotation is under load (5) |
//! | `FLOTILLA_PYTHON` | a Python that has PyJWT, instead of the one below `target/` |
//! | `FLOTILLA_NODE_MODULES` | the directory with jose in it, instead of the one below `target/` |
//! | `TEST_LOG` | `1` shows the processes' output as it comes, not only of tests that fail |
use std::{path::PathBuf, str::FromStr, time::Duration};

use tempfile::TempDir;

/// A variable's value; empty means unset.
#[expect(clippy::disallowed_methods, reason = "the one place where the tests read the environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The origin of a suite that already runs.
pub fn target_url() -> Option<String> {
    variable("FLOTILLA_TARGET_URL").map(|url| url.trim_end_matches('/').to_owned())
}

/// The health port of that suite.
pub fn health_url() -> Option<String> {
    variable("FLOTILLA_HEALTH_URL").map(|url| url.trim_end_matches('/').to_owned())
}

/// Where the cluster's node ports answer.
pub(crate) fn node() -> Option<String> {
    variable("FLOTILLA_NODE")
}

/// Where the cluster's Ingress takes http.
pub(crate) fn ingress_url() -> Option<String> {
    variable("FLOTILLA_INGRESS_URL")
}

/// Where it takes https.
pub(crate) fn ingress_tls_url() -> Option<String> {
    variable("FLOTILLA_INGRESS_TLS_URL")
}

/// Where ready executables are.
pub(crate) fn bin_dir() -> Option<PathBuf> {
    variable("FLOTILLA_BIN_DIR").map(PathBuf::from)
}

/// The Python that was named.
pub(crate) fn python() -> Option<PathBuf> {
    variable("FLOTILLA_PYTHON").map(PathBuf::from)
}

/// The directory of JavaScript modules that was named.
pub(crate) fn node_modules() -> Option<PathBuf> {
    variable("FLOTILLA_NODE_MODULES").map(PathBuf::from)
}

/// Capabilities whose lack is a failure.
pub(crate) fn required() -> Vec<String> {
    variable("FLOTILLA_REQUIRE").unwrap_or_default().split(',').map(|name| name.trim().to_owned()).collect()
}

/// How often auth is killed in the middle of writes.
pub fn kills() -> usize {
    number("FLOTILLA_KILLS", 8)
}

/// How long keys are rotated under load.
pub fn rotation_under_load() -> Duration {
    Duration::from_secs(number("FLOTILLA_ROTATION_SECONDS", 5))
}

fn number<T: FromStr>(name: &str, default: T) -> T {
    let parsed = |text: String| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}"));
    variable(name).map_or(default, parsed)
}

/// Whether output is shown as it comes.
pub(crate) fn shows_logs() -> bool {
    variable("TEST_LOG").is_some_and(|value| value != "0")
}

/// The search path, which children inherit.
pub fn path() -> String {
    variable("PATH").unwrap_or_default()
}

/// How docker's client finds its engine and its plugins, for a child with another home directory.
pub(crate) fn docker() -> Vec<(&'static str, String)> {
    let home = variable("HOME").unwrap_or_default();
    let configuration = variable("DOCKER_CONFIG").unwrap_or_else(|| format!("{home}/.docker"));
    let host = variable("DOCKER_HOST").map(|host| ("DOCKER_HOST", host));
    host.into_iter().chain([("DOCKER_CONFIG", configuration)]).collect()
}

/// The first executable of these names on the search path.
pub fn find_on_path(names: &[&str]) -> Option<PathBuf> {
    let path = path();
    let directories = path.split(':').filter(|directory| !directory.is_empty());
    directories
        .flat_map(|directory| names.iter().map(move |name| PathBuf::from(directory).join(name)))
        .find(|file| file.is_file())
}

/// A directory that goes with the value, named so that a leftover would be known as ours.
pub fn temporary_directory() -> TempDir {
    tempfile::Builder::new().prefix("flotilla-e2e-").tempdir().expect("a temporary directory")
}

/// The test binary, even where a build has put another in its place meanwhile.
pub fn this_executable() -> PathBuf {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { running } else { std::env::current_exe().expect("this executable has a path") }
}
