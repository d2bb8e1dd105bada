//! frontend's settings.
use chassis::{
    Service,
    config::{Invalid, Networks, Section, Setting, Settings, Span},
};
use serde::Deserialize;

use crate::{
    tls::settings::Encryption,
    upstream::{Deadlines, UpstreamUrl},
};

/// All settings of the frontend, for `--help` and the docs.
pub const SETTINGS: &[&[Setting]] = &[Config::SETTINGS, Encryption::SETTINGS];

const SPAN: &str = "a span of time such as 500ms or 10s, not zero";

/// Where the upstreams are, how long they may take, and who may stand in front.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// Where auth is.
    pub auth_url: UpstreamUrl,
    /// Where hello is.
    pub hello_url: UpstreamUrl,
    /// For a new connection to an upstream.
    pub connect_timeout: Span,
    /// From the last sign of progress of the request's body to the head of the answer; below the request's own deadline.
    pub upstream_timeout: Span,
    /// Between two parts of a body, either way.
    pub upstream_body_timeout: Span,
    /// Whose word on a client is taken.
    pub trusted_proxies: Option<Networks>,
}

impl Section for Config {
    const SETTINGS: &'static [Setting] = &[
        Setting::new("AUTH_URL", "http://auth", "an http URL with host and port only", "where auth is"),
        Setting::new("HELLO_URL", "http://hello", "an http URL with host and port only", "where hello is"),
        Setting::new("CONNECT_TIMEOUT", "1s", SPAN, "for a new connection to an upstream; then 502"),
        Setting::new(
            "UPSTREAM_TIMEOUT",
            "10s",
            SPAN,
            "until an upstream's answer begins, while the request's body stands still; then 504",
        ),
        Setting::new("UPSTREAM_BODY_TIMEOUT", "30s", SPAN, "how long an upstream's answer may pause; then it is cut"),
        Setting::optional(
            "TRUSTED_PROXIES",
            "nobody's X-Forwarded-For is believed",
            "networks and addresses separated by commas, such as 10.0.0.0/8",
            "proxies in front, such as an Ingress, that tell the address and the scheme of their client",
        ),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        [
            ("CONNECT_TIMEOUT", self.connect_timeout),
            ("UPSTREAM_TIMEOUT", self.upstream_timeout),
            ("UPSTREAM_BODY_TIMEOUT", self.upstream_body_timeout),
        ]
        .into_iter()
        .filter_map(|(name, span)| span.zero_or_too_long(name))
        .collect()
    }
}

impl Config {
    /// The request's own deadline covers the wait for an upstream: one that is not below it would never be told as 504.
    pub fn checked(self, settings: &Settings, service: &Service) -> Result<Self, Invalid> {
        if *self.upstream_timeout < *settings.request_timeout {
            return Ok(self);
        }
        let wrong = format!("not below {}REQUEST_TIMEOUT, which would always come first", service.prefix);
        Err(Invalid::of(service, "UPSTREAM_TIMEOUT", wrong))
    }

    /// The deadlines of both upstreams.
    pub fn deadlines(&self) -> Deadlines {
        Deadlines {
            connect: *self.connect_timeout,
            head: *self.upstream_timeout,
            body_idle: *self.upstream_body_timeout,
        }
    }
}
