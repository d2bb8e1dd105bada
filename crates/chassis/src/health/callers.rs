//! Refuses requests that a browser sends for a page of another site.
//!
//! A page of a foreign origin can send requests to this port, and a host name that its owner points to 127.0.0.1 (DNS
//! rebinding) makes the port look like a part of that page's own site. A browser cannot hide either: `Origin` and
//! `Sec-Fetch-Site` name the page's site, and `Host` names what the browser connected to.
use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::{Host, Url};

use crate::{Problem, server::Peer};

/// Answers 403 to a request that comes from a page of another site.
pub(super) async fn refuse_foreign(State(listener): State<IpAddr>, request: Request, next: Next) -> Response {
    match problem(listener, &request) {
        Some(detail) => Problem::new(StatusCode::FORBIDDEN).detail(detail).into_response(),
        None => next.run(request).await,
    }
}

fn problem(listener: IpAddr, request: &Request) -> Option<&'static str> {
    let host = requested_host(request);
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
    if !host.as_deref().is_none_or(|host| is_host_allowed(listener.to_canonical(), peer, host)) {
        return Some("the Host header does not name a loopback address; use localhost or 127.0.0.1");
    }
    if !is_same_origin(request.headers(), host.as_deref()) {
        return Some("the Origin header does not match the Host header");
    }
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    let is_own_site = matches!(site, None | Some(b"same-origin" | b"none"));
    (!is_own_site && !is_navigation(request)).then_some("pages of other sites cannot use the health port")
}

/// The authority of an absolute target counts, else `Host` (RFC 9112 section 3.2.2). Only HTTP/1.0 can have neither.
fn requested_host(request: &Request) -> Option<String> {
    let target = request.uri().authority().map(|authority| authority.as_str().to_owned());
    target.or_else(|| request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned))
}

/// A loopback listener accepts loopback names only. On another listener, a request from this machine or through
/// `kubectl port-forward` comes from 127.0.0.1 too: there an address is also allowed, because nobody can rebind an address.
fn is_host_allowed(listener: IpAddr, peer: Option<IpAddr>, host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}")) else { return false };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    };
    // Meshes deliver requests of other machines from 127.0.0.6: those are no browser's on this machine.
    let is_local = peer.is_some_and(|peer| ["127.0.0.1", "::1"].iter().any(|local| local.parse() == Ok(peer)));
    if listener.is_loopback() {
        is_loopback
    } else {
        is_loopback || !is_local || !matches!(url.host(), Some(Host::Domain(_)) | None)
    }
}

fn is_same_origin(headers: &HeaderMap, host: Option<&str>) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let origin = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
    let (Some(origin), Some(host), None) = (origin, host, origins.next()) else { return false };
    // Read with the origin's scheme, so that a default port may be left out.
    let Ok(own) = Url::parse(&format!("{}://{host}", origin.scheme())) else { return false };
    ["http", "https"].contains(&origin.scheme()) && own.origin() == origin.origin()
}

/// A link that a person follows: the answer goes to the person, not to the page with the link.
fn is_navigation(request: &Request) -> bool {
    let is =
        |name, value: &str| request.headers().get(name).is_some_and(|header| header.as_bytes() == value.as_bytes());
    request.method().is_safe() && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn refused(listener: &str, peer: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method("POST").uri("/healthz/status");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(Peer((peer.parse::<IpAddr>().expect("an address"), 1).into()));
        problem(listener.parse().expect("an address"), &request).is_some()
    }

    #[test]
    fn a_loopback_listener_accepts_loopback_names_only() {
        let hosts = [
            "localhost:8081",
            "LOCALHOST",
            "localhost.:8081",
            "a.localhost",
            "127.0.0.1:8081",
            "127.1.2.3",
            "[::1]:8081",
        ];
        for host in hosts {
            assert!(!refused("127.0.0.1", "127.0.0.1", &[("host", host)]), "{host}");
            assert!(!refused("::1", "::1", &[("host", host)]), "{host}");
        }
        for host in
            ["evil.test", "evil.test:8081", "localhost.evil.test", "notlocalhost", "10.0.0.1", "0.0.0.0", "[fd00::1]"]
        {
            assert!(refused("127.0.0.1", "127.0.0.1", &[("host", host)]), "{host}");
            assert!(refused("::1", "::1", &[("host", host)]), "{host}");
        }
    }

    #[test]
    fn other_listeners_accept_every_name_from_other_machines_and_no_foreign_name_from_this_one() {
        for host in ["hello:81", "hello.default.svc", "10.1.2.3:81", "[fd00::1]:81", "localhost:10081"] {
            for peer in ["10.9.8.7", "fd00::2", "127.0.0.6"] {
                assert!(!refused("::", peer, &[("host", host)]), "{host} from {peer}");
            }
            let is_foreign = host.starts_with("hello");
            for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
                assert_eq!(refused("0.0.0.0", peer, &[("host", host)]), is_foreign, "{host} from {peer}");
            }
        }
    }

    #[test]
    fn an_origin_must_match_the_host() {
        let refused = |headers: &[(&str, &str)]| refused("127.0.0.1", "127.0.0.1", headers);
        for (host, origin) in [
            ("localhost:8081", "http://localhost:8081"),
            ("localhost", "http://localhost"),
            ("localhost:443", "https://localhost"),
            ("[::1]:8081", "http://[::1]:8081"),
        ] {
            assert!(!refused(&[("host", host), ("origin", origin)]), "{host} and {origin}");
        }
        for origin in [
            "http://evil.test",
            "http://localhost:8080",
            "http://127.0.0.1:8081",
            "null",
            "",
            "file://",
            "localhost:8081",
        ] {
            assert!(refused(&[("host", "localhost:8081"), ("origin", origin)]), "{origin}");
        }
        let own = ("origin", "http://localhost:8081");
        assert!(refused(&[("host", "localhost:8081"), own, own]), "two of them");
    }

    #[test]
    fn a_page_of_another_site_reads_nothing_but_a_person_follows_its_links() {
        let request = |headers: &[(&str, &str)]| {
            let mut request = Request::builder().uri("/config").header("host", "localhost");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            problem(IpAddr::from([127, 0, 0, 1]), &request.body(Body::empty()).expect("a request"))
        };
        let foreign = ("sec-fetch-site", "cross-site");
        assert!(request(&[foreign]).is_some());
        assert!(request(&[foreign, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")]).is_some());
        assert!(request(&[foreign, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]).is_some());
        assert!(request(&[foreign, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]).is_none());
        assert!(request(&[("sec-fetch-site", "same-origin")]).is_none());
    }
}
