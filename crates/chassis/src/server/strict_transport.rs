//! Tells browsers to insist on TLS (HTTP Strict Transport Security, RFC 6797).
use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};

const STRICT_TRANSPORT_SECURITY: HeaderName = header::STRICT_TRANSPORT_SECURITY;

/// What an answer to somebody who came by TLS says.
#[derive(Debug, Clone)]
pub struct StrictTransport(HeaderValue);

impl StrictTransport {
    /// For so long. Subdomains are not spoken for: who runs this host need not run those.
    #[expect(clippy::missing_panics_doc, reason = "digits may stand in a field")]
    pub fn lasting(age: Duration) -> Self {
        let text = format!("max-age={}", age.as_secs());
        Self(HeaderValue::try_from(text).expect("a word and digits"))
    }

    /// Whether the host is to hear it. Not `localhost`: a browser remembers a host whatever the port, so whoever once
    /// looked at the suite over TLS could open no plain `http://localhost:…` of his own any more.
    pub fn concerns(request: &Request) -> bool {
        let host = request.headers().get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
        let name = host.split(|byte| *byte == b':').next().unwrap_or_default();
        let name = name.strip_suffix(b".").unwrap_or(name);
        let label = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        !label.eq_ignore_ascii_case(b"localhost")
    }

    /// Says so in an answer.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        headers.insert(STRICT_TRANSPORT_SECURITY, self.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn every_host_is_concerned_but_the_one_that_everybody_has() {
        for (host, concerned) in [
            ("shop.example.org", true),
            ("localhost.example.org", true),
            ("192.0.2.7:8443", true),
            ("[::1]:8443", true),
            ("localhost", false),
            ("LOCALHOST:8443", false),
            ("demo.localhost:8443", false),
            ("localhost.", false),
        ] {
            let request = Request::get("/").header("host", host).body(Body::empty()).expect("a request");
            assert_eq!(StrictTransport::concerns(&request), concerned, "{host}");
        }
    }

    #[test]
    fn the_age_is_in_seconds() {
        let mut headers = HeaderMap::new();
        StrictTransport::lasting(Duration::from_hours(24)).stamp(&mut headers);
        assert_eq!(headers["strict-transport-security"], "max-age=86400");
    }
}
