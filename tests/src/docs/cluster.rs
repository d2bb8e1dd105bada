//! What a document's commands about a cluster get of it: a namespace, names and ports of their own, and the manifests under
//! these names. It is the cluster's only user meanwhile.
use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use tempfile::TempDir;

use crate::{
    cluster::{self, Manifests, Namespace, Overlay, Turn, kubectl},
    environment,
};

/// Removed with the value, and so is what the commands have made.
pub(super) struct Cluster {
    manifests: Manifests,
    own: Namespace,
    _environments: Vec<Namespace>,
    /// kubectl's configuration, for this namespace.
    context: TempDir,
    addresses: Vec<(String, String)>,
    node: String,
    _turn: Turn,
}

/// Where a document has a way into a pod.
const FORWARDED: [u16; 6] = [10080, 10081, 10443, 10444, 8080, 8081];
/// The node ports of the lab's manifests, and the files that name them.
const NODE_PORTS: [(u16, &str); 2] = [(31000, "lab/services/monolith.yaml"), (31001, "lab/services/go-ok.yaml")];

impl Cluster {
    pub(super) async fn new() -> Self {
        let mut turn = cluster::turn().await;
        turn.clear();
        let (manifests, own) = (Manifests::copy(), Namespace::create("docs"));
        let environments = Overlay::ALL.map(|overlay| Namespace::to_come(&manifests, overlay));
        // All are taken before one is given back, so they differ.
        let taken = FORWARDED.map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
        let local = taken.map(|taken| taken.local_addr().expect("an address").port());
        let node_ports = cluster::free_node_ports();
        let node_ports = NODE_PORTS.iter().zip(node_ports).map(|((told, file), real)| {
            manifests.edit(file, &told.to_string(), &real.to_string());
            (told.to_string(), real.to_string())
        });
        let local = FORWARDED.iter().zip(local).map(|(told, real)| (told.to_string(), real.to_string()));
        let addresses = manifests.names().into_iter().chain(local).chain(node_ports).collect();
        let context = context(own.name());
        let node = cluster::node();
        Self { manifests, own, _environments: environments.into(), context, addresses, node, _turn: turn }
    }

    /// What a document says, and what is meant.
    pub(super) fn addresses(&self) -> Vec<(String, String)> {
        self.addresses.clone()
    }

    /// Where the manifests are, as in a clone.
    pub(super) fn directory(&self) -> &Path {
        self.manifests.directory()
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let context = self.context.path().join("config").to_string_lossy().into_owned();
        vec![("KUBECONFIG", context), ("NODE", self.node.clone())]
    }

    /// What a person would look at when a command has failed.
    pub(super) fn shown(&self) -> String {
        self.own.shown()
    }
}

/// The current context with another namespace.
fn context(namespace: &str) -> TempDir {
    let directory = environment::temporary_directory();
    let file = directory.path().join("config");
    let config = kubectl(["config", "view", "--raw", "--flatten", "--minify"]).expect(0).out;
    std::fs::write(&file, config).expect("written");
    let set = ["config", "set-context", "--current", "--namespace", namespace, "--kubeconfig"];
    kubectl(set.iter().copied().chain([&*file.to_string_lossy()])).expect(0);
    directory
}
