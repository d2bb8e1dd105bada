//! Which representation a client prefers: of `/` by media type (RFC 9110 section 12.5.1), of a file by coding (12.5.3).
use axum::http::{HeaderMap, header};

/// Whether `text/html` is wanted more than `application/json`. Equal wishes, as curl's `*/*`, get JSON, and so does none.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    let html = quality(headers, "text", "html");
    html > 0 && html > quality(headers, "application", "json")
}

/// The weight of a media type in thousandths: that of the most specific range that covers it, 0 if none does.
fn quality(headers: &HeaderMap, kind: &str, subtype: &str) -> u16 {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let covering = values.flat_map(|value| value.split(',')).filter_map(|range| {
        let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
        Some((specificity(range.trim(), kind, subtype)?, weight(parameters)))
    });
    covering.max_by_key(|(specificity, _)| *specificity).map_or(0, |(_, weight)| weight)
}

/// Whether the client takes gzip: it names it, or anything, with a weight above 0. Silence is no consent.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings = values.flat_map(|value| value.split(',')).filter_map(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let named = ["gzip", "x-gzip"].iter().any(|gzip| name.trim().eq_ignore_ascii_case(gzip));
        (named || name.trim() == "*").then(|| (named, weight(parameters)))
    });
    codings.max_by_key(|(named, _)| *named).is_some_and(|(_, weight)| weight > 0)
}

fn specificity(range: &str, kind: &str, subtype: &str) -> Option<u8> {
    let (its_kind, its_subtype) = range.split_once('/')?;
    match (its_kind.eq_ignore_ascii_case(kind), its_subtype.eq_ignore_ascii_case(subtype)) {
        (true, true) => Some(2),
        (true, false) if its_subtype == "*" => Some(1),
        (false, _) if range == "*/*" => Some(0),
        _ => None,
    }
}

/// `q` of a range's parameters; 1 if there is none, 0 if it cannot be read.
fn weight(parameters: &str) -> u16 {
    let q = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    q.map_or(1000, thousandths)
}

fn thousandths(q: &str) -> u16 {
    match q.split_at_checked(1) {
        Some(("1", _)) => 1000,
        Some(("0", "")) => 0,
        Some(("0", fraction)) => {
            let digits = fraction.strip_prefix('.').unwrap_or("");
            format!("{digits:0<3.3}").parse().unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn prefers(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        prefers_html(&headers)
    }

    #[test]
    fn browsers_get_the_page() {
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "text/html, application/xhtml+xml, image/jxr, */*;q=0.5",
            "text/html",
            "TEXT/HTML;q=0.2",
            "text/*",
            "application/json; q=0.899, text/html;level=1; Q=0.9",
        ] {
            assert!(prefers(accept), "{accept}");
        }
    }

    #[test]
    fn everybody_else_gets_json() {
        for accept in [
            "*/*",
            "application/json",
            "application/json, text/html",
            "application/json, text/html;q=0.9",
            "text/html;q=0",
            "text/html;q=x",
            "text/html;q=",
            "text/html;q=0.000, */*;q=0",
            "image/*",
            "",
            "nonsense",
            "text",
        ] {
            assert!(!prefers(accept), "{accept}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }

    #[test]
    fn the_most_specific_range_decides() {
        assert!(!prefers("text/*;q=0.9, text/html;q=0.1, */*;q=0.5"));
        assert!(prefers("*/*;q=1, application/json;q=0.1, text/html;q=0.2"));
    }

    #[test]
    fn several_fields_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("application/json;q=0.5"));
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        assert!(prefers_html(&headers));
    }

    fn takes(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        takes_gzip(&headers)
    }

    #[test]
    fn gzip_is_for_those_who_say_so() {
        for accept in ["gzip, deflate, br, zstd", "GZIP", "br, gzip;q=0.5", "*", "*;q=0, gzip", "x-gzip"] {
            assert!(takes(accept), "{accept}");
        }
        for accept in ["", "br", "identity", "gzip;q=0", "*, gzip;q=0", "*;q=0", "gzipped"] {
            assert!(!takes(accept), "{accept}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
