//! The services behind the edge: where each one is, how long it may take, and the connections kept open to it.
use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use axum::http::{HeaderValue, Uri, uri};
use chassis::descriptors;
use hyper_util::{
    client::legacy::{Client, ResponseFuture, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde::{Deserialize, de};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::{
    dns::Resolver,
    lanes::{Lanes, Spread},
    upload::Upload,
};

/// How long an unused connection is kept. Shorter than the 75 s after which the services close theirs
/// (chassis, `IDLE_TIMEOUT`), so that it is us who close first: a request never meets a connection that is just going away.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// Unused connections kept per upstream, in all lanes together, if there are descriptors for so many, and memory for half of
/// them in use ([`Spread::at_once`]). With fewer than are in use at the same time, a busy edge makes a new connection for
/// every second request, which costs more than the request.
const POOL_SIZE: usize = 1024;

/// Bytes buffered per connection and direction, and so the largest head an upstream may answer with.
/// hyper's own limit (408 KiB) would let 25 big transfers use up the memory promise.
const BUFFER: usize = 32 * 1024;

/// Probes on unused connections find a peer that went away without a word (a lost node).
const TCP_KEEPALIVE: Duration = Duration::from_secs(5);

/// How long an upstream may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For finding the address, and again for the connection.
    pub connect: Duration,
    /// From the last sign of progress of the request's body (or from the start) to the head of the answer. All of it
    /// within the request's own deadline, which chassis keeps (`REQUEST_TIMEOUT`): a body that comes slowly is ended by
    /// that one.
    pub head: Duration,
    /// Between two parts of the answer's body.
    pub body_idle: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), head: Duration::from_secs(10), body_idle: Duration::from_secs(30) }
    }
}

/// Where an upstream is: `http://host` or `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamUrl(uri::Authority);

/// What is wrong with an upstream's address; completes "`FRONTEND_AUTH_URL`: …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUpstreamUrl {
    /// Not a URL with a host.
    #[error("not a URL with a host")]
    NotAUrl,
    /// Another scheme: inside the cluster the suite speaks plain HTTP.
    #[error("the scheme is not http")]
    Scheme,
    /// The paths are the table's ([`crate::routes`]), and credentials have no place here.
    #[error("more than a scheme, a host and a port in it")]
    Surplus,
}

impl FromStr for UpstreamUrl {
    type Err = InvalidUpstreamUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| InvalidUpstreamUrl::NotAUrl)?;
        if url.scheme() != "http" {
            return Err(InvalidUpstreamUrl::Scheme);
        }
        let only_an_origin = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !only_an_origin {
            return Err(InvalidUpstreamUrl::Surplus);
        }
        url.authority().parse().map(Self).map_err(|_| InvalidUpstreamUrl::NotAUrl)
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

impl<'de> Deserialize<'de> for UpstreamUrl {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The upstreams of the suite.
#[derive(Debug, Clone)]
pub struct Upstreams {
    pub(crate) auth: Upstream,
    pub(crate) hello: Upstream,
}

impl Upstreams {
    /// Connects to nothing yet: the frontend starts before its upstreams do.
    pub fn new(auth: UpstreamUrl, hello: UpstreamUrl, deadlines: Deadlines, spread: Spread) -> Self {
        let upstream = |name, url| Upstream::new(name, url, deadlines, spread);
        Self { auth: upstream("auth", auth), hello: upstream("hello", hello) }
    }
}

/// One upstream with its pool of connections; cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstream(Arc<Inner>);

struct Inner {
    name: &'static str,
    authority: uri::Authority,
    host: HeaderValue,
    /// Over kept connections.
    lanes: Lanes,
    /// Over a new connection each time: when one upstream of many has died, its other kept connections are as dead.
    anew: Pool,
    deadlines: Deadlines,
    turns: Semaphore,
}

pub(crate) type Pool = Client<HttpConnector<Resolver>, Upload>;

impl Upstream {
    /// `name` is what clients and logs call it.
    pub(crate) fn new(
        name: &'static str,
        UpstreamUrl(authority): UpstreamUrl,
        deadlines: Deadlines,
        spread: Spread,
    ) -> Self {
        let host = HeaderValue::from_str(authority.as_str()).expect("an authority consists of header characters");
        // One for all pools: which address comes first is its business.
        let resolver = Resolver::new(deadlines.connect);
        let anew = client(resolver.clone(), deadlines.connect, 0);
        let kept = descriptors::for_kept(POOL_SIZE).min(spread.at_once.saturating_mul(2));
        let kept = (kept / spread.lanes.max(1)).max(1);
        let lanes = Lanes::new(spread, move || client(resolver.clone(), deadlines.connect, kept));
        let turns = Semaphore::new(spread.at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self(Arc::new(Inner { name, authority, host, lanes, anew, deadlines, turns }))
    }

    pub(crate) fn name(&self) -> &'static str {
        self.0.name
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.0.deadlines
    }

