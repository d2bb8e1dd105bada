//! A Kubernetes cluster: whichever kubectl's current context names. Needs [`skips::CLUSTER`](crate::skips::CLUSTER).
//!
//! ```ignore
//! let mut turn = cluster::turn().await;                      // nobody else uses the cluster meanwhile
//! let dev = turn.deploy(Overlay::Dev).await;                 // as k8s/overlays/dev has it, in a namespace of the run's own
//! dev.client().greeting(200).await;                          // through the Ingress
//! dev.kubectl(&["rollout", "restart", "deployment/hello"]).expect(0);
//! dev.health("hello").await.post("/readiness/status", 200).await;    // by port-forward
//! let lab = Namespace::create("lab");                        // an empty one of this test's own
//! ```
//!
//! What is deployed stays for the next test that wants the same, and goes when one wants another, when a test fails with it,
//! or when the run ends: one node of two processors is enough.
mod deployed;
mod drain;
mod kubectl;
mod manifests;
mod namespace;
mod pod;
mod turn;
mod way;

pub use deployed::{Deployed, OURS, Overlay};
pub use drain::Drained;
pub use kubectl::kubectl;
pub use manifests::Manifests;
pub use namespace::{Forward, Namespace};
pub use pod::Pod;
pub(crate) use turn::stop;
pub use turn::{Turn, Visit, turn, visit};
pub(crate) use way::free_node_ports;
pub use way::{ingress, ingress_tls, node};

use std::time::Duration;

use crate::eventually::every;

/// Nothing that a cluster is asked for takes so long, not even on a busy machine.
pub const LONGEST: Duration = Duration::from_mins(4);
/// Between two looks: each is a process.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks until there is something to return, less often than [`eventually()`](crate::eventually()) does.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    every(PAUSE, what, LONGEST, look).await
}

/// Says what was measured, for whoever reads the output of a run.
pub fn figure(text: &str) {
    eprintln!("figures: {text}");
}
