//! Who this process is: the service it runs and the instance it is.
use std::sync::Arc;

use serde::Serialize;

/// The version the code was built as: the build argument `FLOTILLA_VERSION`, else the package's.
pub const VERSION: &str = env!("FLOTILLA_VERSION");
/// The git revision the code was built from, `unknown` where neither git nor a build argument told it.
pub const REVISION: &str = env!("FLOTILLA_REVISION");

/// A service, as its code describes it.
#[derive(Debug)]
pub struct Service {
    /// Name of the executable and in the logs, for example `hello`.
    pub name: &'static str,
    /// Prefix of its variables, with the underscore: `HELLO_`.
    pub prefix: &'static str,
    /// One sentence for `--help`.
    pub about: &'static str,
    /// Threads that its own blocking work may occupy at the same time, whatever its settings are. They are started only when
    /// they are needed, and end when they have been idle for 10 s.
    pub blocking_threads: usize,
}

/// What `/version` answers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Version {
    /// Semantic version, for example `1.0.0`.
    pub version: &'static str,
    /// Git revision.
    pub revision: &'static str,
}

impl Version {
    /// The version of this build.
    pub const fn current() -> Self {
        Self { version: VERSION, revision: REVISION }
    }
}

/// The instance: which of possibly many answers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Identity(Arc<Facts>);

/// The facts of an [`Identity`], from the downward API where Kubernetes gives it.
#[derive(Debug)]
pub struct Facts {
    /// Service name.
    pub service: &'static str,
    /// `POD_NAME`, else the host name: the value of `x-served-by`.
    pub served_by: String,
    /// The kernel's host name.
    pub hostname: String,
    /// `POD_NAME`.
    pub pod: Option<String>,
    /// `POD_NAMESPACE`.
    pub namespace: Option<String>,
    /// `POD_IP`.
    pub pod_ip: Option<String>,
    /// `NODE_NAME`.
    pub node: Option<String>,
    /// Random for each start of the process.
    pub instance: uuid::Uuid,
    /// When the process started, RFC 3339 in UTC.
    pub started: String,
}

impl Identity {
    /// Collects the facts once, at start.
    pub(crate) fn new(service: &'static str, platform: &crate::config::Platform) -> Self {
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self(Arc::new(Facts {
            service,
            served_by: platform.pod_name.clone().unwrap_or_else(|| hostname.clone()),
            hostname,
            pod: platform.pod_name.clone(),
            namespace: platform.pod_namespace.clone(),
            pod_ip: platform.pod_ip.clone(),
            node: platform.node_name.clone(),
            instance: uuid::Uuid::new_v4(),
            started: crate::telemetry::utc_now(),
        }))
    }
}

impl std::ops::Deref for Identity {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        &self.0
    }
}
