//! What is loaded: scheme, host and port, and the path that was typed with them.

use anyhow::bail;
use http::HeaderValue;
use url::{Host, Url};

use crate::web;

/// The origin of all requests of a run.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    url: Url,
}

impl Target {
    /// An address as people type it; without a scheme it is http.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let url = web::address(text)?;
        if url.fragment().is_some() {
            bail!("{text} has a part after #, which is never sent");
        }
        Ok(Self { url })
    }

    /// `http://host[:port]`, as in the report.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The path and query that were typed; `/` if there were none.
    pub(super) fn path(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(super) fn host(&self) -> Host<&str> {
        self.url.host().expect("http and https addresses have a host")
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().expect("http and https have a usual port")
    }

    /// The `Host` field (RFC 9110 §7.2).
    pub(super) fn authority(&self) -> HeaderValue {
        let text = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        HeaderValue::from_str(text).expect("the parser leaves only ASCII in a host")
    }

    /// Whether others on the way can read what is sent.
    pub(super) fn shows_what_it_gets(&self) -> bool {
        !self.is_https() && !web::is_loopback(&self.url)
    }

    /// Where to log in.
    pub(super) fn at_login(&self) -> Self {
        Self { url: web::login_address(self.url.clone()) }
    }

    /// The same origin with another path.
    pub(super) fn at(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(None);
        Self { url }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_falls_into_its_parts() {
        let target = Target::parse("localhost:8080/secure?a=b").unwrap();
        assert_eq!(target.origin(), "http://localhost:8080");
        assert_eq!(target.path(), "/secure?a=b");
        assert_eq!((target.port(), target.is_https()), (8080, false));
        assert_eq!(target.authority(), "localhost:8080");
        assert_eq!(target.at("/login").path(), "/login");
        assert_eq!(target.at_login().path(), "/secure/login");
    }

    #[test]
    fn usual_ports_are_left_out_and_known() {
        let target = Target::parse("https://[::1]").unwrap();
        assert_eq!((target.port(), target.path()), (443, "/"));
        assert_eq!(target.authority(), "[::1]");
    }

    #[test]
    fn what_could_not_be_meant_is_refused() {
        for text in ["ftp://localhost", "http://user:password@localhost", "http://localhost/#here", "http://"] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }
}
