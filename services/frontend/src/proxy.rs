//! Forwards one request to one upstream and its answer back: one in, one out, both bodies streamed.
use std::{
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, Uri, Version, request, uri::PathAndQuery},
    response::Response,
};
use chassis::problem::Verbatim;
use http_body::Body as _;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{
    answer::Answer,
    concurrency::{Permit, SLOW, Share},
    download::Download,
    fault::Fault,
    headers::{self, forwarding, framing},
    upload::{Progress, Upload},
    upstream::Upstream,
};

/// How long an answer's head waits for the first part of its body: until then a failure can still be answered.
const FIRST_PART: Duration = Duration::from_secs(1);

/// Where the requests of a route go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Who answers.
    pub(crate) upstream: Upstream,
    /// The limits that it has in common with some other routes.
    pub(crate) share: Arc<Share>,
    /// The upstream's path where it differs from the client's. Either way it is one of the table's: routes are matched
    /// literally, so nothing a client writes (`..`, `%2e%2e`, `//`, an absolute target) reaches an upstream as a path.
    pub(crate) path: Option<&'static str>,
    /// Whether GET and HEAD have no effect here, as they should (RFC 9110 section 9.2.1), so that they may be repeated.
    pub(crate) is_repeatable: bool,
}

/// Answers a request with what the upstream answers, or with a problem that names the upstream.
pub(crate) async fn forward(target: &Target, request: Request) -> Response {
    match try_forward(target, request).await {
        Ok(response) => response,
        Err(fault) => fault.answer(target.upstream.name()),
    }
}

async fn try_forward(target: &Target, request: Request) -> Result<Response, Fault> {
    let method = request.method().clone();
    let request = prepare(&target.upstream, target.path, request)?;
    let mut answer = ask(target, request).await?;
    // A first part that comes late, as that of a stream of events may, does not hold the head back for ever.
    if let Ok(began) = timeout(FIRST_PART, answer.body_mut().begin()).await {
        began.map_err(Fault::Broken)?;
    }
    hand_back(&target.upstream, &method, answer)
}

/// Makes the client's request one to the upstream.
fn prepare(upstream: &Upstream, path: Option<&'static str>, request: Request) -> Result<http::Request<Upload>, Fault> {
    if forwarding::came_from_here(request.headers()) {
        return Err(Fault::Loop);
    }
    let length = framing::announced_length(request.headers()).map_err(|_| Fault::TransferCoding)?;
    let (mut parts, body) = request.into_parts();
    headers::for_upstream(&mut parts, upstream.host(), length);
    // Nothing of what the client called the server gets into it.
    parts.uri = Uri::from(path_and_query(&parts, path));
    let mut request = http::Request::new(if length == Some(0) { Upload::empty() } else { Upload::new(body) });
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    *request.version_mut() = Version::HTTP_11;
    Ok(request)
}

fn path_and_query(parts: &request::Parts, path: Option<&'static str>) -> PathAndQuery {
    match (path, parts.uri.query()) {
        (None, _) => parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
        (Some(path), None) => PathAndQuery::from_static(path),
        (Some(path), Some(query)) => {
            PathAndQuery::try_from(format!("{path}?{query}")).expect("a path of the table and a query that was parsed")
        }
    }
}

/// Sends the request; once more, over a new connection, if that is safe and nothing of an answer had come.
///
/// A kept connection may be closed by its upstream at any moment, also while a request is on the way. A request that has no
/// effect may then be repeated (RFC 9110 section 9.2.2): that depends on the route, because `GET /login` creates a session.
/// Any other, and any request with a body, gets its 502. What was not sent at all goes another way in [`Upstream::send`].
async fn ask(target: &Target, request: http::Request<Upload>) -> Result<http::Response<Answer>, Fault> {
    let Target { upstream, share, .. } = target;
    let spare = if target.is_repeatable { spare(&request) } else { None };
    let (upload, connections) = (request.body().progress(), share.connections());
    let first = pin!(upstream.send(connections, request));
    // One with a body does not wait for a permit, because it is under way as long as its client likes: a few slow ones would
    // keep out everybody. The permit ends with the head of the answer, for the same reason.
    if let Some(upload) = upload {
        return while_it_moves(upstream, &upload, first).await;
    }
    let mut permit = share.acquire().await;
    match in_time(upstream, &mut permit, first).await {
        Err(fault) if fault.is_closed_early() => match spare {
            // Boxed, because no other request needs as much memory as one that is sent twice.
            Some(spare) => {
                in_time(upstream, &mut permit, Box::pin(upstream.send_anew(connections, spare)).as_mut()).await
            }
            None => Err(fault),
        },
        outcome => outcome,
    }
}

/// A copy of a request that has no effect where the route has none.
fn spare(request: &http::Request<Upload>) -> Option<http::Request<Upload>> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_empty();
    is_safe.then(|| {
        let mut spare = http::Request::new(Upload::empty());
        *spare.method_mut() = request.method().clone();
        *spare.uri_mut() = request.uri().clone();
        *spare.headers_mut() = request.headers().clone();
        spare
    })
}

/// Waits for the head as long as the deadline allows.
///
/// Giving up drops the request, and with it the connection: an answer that comes late can meet nobody else's request.
async fn in_time(
    upstream: &Upstream,
    permit: &mut Permit<'_>,
    mut answer: Pin<&mut impl Future<Output = Result<http::Response<Answer>, Fault>>>,
) -> Result<http::Response<Answer>, Fault> {
    let now = Instant::now();
    let deadline = now + upstream.deadlines().head;
    if let Ok(outcome) = timeout_at(deadline.min(now + SLOW), answer.as_mut()).await {
        return outcome;
    }
    permit.is_slow();
    timeout_at(deadline, answer).await.unwrap_or(Err(Fault::Late))
}

/// The same for a request with a body, and as long as that still moves.
async fn while_it_moves(
    upstream: &Upstream,
    upload: &Progress,
    mut answer: Pin<&mut impl Future<Output = Result<http::Response<Answer>, Fault>>>,
) -> Result<http::Response<Answer>, Fault> {
    loop {
        let before = upload.frames();
        if let Ok(outcome) = timeout(upstream.deadlines().head, answer.as_mut()).await {
            return outcome;
        }
        if before == upload.frames() {
            return Err(if upload.client_owes() { Fault::Stalled } else { Fault::Late });
        }
    }
}

/// Makes the upstream's answer one to the client. Only what is on the wire passes: none of the client library's extensions.
fn hand_back(upstream: &Upstream, method: &Method, answer: http::Response<Answer>) -> Result<Response, Fault> {
    let (mut parts, body) = answer.into_parts();
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Fault::Switched);
    }
    if !framing::is_framed(&parts.headers, method, parts.status) {
        return Err(Fault::Unframed);
    }
    headers::for_client(&mut parts.headers, method, parts.status, &body.size_hint());
    let body = Download::new(body, *method != Method::HEAD, upstream.name(), upstream.deadlines().body_idle);
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response.extensions_mut().insert(Verbatim);
    Ok(response)
}
