//! Forwards one request to one upstream and its answer back: one in, one out, both bodies streamed.
use std::pin::{Pin, pin};

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
    download::Download,
    fault::Fault,
    headers::{self, framing},
    turns::{SLOW, Turn},
    upload::{Progress, Upload},
    upstream::Upstream,
};

/// Answers a request with what the upstream answers, or with a problem that names the upstream.
///
/// `path` is the upstream's path where it differs from the client's. Either way it is one of the table's: routes are matched
/// literally, so nothing a client writes (`..`, `%2e%2e`, `//`, an absolute target) reaches an upstream as a path.
pub(crate) async fn forward(upstream: Upstream, path: Option<&'static str>, request: Request) -> Response {
    let method = request.method().clone();
    let answer = match prepare(&upstream, path, request) {
        Ok(request) => ask(&upstream, request).await,
        Err(fault) => Err(fault),
    };
    match answer.and_then(|answer| hand_back(&upstream, &method, answer)) {
        Ok(response) => response,
        Err(fault) => fault.answer(upstream.name()),
    }
}

/// Makes the client's request one to the upstream.
fn prepare(upstream: &Upstream, path: Option<&'static str>, request: Request) -> Result<http::Request<Upload>, Fault> {
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
/// A kept connection may be closed by its upstream at any moment, also while a request is on the way; and of many upstreams
/// behind one name one may just have died. A method that changes nothing may then be repeated (RFC 9110 section 9.2.2);
/// any other, and any request with a body, gets its 502. So does one that waited for a connection in vain: it has waited
/// long enough.
async fn ask(upstream: &Upstream, request: http::Request<Upload>) -> Result<http::Response<Answer>, Fault> {
    let (spare, upload) = (spare(&request), request.body().progress());
    let first = pin!(upstream.send(request));
    // One with a body does not wait for its turn, for it is under way as long as its client likes: a few slow ones would keep
    // out everybody. The turn is over with the head of the answer, for the same reason.
    if let Some(upload) = upload {
        return while_it_moves(upstream, &upload, first).await;
    }
    let mut turn = upstream.turn().await;
    match in_time(upstream, &mut turn, first).await {
        Err(fault) if fault.is_closed_early() || fault.is_refusal() => match spare {
            // Boxed, for no other request is to be as big as one that is sent twice.
            Some(spare) => in_time(upstream, &mut turn, Box::pin(upstream.send_anew(spare)).as_mut()).await,
            None => Err(fault),
        },
        outcome => outcome,
    }
}

/// A copy of a request that may be sent twice.
fn spare(request: &http::Request<Upload>) -> Option<http::Request<Upload>> {
    let repeatable = matches!(*request.method(), Method::GET | Method::HEAD) && request.body().is_empty();
    repeatable.then(|| {
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
    turn: &mut Turn<'_>,
    mut answer: Pin<&mut impl Future<Output = Result<http::Response<Answer>, Fault>>>,
) -> Result<http::Response<Answer>, Fault> {
    let now = Instant::now();
    let deadline = now + upstream.deadlines().head;
    if let Ok(outcome) = timeout_at(deadline.min(now + SLOW), answer.as_mut()).await {
        return outcome;
    }
    turn.is_slow();
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
