//! Whether a client has a representation already: `If-None-Match` (RFC 9110 section 13.1.2).
use axum::http::{HeaderMap, header};

/// Whether one of the validators it sent is this one. They are compared weakly; `*` fits whatever there is.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn knows(sent: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(sent));
        is_known(&headers, "\"abc\"")
    }

    #[test]
    fn a_validator_among_others_is_found() {
        for sent in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(knows(sent), "{sent}");
        }
    }

    #[test]
    fn others_are_not_taken_for_it() {
        for sent in ["", "\"x\"", "abc", "\"abc-gz\"", "w/\"abc\""] {
            assert!(!knows(sent), "{sent}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"abc\""));
    }
}
