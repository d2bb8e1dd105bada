//! Many connections straight to a pod in its small limit, while other people come by the Ingress (fault matrix, rows 27 and 28).
use std::net::{SocketAddr, ToSocketAddrs as _};

use e2e::{
    Client, Test,
    cluster::{self, Deployed, Overlay, figure, node, until},
};
use serde_json::json;
use tokio::time::Instant;

use super::{load, token};
use crate::limits::Crowd;

pub(crate) fn dev() -> Vec<Test> {
    e2e::tests![crowds_at_a_node_port_harm_nobody]
}

/// The least that a crowd has to sit through.
const ANSWERS: usize = 300;

async fn crowds_at_a_node_port_harm_nobody() {
    let mut turn = cluster::turn().await;
    let dev = turn.deploy(Overlay::Dev).await;
    let token = token(dev).await;
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {}", "x".repeat(31 * 1024));
    let body = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 61440\r\n\r\n{}", "x".repeat(60_000));
    let crowds = [
        ("idle connections", 2_000, ""),
        ("unfinished heads", 600, head.as_str()),
        ("unfinished bodies", 300, body.as_str()),
        ("keep-alive clients", 300, "GET /version HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];
    for name in ["hello", "frontend"] {
        let address = node_port(dev, name).await;
        for (what, count, bytes) in crowds {
            let others = load(&dev.client(), Some(&token));
            let crowd = Crowd::of(count, address, bytes.as_bytes()).await;
            let start = Instant::now();
            others.answers(ANSWERS).await;
            let seconds = start.elapsed().as_secs_f64();
            let opened = crowd.len();
            drop(crowd);
            let outcome = others.end().await;
            assert_eq!(outcome.failures, Vec::<String>::new(), "{what} at {name}");
            let answered = outcome.answered;
            figure(&format!(
                "{opened} {what} at {name}: {ANSWERS} answers to others in {seconds:.1} s, 0 of {answered} failed"
            ));
        }
        for pod in dev.pods_of(name) {
            assert_eq!(pod.restarts(), 0, "{pod:?}");
        }
        dev.kubectl(&["delete", "service,networkpolicy", &format!("{name}-node-port")]).expect(0);
    }
}

/// A way to the pods of one of ours that is not the Ingress, so that the crowd and the others are different clients.
async fn node_port(dev: &Deployed, name: &str) -> SocketAddr {
    let service = format!("{name}-node-port");
    dev.tell(&["apply", "--filename=-"], &open_to_everybody(name, &service)).expect(0);
    until(&format!("{service} has pods"), async || (dev.endpoints(&service) > 0).then_some(())).await;
    let port = &dev.get(&["service", &service])["spec"]["ports"][0]["nodePort"];
    let address = format!("{}:{port}", node()).to_socket_addrs().ok().and_then(|mut found| found.next());
    let address = address.expect("the node's address");
    let client = Client::new(format!("http://{address}"));
    let answers = async || client.get("/version").try_send().await.filter(|answer| answer.status == 200).map(drop);
    until(&format!("{name} answers at {address}"), answers).await;
    address
}

/// The Service, and the permission that the policies of dev do not give.
fn open_to_everybody(name: &str, service: &str) -> String {
    let pods = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "flotilla"});
    let metadata = json!({"name": service});
    let ports = json!([{"port": 80, "targetPort": "http"}]);
    let items = json!([
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"type": "NodePort", "selector": pods, "ports": ports}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata,
         "spec": {"podSelector": {"matchLabels": pods}, "ingress": [{"ports": [{"port": "http"}]}]}},
    ]);
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}