    /// The `Host` it is addressed by (RFC 9110 section 7.2).
    pub(crate) fn host(&self) -> &HeaderValue {
        &self.0.host
    }

    /// The address of a path on this upstream: nothing of what the client called the server gets into it.
    pub(crate) fn uri(&self, path: uri::PathAndQuery) -> Uri {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(uri::Scheme::HTTP);
        parts.authority = Some(self.0.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).expect("scheme, authority and path make a URI")
    }

    /// Waits until one more request may be under way, in the order of coming.
    pub(crate) async fn turn(&self) -> SemaphorePermit<'_> {
        self.0.turns.acquire().await.expect("it is never closed")
    }

    pub(crate) fn send(&self, request: http::Request<Upload>) -> ResponseFuture {
        self.0.lanes.send(request)
    }

    /// Sends it over a connection that nobody used before.
    pub(crate) fn send_anew(&self, request: http::Request<Upload>) -> ResponseFuture {
        self.0.anew.request(request)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({} at {})", self.0.name, self.0.authority)
    }
}

/// HTTP/1.1, with at most so many unused connections kept.
///
/// `retry_canceled_requests` stays on although a POST must never be sent twice: hyper hands a request back only while it
/// is still in the channel to the connection's task, that is before its first byte was written (`TrySendError::take_message`;
/// once the task has taken the message out, every error comes without it), and the pool tries again only after a kept
/// connection. So this repeats what was never sent. What may have been sent is [`crate::proxy`]'s to judge.
pub(crate) fn client(resolver: Resolver, connect: Duration, kept: usize) -> Pool {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.set_connect_timeout(Some(connect));
    connector.set_nodelay(true);
    connector.set_keepalive(Some(TCP_KEEPALIVE));
    connector.set_keepalive_interval(Some(TCP_KEEPALIVE));
    connector.set_keepalive_retries(Some(2));
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(kept)
        .http1_max_buf_size(BUFFER)
        .retry_canceled_requests(true)
        .set_host(false) // it is pre-parsed and set with the other headers
        .build(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        for (written, meant) in [
            ("http://auth", "http://auth"),
            ("http://auth/", "http://auth"),
            ("http://AUTH:80", "http://auth"),
            ("http://127.0.0.1:9080", "http://127.0.0.1:9080"),
            ("http://[::1]:9080", "http://[::1]:9080"),
        ] {
            assert_eq!(written.parse::<UpstreamUrl>().expect(written).to_string(), meant);
        }
    }

    #[test]
    fn an_address_with_anything_else_is_refused() {
        use InvalidUpstreamUrl::{NotAUrl, Scheme, Surplus};
        for (written, why) in [
            ("auth", NotAUrl),
            ("http://", NotAUrl),
            ("auth:80", Scheme),
            ("https://auth", Scheme),
            ("unix:///run/auth", Scheme),
            ("http://auth/api", Surplus),
            ("http://auth?x=1", Surplus),
            ("http://auth#x", Surplus),
            ("http://user:password@auth", Surplus),
        ] {
            assert_eq!(written.parse::<UpstreamUrl>(), Err(why), "{written}");
        }
    }

    #[tokio::test]
    async fn an_upstream_is_asked_by_its_own_address() {
        let upstream = Upstream::new(
            "hello",
            "http://hello:8080".parse().expect("a URL"),
            Deadlines::default(),
            Spread::default(),
        );
        assert_eq!(upstream.uri(uri::PathAndQuery::from_static("/secure?x=1")), "http://hello:8080/secure?x=1");
        assert_eq!(upstream.host(), "hello:8080");
    }
}
