//! The frontend under test, listening on a port of its own until the test ends.
use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use chassis::server::{Peer, StrictTransport};
use frontend::{Deadlines, Spread, UpstreamUrl, Upstreams, Whoami};
use http_body_util::Limited;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower_http::timeout::TimeoutBody;

use crate::{
    upstream::{Upstream, nowhere},
    wire::{Answer, Wire},
};

pub(crate) struct Edge {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

/// How long a request's body may pause.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

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

const A_DAY: Duration = Duration::from_hours(24);

impl Edge {
    /// In front of one upstream that is hello; auth is nowhere.
    pub(crate) async fn before(hello: &Upstream) -> Self {
        Self::new(&nowhere(), &hello.url, PATIENT, BODY_LIMIT).await
    }

    pub(crate) async fn hasty(hello: &Upstream) -> Self {
        Self::new(&nowhere(), &hello.url, HASTY, BODY_LIMIT).await
    }

    /// In front of one upstream, with requests spread over connections to it.
    pub(crate) async fn spreading(hello: &Upstream, spread: Spread) -> Self {
        Self::serving(routes(&nowhere(), &hello.url, PATIENT, spread), BODY_LIMIT).await
    }

    /// In front of both, with as many requests as may be under way to one of them.
    pub(crate) async fn limited(auth: &Upstream, hello: &Upstream, requests: usize) -> Self {
        let spread = Spread { at_once: Some(requests), ..Spread::default() };
        Self::serving(routes(&auth.url, &hello.url, PATIENT, spread), BODY_LIMIT).await
    }

    pub(crate) async fn without_whoami(hello: &Upstream) -> Self {
        let upstreams = Upstreams::new(url(&nowhere()), url(&hello.url), PATIENT, one_lane());
        Self::serving(frontend::routes(&upstreams, Whoami::Hidden), BODY_LIMIT).await
    }

    /// In front of hello, and behind proxies whose word it takes.
    pub(crate) async fn behind(proxies: &str, hello: &Upstream) -> Self {
        let routes = routes(&nowhere(), &hello.url, PATIENT, one_lane());
        Self::serving(
            frontend::believing(routes, proxies.parse().expect("networks"), StrictTransport::lasting(A_DAY)),
            BODY_LIMIT,
        )
        .await
    }

    /// With one lane, so that it is clear which connection a request is sent on.
    pub(crate) async fn new(auth: &str, hello: &str, deadlines: Deadlines, body_limit: usize) -> Self {
        Self::serving(routes(auth, hello, deadlines, one_lane()), body_limit).await
    }

    async fn serving(routes: Router, body_limit: usize) -> Self {
        let service = routes.layer(from_fn_with_state(body_limit, around));
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

fn routes(auth: &str, hello: &str, deadlines: Deadlines, spread: Spread) -> Router {
    frontend::routes(&Upstreams::new(url(auth), url(hello), deadlines, spread), Whoami::Shown)
}

fn url(text: &str) -> UpstreamUrl {
    text.parse().expect("a URL")
}

fn one_lane() -> Spread {
    Spread { lanes: 1, ..Spread::default() }
}

async fn serve(listener: TcpListener, service: Router) {
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.expect("a server");
}

/// What chassis does for every request: says who is at the other end, and gives the body a cap and a clock,
/// behind which its length is no longer to be seen.
async fn around(
    State(body_limit): State<usize>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(Peer(peer));
    let clocked = |body| TimeoutBody::new(BODY_TIMEOUT, body);
    next.run(request.map(|body| Body::new(Limited::new(clocked(body), body_limit)))).await
}
