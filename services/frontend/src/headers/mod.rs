//! What happens to a message's header at the edge: what belongs to one connection stays on it, what the client claims about
//! itself is replaced by what we know, and the framing is ours.
pub(crate) mod connection;
pub(crate) mod forwarding;
pub(crate) mod framing;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
#[cfg(test)]
mod properties;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request};
use http_body::SizeHint;

use forwarding::Client;

/// Set by chassis before any handler runs and echoed by the services; the edge passes it on and answers with its own.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes a client's header one for an upstream. `host` is the upstream's, `length` the body's (`None` for chunks).
///
/// `Expect` ends here: the client library sends the body without waiting, and reading the first byte of it makes hyper's
/// server write `100 Continue`. So the client is invited to send once the upstream has been reached, and not if it cannot be.
pub(crate) fn for_upstream(parts: &mut request::Parts, host: &HeaderValue, length: Option<u64>) {
    let client = Client::of(parts);
    let announced_a_length = parts.headers.contains_key(header::CONTENT_LENGTH);
    connection::strip(&mut parts.headers, |name| {
        forwarding::is_claim(name) || matches!(name.as_str(), "host" | "expect" | "content-length")
    });
    client.describe(&mut parts.headers);
    parts.headers.insert(header::HOST, host.clone());
    if length != Some(0) || announced_a_length {
        framing::set_for_request(&mut parts.headers, length);
    }
}

/// Makes an upstream's header one for the client.
pub(crate) fn for_client(headers: &mut HeaderMap, method: &Method, status: StatusCode, body: &SizeHint) {
    let length_without_body = framing::length_without_body(headers, method, status);
    connection::strip(headers, |name| *name == X_REQUEST_ID || matches!(name.as_str(), "server" | "content-length"));
    match (length_without_body, body.exact()) {
        (Some(length), _) => framing::set_length(headers, length),
        (None, Some(length)) if framing::has_body(method, status) => framing::set_length(headers, length),
        _ => {}
    }
}
