//! The frontend under test, listening on a port of its own until the test ends.
use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
};
use chassis::server::Peer;
use frontend::{Deadlines, Upstreams};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower_http::limit::RequestBodyLimitLayer;

use crate::{
    upstream::{Upstream, nowhere},
    wire::{Answer, Wire},
};

pub(crate) struct Edge {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

/// Bodies that do not announce their length are cut here, as chassis does.
pub(crate) const BODY_LIMIT: usize = 256 * 1024 * 1024;

/// Deadlines nothing here should meet.
pub(crate) const PATIENT: Deadlines =
    Deadlines { connect: Duration::from_secs(5), head: Duration::from_secs(20), body_idle: Duration::from_secs(20) };

/// Deadlines to run into.
pub(crate) const HASTY: Deadlines = Deadlines {
    connect: Duration::from_secs(5),
    head: Duration::from_millis(100),
    body_idle: Duration::from_millis(100),
};

impl Edge {
    /// In front of one upstream that is hello; auth is nowhere.
    pub(crate) async fn before(hello: &Upstream) -> Self {
        Self::new(&nowhere(), &hello.url, PATIENT, BODY_LIMIT).await
    }

    pub(crate) async fn hasty(hello: &Upstream) -> Self {
        Self::new(&nowhere(), &hello.url, HASTY, BODY_LIMIT).await
    }

    pub(crate) async fn new(auth: &str, hello: &str, deadlines: Deadlines, body_limit: usize) -> Self {
        let url = |text: &str| text.parse().expect("a URL");
        let routes = frontend::routes(&Upstreams::new(url(auth), url(hello), deadlines));
        let service = routes.layer(RequestBodyLimitLayer::new(body_limit)).layer(from_fn(with_peer));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(serve(listener, service));
        Self { address, serving }
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire::new(TcpStream::connect(self.address).await.expect("the edge"))
    }

    /// Sends a whole request on a connection of its own.
    pub(crate) async fn send(&self, request: &str) -> Wire {
        let mut wire = self.connect().await;
        wire.write(request).await;
        wire
    }

    /// The answer to a request that was not HEAD.
    pub(crate) async fn ask(&self, request: &str) -> Answer {
        self.send(request).await.answer().await
    }

    /// `GET` with fields, each ending in `\r\n`.
    pub(crate) async fn get(&self, target: &str, fields: &str) -> Answer {
        self.ask(&format!("GET {target} HTTP/1.1\r\nhost: edge.test\r\n{fields}\r\n")).await
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, service: Router) {
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.expect("a server");
}

/// What chassis does for every request: says who is at the other end.
async fn with_peer(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> axum::response::Response {
    request.extensions_mut().insert(Peer(peer));
    next.run(request).await
}
