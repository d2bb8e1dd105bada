//! Who asked, for whom and how: said by us from what we know of the connection, or a trusted proxy told us of it
//! ([`crate::clients`]), never by the client.
use std::{fmt::Write as _, net::IpAddr};

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Version, header, request};
use chassis::server::Scheme;

use crate::clients::Told;

/// What the edge is called in `Via`: a pseudonym, so that nobody learns the name of a host (RFC 9110 section 7.6.3).
const PSEUDONYM: &str = "flotilla";
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whether a field claims something about the client or the way here. It ends here, whoever sent it.
pub(super) fn is_claim(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    let begins_so = name.get(..X_FORWARDED.len()).is_some_and(|start| reads_as(start, X_FORWARDED));
    begins_so || [&b"forwarded"[..], b"via", b"x-real-ip"].into_iter().any(|claim| reads_as(name, claim))
}

/// Whether `Via` names the edge: then the request has been here, and its upstream leads back to the edge.
pub(crate) fn came_from_here(headers: &HeaderMap) -> bool {
    let members = headers.get_all(header::VIA).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    members.into_iter().any(|member| {
        // `1.1 flotilla (comment)`: the protocol, then the name.
        let mut words = member.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.nth(1).is_some_and(|name| name.eq_ignore_ascii_case(PSEUDONYM.as_bytes()))
    })
}

const X_FORWARDED: &[u8] = b"x-forwarded";

/// Programs that get fields as variables cannot tell a hyphen from an underscore (RFC 3875 section 4.1.18), and some take
/// any other character for one, too.
fn reads_as(name: &[u8], claim: &[u8]) -> bool {
    let same = |(byte, its): (&u8, &u8)| byte == its || *its == b'-' && !byte.is_ascii_alphanumeric();
    name.len() == claim.len() && name.iter().zip(claim).all(same)
}

/// What we know of a request's origin.
pub(super) struct Client {
    address: Option<IpAddr>,
    scheme: Scheme,
    host: Option<HeaderValue>,
    version: Version,
}

impl Client {
    /// Reads it before the header is stripped.
    pub(super) fn of(parts: &request::Parts) -> Self {
        let told = parts.extensions.get::<Told>();
        let address = told.map(|told| told.address).or_else(|| peer(&parts.extensions));
        Self { address, scheme: scheme(&parts.extensions), host: host(parts).cloned(), version: parts.version }
    }

    /// Sets `X-Forwarded-*`, `Forwarded` (RFC 7239) and `Via` (RFC 9110 section 7.6.3).
    pub(super) fn describe(self, headers: &mut HeaderMap) {
        let mut forwarded = String::with_capacity(96);
        if let Some(address) = self.address {
            let text = address.to_string();
            // An IPv6 address is bracketed and so needs the quotes (section 6).
            let _ = if address.is_ipv6() {
                write!(forwarded, "for=\"[{text}]\";")
            } else {
                write!(forwarded, "for={text};")
            };
            headers.insert(X_FORWARDED_FOR, header_value(text));
        }
        if let Some(host) = self.host {
            if let Ok(host) = host.to_str() {
                let _ = write!(forwarded, "host=\"{host}\";");
            }
            headers.insert(X_FORWARDED_HOST, host);
        }
        let scheme = self.scheme.as_str();
        forwarded.push_str("proto=");
        forwarded.push_str(scheme);
        headers.insert(header::FORWARDED, header_value(forwarded));
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
        let via = if self.version == Version::HTTP_10 { "1.0 flotilla" } else { "1.1 flotilla" };
        headers.insert(header::VIA, HeaderValue::from_static(via));
    }
}

fn header_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("addresses and checked hosts consist of header characters")
}

/// The other end of the TCP connection.
fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<chassis::server::Peer>().map(|peer| peer.0.ip().to_canonical())
}

/// How the client spoke to us, or to the trusted proxy in front.
pub(crate) fn scheme(extensions: &Extensions) -> Scheme {
    let told = extensions.get::<Told>().and_then(|told| told.scheme);
    told.or_else(|| extensions.get().copied()).unwrap_or(Scheme::Http)
}

/// The host the client asked for, if it is one: of an absolute request target that names it, else of `Host`
/// (RFC 9112 section 3.2.2). It goes into a quoted string.
pub(crate) fn host(parts: &request::Parts) -> Option<&HeaderValue> {
    // chassis has refused a request without a proper Host; where the target names another, neither is believed.
    let host = parts.headers.get(header::HOST)?;
    let named_by_the_target = parts.uri.authority().map(http::uri::Authority::as_str);
    let agrees = named_by_the_target.is_none_or(|target| target.as_bytes().eq_ignore_ascii_case(host.as_bytes()));
    (agrees && is_host(host.as_bytes())).then_some(host)
}

