//! `/whoami`: which of possibly many instances answered, from the downward API where Kubernetes gives it.
use std::sync::atomic::Ordering;

use axum::{Json, extract::State};
use chassis::{Identity, metrics::RequestCount, service::VERSION};
use serde::Serialize;
use utoipa::ToSchema;

/// The instance that answered. Fields that nobody told it are left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whoami {
    /// `POD_NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<String>,
    /// `NODE_NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// `POD_NAMESPACE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// `POD_IP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_ip: Option<String>,
    /// The kernel's host name.
    hostname: String,
    /// Random for each start of the process.
    instance: String,
    /// Version of the build.
    #[schema(example = "1.0.0")]
    version: &'static str,
    /// Start of the process, RFC 3339 in UTC.
    started: String,
    /// Requests that came in since then, this one included.
    requests: u64,
}

/// Tells which instance answered.
#[utoipa::path(get, path = "/whoami", responses((status = 200, description = "The instance that answered", body = Whoami)))]
pub async fn whoami(State(identity): State<Identity>, State(requests): State<RequestCount>) -> Json<Whoami> {
    Json(Whoami {
        pod: identity.pod.clone(),
        node: identity.node.clone(),
        namespace: identity.namespace.clone(),
        pod_ip: identity.pod_ip.clone(),
        hostname: identity.hostname.clone(),
        instance: identity.instance.to_string(),
        version: VERSION,
        started: identity.started.clone(),
        requests: requests.load(Ordering::Relaxed),
    })
}
