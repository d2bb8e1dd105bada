//! A process with few descriptors and many callers (fault 13).
use e2e::{Program, Test};
use tokio::net::TcpStream;

use super::{SOON, alone};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![connections_never_take_the_health_ports_descriptors]
}

/// More callers than descriptors wait in the backlog; the kubelet is answered all the while, and everybody afterwards.
async fn connections_never_take_the_health_ports_descriptors() {
    for program in Program::SERVICES {
        let mut process = alone(program).after("ulimit -n 40").ready().await;
        let (client, health) = (process.client().await, process.health().await);
        let mut crowd = Vec::new();
        for _ in 0..100 {
            crowd.push(TcpStream::connect(process.listening().await.http).await.expect("a place in the backlog"));
        }
        for probe in ["/healthz", "/readiness"] {
            let answer = tokio::time::timeout(SOON, health.get(probe).send(200)).await;
            answer.expect("it answers while the crowd is there");
        }
        drop(crowd);
        let answer = tokio::time::timeout(SOON, client.get("/version").send(200)).await;
        answer.expect("the crowd has gone");
    }
}