/// Names, addresses and ports (RFC 3986 section 3.2.2), without the characters nobody uses in them but attackers.
fn is_host(text: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte);
    (1..=255).contains(&text.len()) && text.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn described(peer: Option<&str>, uri: &str, host: &'static str) -> HeaderMap {
        let mut request = http::Request::get(uri).header(header::HOST, host).body(()).expect("a request");
        if let Some(peer) = peer {
            request
                .extensions_mut()
                .insert(chassis::server::Peer(SocketAddr::new(peer.parse().expect("an address"), 4711)));
        }
        let (parts, ()) = request.into_parts();
        let mut headers = HeaderMap::new();
        Client::of(&parts).describe(&mut headers);
        headers
    }

    #[test]
    fn the_peer_and_the_host_are_named() {
        let headers = described(Some("192.0.2.7"), "/", "localhost:8080");
        assert_eq!(headers["x-forwarded-for"], "192.0.2.7");
        assert_eq!(headers["x-forwarded-host"], "localhost:8080");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["forwarded"], "for=192.0.2.7;host=\"localhost:8080\";proto=http");
        assert_eq!(headers["via"], "1.1 flotilla");
    }

    #[test]
    fn an_ipv6_peer_is_bracketed_and_quoted_in_forwarded_only() {
        let headers = described(Some("2001:db8::7"), "/", "h");
        assert_eq!(headers["x-forwarded-for"], "2001:db8::7");
        assert_eq!(headers["forwarded"], "for=\"[2001:db8::7]\";host=\"h\";proto=http");
    }

    #[test]
    fn an_ipv4_peer_of_a_dual_socket_is_an_ipv4_peer() {
        assert_eq!(described(Some("::ffff:192.0.2.7"), "/", "h")["x-forwarded-for"], "192.0.2.7");
    }

    #[test]
    fn over_tls_it_is_https() {
        let mut request = http::Request::get("/").header(header::HOST, "h").body(()).expect("a request");
        request.extensions_mut().insert(Scheme::Https);
        let mut headers = HeaderMap::new();
        Client::of(&request.into_parts().0).describe(&mut headers);
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["forwarded"], "host=\"h\";proto=https");
    }

    #[test]
    fn an_unknown_peer_is_not_invented() {
        let headers = described(None, "/", "h");
        assert!(!headers.contains_key("x-forwarded-for"));
        assert_eq!(headers["forwarded"], "host=\"h\";proto=http");
    }

    #[test]
    fn a_host_that_is_none_is_left_out() {
        for host in ["", "a\"b", "a;b=c", "a b", "user@host", "<script>", "a,b"] {
            let headers = described(None, "/", host);
            assert!(!headers.contains_key("x-forwarded-host"), "{host}");
            assert_eq!(headers["forwarded"], "proto=http", "{host}");
        }
    }

    #[test]
    fn a_host_that_contradicts_the_target_is_left_out() {
        assert!(!described(None, "http://other.example/", "h").contains_key("x-forwarded-host"));
        assert_eq!(described(None, "http://H:80/", "h:80")["x-forwarded-host"], "h:80");
    }

    #[test]
    fn a_request_that_was_here_before_is_recognized() {
        let came = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::VIA, HeaderValue::from_static(value));
            }
            came_from_here(&headers)
        };
        for values in [
            &["1.1 flotilla"][..],
            &["1.0 flotilla"],
            &["HTTP/1.1 Flotilla (a comment)"],
            &["1.1 cdn.example, 1.1\tflotilla"],
            &["1.1 cdn.example", "2  flotilla ,1.1 other"],
        ] {
            assert!(came(values), "{values:?}");
        }
        for values in
            [&[][..], &[""], &["flotilla"], &["1.1 flotilla.example"], &["1.1 a (1.1 flotilla)"], &["1.1 a, b"]]
        {
            assert!(!came(values), "{values:?}");
        }
    }

    #[test]
    fn every_claim_is_known() {
        for name in ["forwarded", "via", "x-real-ip", "x-forwarded", "x-forwarded-for", "x-forwarded-anything"] {
            assert!(is_claim(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["x_forwarded_for", "x-forwarded_proto", "x_real_ip", "x-forwarded*for", "x-forwardedfor"] {
            assert!(is_claim(&HeaderName::from_static(name)), "{name} may be read as one");
        }
        for name in
            ["authorization", "x-real-ipv6", "viaduct", "x-request-id", "traceparent", "tracestate", "x-forward"]
        {
            assert!(!is_claim(&HeaderName::from_static(name)), "{name}");
        }
    }
}
