//! What a test may need from the machine. What is missing is named at the end of the run, never passed over in silence:
//! `SKIPPED browser (2 tests): install chromium`. `FLOTILLA_REQUIRE=browser` (or `all`) turns the skip into a failure.
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use crate::{
    Program, cluster, container,
    environment::{self, find_on_path, health_url, required},
};

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
        is_asked_for(self.name)
    }
}

/// Whether `FLOTILLA_REQUIRE` names it.
fn is_asked_for(capability: &str) -> bool {
    required().iter().any(|name| name == capability || name == "all")
}

/// PostgreSQL's server, to start one of our own.
pub static POSTGRES: Capability =
    Capability::new("postgres", "install postgresql, or put its bin directory on the PATH", || {
        find_on_path(&["initdb"]).is_some() || !postgres_directories().is_empty()
    });

/// A pooler of PostgreSQL's connections.
pub static PGBOUNCER: Capability = Capability::new("pgbouncer", "install pgbouncer", || pgbouncer().is_some());

/// What makes certificates.
pub static OPENSSL: Capability = Capability::new("openssl", "install openssl", || find_on_path(&["openssl"]).is_some());

/// A browser, and what drives it.
pub static BROWSER: Capability = Capability::new("browser", "install chromium and chromium-driver", || {
    browser().is_some() && chromedriver().is_some()
});

/// A container engine that answers.
pub static DOCKER: Capability =
    Capability::new("docker", "install docker and start it", || succeeds("docker", &["version"]));

/// Our images, made from this very revision; and hello in a second version.
pub static IMAGES: Capability = Capability::new(
    "images",
    "run: just images && just image hello 2.0.0 (images of another revision do not count)",
    || DOCKER.is_here() && images().iter().all(|image| revision_of(image) == Some(revision())),
);

/// What tests of images and of compose need.
pub static CONTAINERS: [&Capability; 2] = [&DOCKER, &IMAGES];

/// A Kubernetes cluster on the current context, and leave to use it: it may be anybody's, so nothing is deployed to it
/// unless it was asked for.
pub static CLUSTER: Capability = Capability::new(
    "cluster",
    "set FLOTILLA_REQUIRE=cluster to deploy to kubectl's current context; start one with `minikube start`, and load the images",
    || is_asked_for("cluster") && succeeds("kubectl", &["get", "--raw", "/readyz", "--request-timeout=5s"]),
);

/// The Gateway API, and a controller that the overlay's Gateway names.
pub static GATEWAY: Capability =
    Capability::new("gateway", "install the Gateway API with a controller of class traefik in the cluster", || {
        CLUSTER.is_here() && succeeds("kubectl", &["get", "gatewayclass", "traefik"])
    });

/// What the autoscaler counts in.
pub static METRICS: Capability = Capability::new(
    "metrics",
    "install metrics-server in the cluster, for example by `minikube addons enable metrics-server`",
    || CLUSTER.is_here() && succeeds("kubectl", &["get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"]),
);

/// A second node, to drain.
pub static NODES: Capability = Capability::new(
    "nodes",
    "set FLOTILLA_REQUIRE=cluster,nodes to drain a node; a second one comes by `minikube start --nodes 2`",
    || {
        // Nobody else's pods are to find it closed unasked.
        is_asked_for("nodes")
            && CLUSTER.is_here()
            && cluster::kubectl(["get", "nodes", "--output=name"]).out.lines().count() > 1
    },
);

/// The tool that the documented commands use.
pub static CURL: Capability = Capability::new("curl", "install curl", || find_on_path(&["curl"]).is_some());

/// The default shell of macOS.
pub static ZSH: Capability = Capability::new("zsh", "install zsh", || zsh().is_some());

/// What the frontend is measured against.
pub static NGINX: Capability = Capability::new("nginx", "install nginx-light or nginx", || nginx().is_some());

/// What sets the clock of one process.
pub static FAKETIME: Capability =
    Capability::new("faketime", "install faketime (libfaketime; on Linux)", || faketime().is_some());

/// Python's library for tokens.
pub static PYTHON_JWT: Capability = Capability::new(
    "python-jwt",
    "run: just interop-tools (needs python3), or set FLOTILLA_PYTHON to a Python that has PyJWT[crypto]",
    || succeeds(python(), &["-c", "import cryptography, jwt"]),
);

