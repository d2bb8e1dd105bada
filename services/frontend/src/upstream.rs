//! The services behind the edge: where each one is, how long it may take, and the connections kept open to it.
use std::{fmt, pin::pin, str::FromStr, sync::Arc, time::Duration};

use axum::http::{HeaderValue, Request, Response, uri};
use chassis::descriptors;
use hyper::body::Incoming;
use serde::{Deserialize, de};
use url::Url;

use crate::{
    answer::Answer,
    concurrency::{QuickLimit, Share},
    connection::{Connection, Connector, Unanswered},
    fault::Fault,
    lanes::{Lanes, Place, Spread},
    upload::{Progress, Upload},
};

/// Unused connections kept per upstream, in all lanes together, if there are descriptors for so many, and memory for half of
/// them in use ([`Spread::at_once`]). With fewer than are in use at the same time, a busy edge makes a new connection for
/// every second request, which costs more than the request.
const POOL_SIZE: usize = 1024;

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

/// One upstream with the connections kept to it; cheap to clone.
#[derive(Clone)]
pub(crate) struct Upstream(Arc<Inner>);

struct Inner {
    name: &'static str,
    authority: uri::Authority,
    host: HeaderValue,
    connector: Connector,
    lanes: Arc<Lanes>,
    deadlines: Deadlines,
    most_requests: Option<usize>,
}

impl Upstream {
    /// `name` is what clients and logs call it.
    pub(crate) fn new(
        name: &'static str,
        UpstreamUrl(authority): UpstreamUrl,
        deadlines: Deadlines,
        spread: Spread,
    ) -> Self {
        let host = HeaderValue::from_str(authority.as_str()).expect("an authority consists of header characters");
        let connector = Connector::new(authority.clone(), deadlines.connect);
        let kept =
            descriptors::for_kept(POOL_SIZE).min(spread.at_once.map_or(usize::MAX, |most| most.saturating_mul(2)));
        let lanes = Lanes::new(spread, (kept / spread.lanes.max(1)).max(1));
        let most_requests = spread.at_once;
        Self(Arc::new(Inner { name, authority, host, connector, lanes, deadlines, most_requests }))
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

    /// Limits on its requests, for as many kinds of routes. To be called once: each call allows all of them again.
    pub(crate) fn shares<const SHARES: usize>(&self) -> [Arc<Share>; SHARES] {
        Share::divide(self.0.most_requests)
    }

    /// Sends it over a kept connection where there is one, or over the first that comes back or is made. Those that turn out
    /// to be closed before its first byte was written are let go; what may have been sent is [`crate::proxy`]'s to judge.
    ///
    /// `limit` is the one for new connections.
    pub(crate) async fn send(
        &self,
        limit: &QuickLimit,
        mut request: Request<Upload>,
    ) -> Result<Response<Answer>, Fault> {
        let place = self.0.lanes.next();
        let upload = request.body().progress();
        loop {
            // Boxed, as everything that most requests have no need of: each waits in memory as big as it could get.
            let (mut connection, is_new) = match place.kept() {
                Some(connection) => (connection, false),
                None => Box::pin(self.returned_or_made(limit, &place)).await?,
            };
            match connection.ask(request).await {
                Ok(response) => return Ok(answered(response, upload.as_deref(), connection, place)),
                Err(Unanswered::Unsent(again, _)) if !is_new => request = *again,
                Err(unanswered) => return Err(unanswered.into()),
            }
        }
    }

    /// Sends it over a connection that nobody used before: when one upstream of many has died, its other kept connections
    /// are as dead.
    pub(crate) async fn send_anew(
        &self,
        limit: &QuickLimit,
        request: Request<Upload>,
    ) -> Result<Response<Answer>, Fault> {
        let place = self.0.lanes.next();
        let upload = request.body().progress();
        let mut connection = self.0.connector.connect(limit).await?;
        let response = connection.ask(request).await?;
        Ok(answered(response, upload.as_deref(), connection, place))
    }

    /// Whichever is there first: a connection that another request of the lane has no need of any more, or one of our own;
    /// and whether it is our own.
    async fn returned_or_made(&self, limit: &QuickLimit, place: &Place) -> Result<(Connection, bool), Fault> {
        let mut made = pin!(self.made(limit));
        loop {
            let mut returned = pin!(place.returned());
            // Listening before looking: one that comes back in between is not missed.
            returned.as_mut().enable();
            if let Some(connection) = place.kept() {
                return Ok((connection, false));
            }
            tokio::select! {
                biased;
                () = returned => {}
                made = &mut made => return Ok((made?, true)),
            }
        }
    }

    /// A new connection; if it is refused at once, one more attempt: another address of the same name may have a listener.
    /// Nothing has been sent, so this is right for every request.
    async fn made(&self, limit: &QuickLimit) -> Result<Connection, Fault> {
        match self.0.connector.connect(limit).await {
            Err(fault) if fault.is_refusal() => self.0.connector.connect(limit).await,
            outcome => outcome,
        }
    }
}

/// How long a request's body may still be on its way when its answer has begun.
const LONGEST: Duration = Duration::from_hours(1);

/// An answer that came while the request's body is still on its way has its connection moved by a task: a client may want to
/// send the rest before it reads.
fn answered(
    response: Response<Incoming>,
    upload: Option<&Progress>,
    connection: Connection,
    place: Place,
) -> Response<Answer> {
    response.map(|body| {
        if upload.is_none_or(Progress::is_over) {
            return Answer::new(body, connection, place);
        }
        connection.finish(LONGEST);
        Answer::alone(body)
    })
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({} at {})", self.0.name, self.0.authority)
    }
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
        assert_eq!(upstream.host(), "hello:8080");
    }
}
