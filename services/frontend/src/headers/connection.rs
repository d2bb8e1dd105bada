//! Fields that belong to one connection and must not pass to the next (RFC 9110 section 7.6.1).
use axum::http::{HeaderMap, HeaderName, header};

use super::X_REQUEST_ID;

/// Removes the fields that belong to the connection the message came on: those known to, those the message itself lists in
/// `Connection`, and those that `also` names. The fields we set are set afterwards, so no list can remove them;
/// only the request id is there before, and stays.
pub(super) fn strip(headers: &mut HeaderMap, also: impl Fn(&HeaderName) -> bool) {
    let mut doomed = listed(headers);
    doomed.extend(headers.keys().filter(|name| is_hop_by_hop(name) || also(name)).cloned());
    for name in doomed {
        headers.remove(name);
    }
}

/// `Proxy-Connection` and `Keep-Alive` were never standard options but have the effect of one. `Close` is reserved, so that
/// the option of that name lists no field (RFC 9112 section 9.6). `Trailer` goes because
/// trailers do: the framing is regenerated without them. `Proxy-Auth*` is between the client and its own proxy (section 11.7).
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "close"
            | "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authentication-info"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    )
}

/// The fields named in `Connection`; what is no field name is ignored.
fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    let options =
        headers.get_all(header::CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    options
        .filter(|option| !is_usual(option))
        .filter_map(|option| HeaderName::from_bytes(option.trim_ascii()).ok())
        .filter(|name| *name != X_REQUEST_ID)
        .collect()
}

/// The options nearly every `Connection` consists of name no field that is not removed anyway.
fn is_usual(option: &[u8]) -> bool {
    let option = option.trim_ascii();
    option.eq_ignore_ascii_case(b"keep-alive") || option.eq_ignore_ascii_case(b"close")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().expect("a value"));
        }
        strip(&mut headers, |name| name == "also-this");
        let mut left: Vec<_> = headers.keys().map(ToString::to_string).collect();
        left.sort();
        left
    }

    #[test]
    fn every_field_of_the_connection_goes() {
        for name in [
            "close",
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings",
            "also-this",
        ] {
            assert_eq!(stripped(&[(name, "x"), ("accept", "*/*")]), ["accept"], "{name}");
        }
    }

    #[test]
    fn what_connection_lists_goes_whatever_its_case_and_however_often() {
        let fields = [
            ("connection", "close, X-Secret ,,"),
            ("connection", "\tx-Other"),
            ("x-secret", "1"),
            ("x-secret", "2"),
            ("x-other", "3"),
            ("x-kept", "4"),
        ];
        assert_eq!(stripped(&fields), ["x-kept"]);
    }

    #[test]
    fn an_option_that_is_no_name_is_ignored() {
        assert_eq!(stripped(&[("connection", "a b, \"x\", x-gone"), ("x-gone", "1"), ("x", "2")]), ["x"]);
    }

    #[test]
    fn the_request_id_cannot_be_listed_away() {
        assert_eq!(stripped(&[("connection", "x-request-id"), ("x-request-id", "1")]), ["x-request-id"]);
    }
}
