//! What a Service does in a cluster, for processes: one address, whose connections go to the instances that are ready, in
//! turns. Like a Service it knows nothing of requests, tries nothing twice, cuts no connection that there is, and hears
//! of an instance that is no longer ready a moment later.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// How long it takes until an instance that is not ready gets nothing more. In a cluster the news passes the API server
/// and each node's kube-proxy.
pub(super) const NOTICE: Duration = Duration::from_millis(400);
/// Before looking once more.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
struct Endpoint {
    name: &'static str,
    at: SocketAddr,
    ready: bool,
}

#[derive(Debug, Default)]
struct Endpoints {
    all: Vec<Endpoint>,
    turn: usize,
}

/// The balancer. It ends when this value is dropped, and its connections with it.
#[derive(Debug)]
pub(super) struct Balancer {
    pub(super) at: SocketAddr,
    endpoints: Board,
    work: AbortHandle,
}

/// Who is there. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Board(Arc<Mutex<Endpoints>>);

impl Balancer {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (at, endpoints) = (listener.local_addr()?, Board::default());
        let work = tokio::spawn(serve(listener, endpoints.clone())).abort_handle();
        Ok(Self { at, endpoints, work })
    }

    pub(super) fn board(&self) -> Board {
        self.endpoints.clone()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Board {
    /// An instance joins; it gets nothing until it is ready.
    pub(super) fn join(&self, name: &'static str, at: SocketAddr) {
        self.endpoints().all.push(Endpoint { name, at, ready: false });
    }

    pub(super) fn leave(&self, name: &str) {
        self.endpoints().all.retain(|endpoint| endpoint.name != name);
    }

    pub(super) fn set_ready(&self, name: &str, ready: bool) {
        self.endpoints().all.iter_mut().filter(|endpoint| endpoint.name == name).for_each(|it| it.ready = ready);
    }

    /// Waits until an instance gets its share.
    pub(super) async fn until_ready(&self, name: &str) {
        while !self.endpoints().all.iter().any(|endpoint| endpoint.name == name && endpoint.ready) {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The next of those that are ready.
    fn next(&self) -> Option<SocketAddr> {
        let mut endpoints = self.endpoints();
        endpoints.turn = endpoints.turn.wrapping_add(1);
        let ready: Vec<_> = endpoints.all.iter().filter(|endpoint| endpoint.ready).map(|it| it.at).collect();
        ready.get(endpoints.turn % ready.len().max(1)).copied()
    }

    fn endpoints(&self) -> MutexGuard<'_, Endpoints> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(listener: TcpListener, board: Board) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => drop(connections.spawn(carry(client, board.next()))),
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries bytes both ways until an end closes. Without anybody to go to the connection is closed, as by a reset.
async fn carry(mut client: TcpStream, to: Option<SocketAddr>) {
    let Some(to) = to else { return };
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Says its name to everybody who connects.
    async fn instance(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let _ = client.write_all(name.as_bytes()).await;
            }
        });
        at
    }

    async fn answer(balancer: &Balancer) -> String {
        let mut text = String::new();
        let mut stream = TcpStream::connect(balancer.at).await.unwrap();
        let _ = stream.read_to_string(&mut text).await;
        text
    }

    #[tokio::test]
    async fn those_that_are_ready_take_turns() {
        let balancer = Balancer::start().await.unwrap();
        let board = balancer.board();
        for name in ["a", "b", "c"] {
            board.join(name, instance(name).await);
        }
        assert_eq!(answer(&balancer).await, "", "nobody is ready");
        for name in ["a", "b"] {
            board.set_ready(name, true);
        }
        let mut four = Vec::new();
        for _ in 0..4 {
            four.push(answer(&balancer).await);
        }
        four.sort();
        assert_eq!(four, ["a", "a", "b", "b"]);
        board.set_ready("a", false);
        board.set_ready("c", true);
        board.leave("b");
        assert_eq!(answer(&balancer).await, "c");
    }

    #[tokio::test]
    async fn what_refuses_is_not_tried_again_elsewhere() {
        let balancer = Balancer::start().await.unwrap();
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        balancer.board().join("gone", gone);
        balancer.board().join("here", instance("here").await);
        balancer.board().set_ready("gone", true);
        balancer.board().set_ready("here", true);
        let mut both = [answer(&balancer).await, answer(&balancer).await];
        both.sort();
        assert_eq!(both, ["", "here"]);
    }
}
