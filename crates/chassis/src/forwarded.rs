//! Who a request is from where proxies stand in front: the peer, or whom a trusted proxy names.
//!
//! What a client writes itself looks the same as what a proxy adds, so only the part is believed that a trusted proxy
//! must have written: read from the right, up to the first address that is not one of theirs. `X-Forwarded-For` and
//! `Forwarded` (RFC 7239) are both read. A proxy writes one of them and may let the client's own of the other pass:
//! where the two name different clients neither is believed, and the peer stays responsible.
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{config::Networks, server::Scheme};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client's address: the peer's or, if that is a trusted proxy's, the nearest one that is not.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusted.contain(peer) {
        return peer;
    }
    let told = |name: &HeaderName, read: fn(&[u8]) -> Vec<Option<IpAddr>>| {
        headers
            .contains_key(name)
            .then(|| nearest(peer, headers.get_all(name).iter().map(HeaderValue::as_bytes), read, trusted))
    };
    match (told(&X_FORWARDED_FOR, listed), told(&header::FORWARDED, described)) {
        (Some(one), Some(other)) if one != other => peer,
        (Some(client), _) | (None, Some(client)) => client,
        (None, None) => peer,
    }
}

/// What counts as one client wherever clients are limited: an IPv4 address, or the /64 of an IPv6 address, which is what
/// one host gets (RFC 6177).
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// How the client spoke to the proxy in front, if that is trusted and says so.
pub fn scheme(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> Option<Scheme> {
    if !trusted.contain(peer) {
        return None;
    }
    let last = |name: &HeaderName| headers.get_all(name).iter().next_back()?.to_str().ok();
    let listed = last(&X_FORWARDED_PROTO).map(|value| value.rsplit(',').next().and_then(scheme_named));
    let described = last(&header::FORWARDED).map(|value| {
        let element = outside_quotes(value, b',')?.pop()?;
        scheme_named(parameter(element, "proto")?)
    });
    match (listed, described) {
        (Some(one), Some(Some(other))) if one != Some(other) => None,
        (Some(scheme), _) | (None, Some(scheme)) => scheme,
        (None, None) => None,
    }
}

fn scheme_named(text: &str) -> Option<Scheme> {
    let is = |name: &str| text.trim().eq_ignore_ascii_case(name);
    if is("https") { Some(Scheme::Https) } else { is("http").then_some(Scheme::Http) }
}

/// The first address from the right that no trusted proxy has; what stands left of it the client may have invented.
fn nearest<'a>(
    peer: IpAddr,
    values: impl DoubleEndedIterator<Item = &'a [u8]>,
    read: fn(&[u8]) -> Vec<Option<IpAddr>>,
    trusted: &Networks,
) -> IpAddr {
    let mut nearest = peer;
    for hop in values.rev().flat_map(|value| read(value).into_iter().rev()) {
        let Some(address) = hop else { return nearest };
        nearest = address.to_canonical();
        if !trusted.contain(nearest) {
            break;
        }
    }
    nearest
}

/// The addresses in a value of `X-Forwarded-For`. By bytes: what the client put into the field must not make the
/// proxy's part of it unreadable.
fn listed(value: &[u8]) -> Vec<Option<IpAddr>> {
    value.split(|byte| *byte == b',').map(|hop| address(std::str::from_utf8(hop).ok()?.trim())).collect()
}

/// The addresses in a value of `Forwarded`. A quote that is not closed makes all of it unreadable, for nobody could
/// tell which of it the proxy wrote.
fn described(value: &[u8]) -> Vec<Option<IpAddr>> {
    let elements = std::str::from_utf8(value).ok().and_then(|text| outside_quotes(text, b','));
    let Some(elements) = elements else { return vec![None] };
    elements.into_iter().map(|element| address(parameter(element, "for")?)).collect()
}

/// An address as proxies write it, some with the port; IPv6 in brackets or bare.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()
}

