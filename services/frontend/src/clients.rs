//! What trusted proxies tell of their clients: who they are, and how they spoke to the proxy.
//!
//! Behind an Ingress or load balancer that opens connections of its own, everybody has its address. Where it is trusted
//! its word is taken, and passed on as ours: the services behind need to trust the edge alone.
use std::net::IpAddr;

use axum::{Router, extract::Request};
use chassis::{
    config::Networks,
    forwarded,
    server::{Peer, Scheme},
};
use tower::util::MapRequestLayer;

/// What the proxy at the other end of the connection says of its client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) address: IpAddr,
    pub(crate) scheme: Option<Scheme>,
}

/// The same routes, with the word of these proxies taken.
pub fn believing(routes: Router, trusted: Networks) -> Router {
    routes.layer(MapRequestLayer::new(move |mut request: Request| {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
        if let Some(peer) = peer.filter(|peer| trusted.contain(*peer)) {
            let address = forwarded::client(peer, request.headers(), &trusted);
            let scheme = forwarded::scheme(peer, request.headers(), &trusted);
            request.extensions_mut().insert(Told { address, scheme });
        }
        request
    }))
}
