//! What trusted proxies tell of their clients: who they are, and how they spoke to the proxy.
//!
//! Behind an Ingress or load balancer that opens connections of its own, everybody has its address. Where it is trusted
//! its word is taken, and passed on as ours: the services behind need to trust the edge alone.
use std::net::IpAddr;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
};
use chassis::{
    config::Networks,
    forwarded,
    server::{Peer, Scheme, StrictTransport},
};

/// What the proxy at the other end of the connection says of its client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) address: IpAddr,
    pub(crate) scheme: Option<Scheme>,
}

/// The same routes, with the word of these proxies taken: where TLS ends with them, browsers are told to insist on it.
pub fn believing(routes: Router, trusted: Networks, strict: StrictTransport) -> Router {
    routes.layer(from_fn(move |mut request: Request, next: Next| {
        let told = told(&request, &trusted);
        if let Some(told) = told {
            request.extensions_mut().insert(told);
        }
        let came_by_tls = told.and_then(|told| told.scheme) == Some(Scheme::Https);
        let strict = strict.clone();
        let is_strict = came_by_tls && StrictTransport::concerns(&request);
        async move {
            let mut answer = next.run(request).await;
            if is_strict {
                strict.stamp(answer.headers_mut());
            }
            answer
        }
    }))
}

fn told(request: &Request, trusted: &Networks) -> Option<Told> {
    let peer = request.extensions().get::<Peer>()?.0.ip();
    trusted.contain(peer).then(|| Told {
        address: forwarded::client(peer, request.headers(), trusted),
        scheme: forwarded::scheme(peer, request.headers(), trusted),
    })
}