/// A parameter of an element, without its quotes; `None` if it is there twice.
fn parameter<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let mut found = outside_quotes(element, b';')?.into_iter().filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    });
    let (value, None) = (found.next()?, found.next()) else { return None };
    Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// Splits where the separator is not within a quoted string (RFC 9110 section 5.6.4); `None` if one is not closed.
fn outside_quotes(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        headers
    }

    fn trusted() -> Networks {
        "10.0.0.0/8, fd00::/8".parse().expect("networks")
    }

    fn of(peer: &str, fields: &[(&'static str, &'static str)]) -> String {
        client(peer.parse().expect("an address"), &headers(fields), &trusted()).to_string()
    }

    fn by(peer: &str, fields: &[(&'static str, &'static str)]) -> Option<Scheme> {
        scheme(peer.parse().expect("an address"), &headers(fields), &trusted())
    }

    const FOR: &str = "x-forwarded-for";
    const PROTO: &str = "x-forwarded-proto";

    #[test]
    fn a_stranger_cannot_say_who_he_is() {
        for field in [(FOR, "203.0.113.1"), ("forwarded", "for=203.0.113.1")] {
            assert_eq!(of("198.51.100.7", &[field]), "198.51.100.7");
        }
        assert_eq!(by("198.51.100.7", &[(PROTO, "https")]), None);
    }

    #[test]
    fn a_trusted_proxy_names_its_client_and_no_more_than_that_is_believed() {
        for (fields, client) in [
            (&["203.0.113.1"][..], "203.0.113.1"),
            (&["192.0.2.66, 203.0.113.1, 10.0.0.2"], "203.0.113.1"),
            (&["192.0.2.66", "203.0.113.1"], "203.0.113.1"),
            (&["203.0.113.1:4711"], "203.0.113.1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["\u{ff}, 203.0.113.1"], "203.0.113.1"),
            (&["nonsense"], "10.0.0.1"),
            (&["203.0.113.1, nonsense"], "10.0.0.1"),
            (&["203.0.113.1, nonsense, 10.0.0.2"], "10.0.0.2"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            let fields: Vec<_> = fields.iter().map(|value| (FOR, *value)).collect();
            assert_eq!(of("10.0.0.1", &fields), client, "{fields:?}");
        }
    }

    #[test]
    fn it_may_do_so_in_the_standards_own_words() {
        for (value, client) in [
            ("for=203.0.113.1", "203.0.113.1"),
            ("For=\"203.0.113.1:4711\";proto=https;by=10.0.0.1", "203.0.113.1"),
            ("proto=http; for=\"[2001:db8::1]:80\"", "2001:db8::1"),
            ("for=192.0.2.66, for=203.0.113.1;host=\"a,b;for=6.6.6.6\", for=10.0.0.2", "203.0.113.1"),
            ("for=203.0.113.1, for=unknown", "10.0.0.1"),
            ("for=203.0.113.1, for=_hidden, for=10.0.0.2", "10.0.0.2"),
            ("for=203.0.113.1, host=h", "10.0.0.1"),
            ("for=203.0.113.1;for=203.0.113.2", "10.0.0.1"),
        ] {
            assert_eq!(of("10.0.0.1", &[("forwarded", value)]), client, "{value}");
        }
    }

    #[test]
    fn a_quote_that_the_client_leaves_open_takes_the_proxys_word_and_gives_none_in_its_place() {
        for value in [
            "for=6.6.6.6;by=\", for=203.0.113.1",
            "for=6.6.6.6;by=\"a\\, for=\"[2001:db8::1]\"",
            "for=6.6.6.6;by=\"\\\", for=203.0.113.1",
        ] {
            assert_eq!(of("10.0.0.1", &[("forwarded", value)]), "10.0.0.1", "{value}");
            assert_eq!(of("10.0.0.1", &[("forwarded", value), ("forwarded", "for=203.0.113.1")]), "203.0.113.1");
        }
    }

    #[test]
    fn two_fields_that_contradict_each_other_are_both_not_believed() {
        let (list, other) = ((FOR, "203.0.113.1"), ("forwarded", "for=6.6.6.6"));
        assert_eq!(of("10.0.0.1", &[list, other]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[list, ("forwarded", "for=203.0.113.1;proto=http")]), "203.0.113.1");
        assert_eq!(by("10.0.0.1", &[(PROTO, "https"), ("forwarded", "proto=http")]), None);
    }

    #[test]
    fn a_trusted_proxy_says_how_it_was_spoken_to() {
        use Scheme::{Http, Https};
        for (field, scheme) in [
            ((PROTO, "https"), Some(Https)),
            ((PROTO, "HTTP"), Some(Http)),
            ((PROTO, "http, https"), Some(Https)),
            ((PROTO, "gopher"), None),
            (("forwarded", "for=192.0.2.1;proto=http, for=203.0.113.1;proto=https"), Some(Https)),
            (("forwarded", "for=192.0.2.1;proto=https, for=203.0.113.1"), None),
            (("forwarded", "proto=\"https"), None),
        ] {
            assert_eq!(by("10.0.0.1", &[field]), scheme, "{field:?}");
        }
        assert_eq!(by("10.0.0.1", &[(PROTO, "https"), ("forwarded", "for=203.0.113.1")]), Some(Https));
        assert_eq!(by("fd00::1", &[(PROTO, "https")]), Some(Https));
    }

    #[test]
    fn an_ipv4_peer_of_a_dual_socket_is_an_ipv4_peer() {
        assert_eq!(of("::ffff:10.0.0.1", &[(FOR, "::ffff:203.0.113.1")]), "203.0.113.1");
    }

    use proptest::prelude::*;

    /// What a client could write into such a field, with a liking for what the fields are made of.
    fn written() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            Just("6.6.6.6".to_owned()),
            Just("for=6.6.6.6".to_owned()),
            Just("for=\"[2001:db8::6]:6\"".to_owned()),
            Just("10.0.0.9".to_owned()),
            Just("proto=https".to_owned()),
            "[,;=\"\\\\ a-z0-9.:-]{0,6}",
        ];
        let text = prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat().into_bytes());
        prop_oneof![3 => text, 1 => prop::collection::vec(prop_oneof![Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..], 0..30)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The proxy at 10.0.0.1 adds its client's address: to the end of what is there, or in a line of its own.
        #[test]
        fn nothing_that_a_client_writes_makes_it_somebody_else(
            name in prop::sample::select(&[FOR, "forwarded"][..]),
            other in written(),
            first in written(),
            appended in any::<bool>(),
        ) {
            let added = if name == FOR { "203.0.113.7" } else { "for=203.0.113.7;proto=http" };
            let mut headers = HeaderMap::new();
            if appended {
                let whole = [&first[..], b", ", added.as_bytes()].concat();
                headers.append(name, HeaderValue::from_bytes(&whole).expect("a value"));
            } else {
                headers.append(name, HeaderValue::from_bytes(&first).expect("a value"));
                headers.append(name, HeaderValue::from_static(added));
            }
            let peer = "10.0.0.1".parse().expect("an address");
            let known = ["10.0.0.1", "203.0.113.7"].map(|text| text.parse::<IpAddr>().expect("an address"));
            let alone = client(peer, &headers, &trusted());
            prop_assert!(known.contains(&alone), "{alone} by {headers:?}");
            prop_assert!(appended || alone == known[1], "a line of the proxy's own is always read");
            let foreign = if name == FOR { "forwarded" } else { FOR };
            headers.append(foreign, HeaderValue::from_bytes(&other).expect("a value"));
            let both = client(peer, &headers, &trusted());
            prop_assert!(known.contains(&both), "{both} by {headers:?}");
        }
    }
}
