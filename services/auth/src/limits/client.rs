//! Who is at the other end: the peer, or whom a trusted proxy names.
use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use chassis::{config::Networks, forwarded, server::Peer};

/// The client's address; none where requests come from no network, as in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(pub Option<IpAddr>);

impl Client {
    /// As logs have it.
    pub fn shown(self) -> String {
        self.0.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }

    /// What counts as one client: an IPv4 address, or the /64 of an IPv6 address.
    pub fn network(self) -> Option<IpAddr> {
        self.0.map(forwarded::network)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client
where
    Networks: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        Ok(Self(peer.map(|peer| forwarded::client(peer, &parts.headers, &Networks::from_ref(state)))))
    }
}