/// JavaScript's library for tokens.
pub static NODE_JOSE: Capability = Capability::new(
    "node-jose",
    "run: just interop-tools (needs node 20 and npm), or set FLOTILLA_NODE_MODULES to a directory with jose in it",
    // jose works with the Web Crypto API, which node 18 has only behind a flag.
    || {
        let is_new = node().is_some_and(|node| succeeds(node, &["--eval", "crypto.subtle.digest"]));
        is_new && node_modules().join("jose/package.json").is_file()
    },
);

/// The checker of accessibility.
pub static AXE: Capability = Capability::new("axe", "run: just axe-tool (needs npm)", || axe().is_file());

/// What holds services against their OpenAPI documents.
pub static SCHEMATHESIS: Capability =
    Capability::new("schemathesis", "run: just openapi-tools (needs python3)", || {
        succeeds(schemathesis(), &["--version"])
    });

/// What runs the page's modules outside a browser.
pub static NODE: Capability = Capability::new("node", "install nodejs, version 20 or newer", || {
    // Ed25519 in the Web Crypto API, without a flag.
    node().is_some_and(|node| succeeds(node, &["--eval", "crypto.subtle.generateKey('Ed25519', false, ['sign'])"]))
});

/// The health port of a suite that was not started here: asked for only when there is one. `FLOTILLA_REQUIRE=all` means it,
/// too: who gives a suite to a run that leaves nothing out gives both of its ports.
pub static GIVEN_HEALTH: Capability =
    Capability::new("given-health", "set FLOTILLA_HEALTH_URL to the health port of the suite", || {
        health_url().is_some()
    });

fn images() -> Vec<String> {
    let mut images = Program::ALL.map(container::image).to_vec();
    images.push(container::tagged(Program::Hello, container::NEXT));
    images
}

/// As the image's label says.
fn revision_of(image: &str) -> Option<String> {
    let label = r#"{{index .Config.Labels "org.opencontainers.image.revision"}}"#;
    let told = container::docker(["image", "inspect", "--format", label, image]);
    (told.code == Some(0)).then(|| told.out.trim().to_owned())
}

/// What is checked out, as `just images` tells it to the build.
pub fn revision() -> String {
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "HEAD"]).stderr(Stdio::null());
    let output = git.output().ok().filter(|output| output.status.success());
    output.map_or_else(|| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

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

/// The browser's driver.
pub fn chromedriver() -> Option<PathBuf> {
    find_on_path(&["chromedriver"])
}

/// The default shell of macOS.
pub fn zsh() -> Option<PathBuf> {
    find_on_path(&["zsh"])
}

/// nginx, which Debian has where only root looks for programs.
pub fn nginx() -> Option<PathBuf> {
    find_on_path(&["nginx"]).or_else(|| Some(PathBuf::from("/usr/sbin/nginx")).filter(|file| file.is_file()))
}

/// `PgBouncer`, which Debian has where only root looks for programs.
pub fn pgbouncer() -> Option<PathBuf> {
    find_on_path(&["pgbouncer"]).or_else(|| Some(PathBuf::from("/usr/sbin/pgbouncer")).filter(|file| file.is_file()))
}

/// libfaketime for processes with threads, where the distributions put it.
pub fn faketime() -> Option<PathBuf> {
    let directories = ["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from);
    let architectures =
        std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut files = directories.into_iter().chain(architectures).map(|path| path.join("faketime/libfaketimeMT.so.1"));
    files.find(|file| file.is_file())
}

/// The Python that has PyJWT, if it is there.
pub fn python() -> PathBuf {
    environment::python().unwrap_or_else(|| installed("python/bin/python"))
}

/// What runs JavaScript.
pub fn node() -> Option<PathBuf> {
    find_on_path(&["node"])
}

/// The directory that has jose in it, if it is there.
pub fn node_modules() -> PathBuf {
    environment::node_modules().unwrap_or_else(|| installed("node/node_modules"))
}

/// axe-core's script, if it is there.
pub fn axe() -> PathBuf {
    below_target("axe/node_modules/axe-core/axe.min.js")
}

/// Schemathesis's command, if it is there.
pub fn schemathesis() -> PathBuf {
    below_target("openapi/bin/schemathesis")
}

/// Where `just interop-tools` puts things.
fn installed(path: &str) -> PathBuf {
    below_target("interop").join(path)
}

/// Where recipes of the justfile put tools.
fn below_target(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")).join(path)
}

fn succeeds(program: impl AsRef<OsStr>, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
