//! Who is at the other end: the peer, or whom a trusted proxy names.
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};
use chassis::server::Peer;

use crate::config::Networks;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address; none where requests come from no network, as in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client(pub Option<IpAddr>);

impl Client {
    /// As logs have it.
    pub fn shown(self) -> String {
        self.0.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client
where
    Networks: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        Ok(Self(peer.map(|peer| client(peer, &parts.headers, &Networks::from_ref(state)))))
    }
}

/// From the right, the first address that no trusted proxy has: what stands left of it the client may have invented.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contain(peer) {
        return peer;
    }
    // By bytes: what the client put into the field must not make the proxy's part of it unreadable.
    let values: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
    let mut nearest = peer;
    for hop in values.iter().flat_map(|value| value.split(|byte| *byte == b',')).rev() {
        let Some(address) = address(hop) else { return nearest };
        nearest = address.to_canonical();
        if !trusted.contain(nearest) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it, some with the port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        let trusted = "10.0.0.0/8".parse().expect("networks");
        client(peer.parse().expect("an address"), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_who_he_is() {
        assert_eq!(of("198.51.100.7", &["203.0.113.1"]), "198.51.100.7");
    }

    #[test]
    fn a_trusted_proxy_names_its_client_and_no_more_than_that_is_believed() {
        assert_eq!(of("10.0.0.1", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(of("10.0.0.1", &["192.0.2.66, 203.0.113.1, 10.0.0.2"]), "203.0.113.1");
        assert_eq!(of("10.0.0.1", &["192.0.2.66", "203.0.113.1"]), "203.0.113.1");
        assert_eq!(of("10.0.0.1", &["203.0.113.1:4711"]), "203.0.113.1");
        assert_eq!(of("10.0.0.1", &["\u{ff}, 203.0.113.1"]), "203.0.113.1");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
    }
}
