//! Where the cluster answers from outside: `NODE` of the documents, and its Ingress.
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use super::kubectl;
use crate::environment;

/// An address of the cluster where node ports answer: `FLOTILLA_NODE`, or a node's own.
pub fn node() -> String {
    environment::node().unwrap_or_else(|| {
        let address = r#"jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}"#;
        let told = kubectl(["get", "nodes", "--output", address]).expect(0).out;
        let first = told.split_whitespace().next();
        first.expect("no node tells an InternalIP: set FLOTILLA_NODE").to_owned()
    })
}

/// Where the Ingress controller takes http: `FLOTILLA_INGRESS_URL`, or port 80 of the node.
pub fn ingress() -> SocketAddr {
    resolved(environment::ingress_url(), "FLOTILLA_INGRESS_URL", "http", 80)
}

/// Where it takes https: `FLOTILLA_INGRESS_TLS_URL`, or port 443 of the node.
pub fn ingress_tls() -> SocketAddr {
    resolved(environment::ingress_tls_url(), "FLOTILLA_INGRESS_TLS_URL", "https", 443)
}

fn resolved(given: Option<String>, variable: &str, scheme: &str, port: u16) -> SocketAddr {
    let (who, url) = match given {
        Some(url) => (variable, url),
        None => ("FLOTILLA_NODE", format!("{scheme}://{}:{port}", bracketed(&node()))),
    };
    let parsed: reqwest::Url = url.parse().unwrap_or_else(|error| panic!("{who}: {error}: {url}"));
    let host = parsed.host_str().unwrap_or_else(|| panic!("{who} has no host: {url}"));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = (host, parsed.port().unwrap_or(port)).to_socket_addrs().ok().and_then(|mut found| found.next());
    address.unwrap_or_else(|| panic!("{who} is not to be found: {url}"))
}

/// An address as a URL has it.
fn bracketed(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => address.to_owned(),
    }
}

/// Node ports that no Service has.
pub(crate) fn free_node_ports() -> impl Iterator<Item = u16> {
    let ports = "jsonpath={.items[*].spec.ports[*].nodePort}";
    let taken = kubectl(["get", "services", "--all-namespaces", "--output", ports]).expect(0).out;
    let taken: Vec<u16> = taken.split_whitespace().filter_map(|port| port.parse().ok()).collect();
    // Kubernetes gives its own out of the range's upper part first ("Service", section "Avoiding collisions").
    (30_000..30_086).filter(move |port| !taken.contains(port))
}
