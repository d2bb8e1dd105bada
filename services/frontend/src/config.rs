//! frontend's settings.
use chassis::{
    Service,
    config::{Invalid, Networks, Section, Setting, Settings, Span},
};
use serde::Deserialize;

use crate::{
    lanes::Spread,
    routes::Whoami,
    tls::settings::Encryption,
    upstream::{Deadlines, UpstreamUrl},
};

/// All settings of the frontend, for `--help` and the docs.
pub const SETTINGS: &[&[Setting]] = &[Config::SETTINGS, Encryption::SETTINGS];

const SPAN: &str = "a span of time such as 500ms or 10s, not zero";

/// Bytes that do not count.
const AT_REST: u64 = 2 << 20;
/// Bytes for a request under way: of the connection that it needs, and of clients that wait meanwhile, 42 KiB each. So measured
/// that four times as many clients as requests under way fit in (docs/performance.md).
const A_REQUEST: u64 = 256 << 10;
/// Where there is hardly any room, a few have to be enough.
const FEWEST: usize = 8;

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
    /// Under way to one upstream; absent means as many as there is memory for.
    pub upstream_requests: Option<usize>,
    /// Whether clients may see which instance of hello answers.
    pub whoami: bool,
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
            "UPSTREAM_REQUESTS",
            "as many as the container's memory limit has room for; any number without one",
            "a number from 1 to 1000000",
            "requests without a body under way to one upstream at once; more wait for their turn",
        ),
        Setting::new(
            "WHOAMI",
            "true",
            "true or false",
            "whether /whoami shows the pod of hello, its address and its node; false answers 404",
        ),
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
        .chain(
            self.upstream_requests
                .filter(|number| !(1..=1_000_000).contains(number))
                .map(|_| ("UPSTREAM_REQUESTS", "out of range; allowed: a number from 1 to 1000000".to_owned())),
        )
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

    /// Whether `/whoami` is among the routes.
    pub fn whoami(&self) -> Whoami {
        if self.whoami { Whoami::Shown } else { Whoami::Hidden }
    }

    /// How requests are spread, where there is so much memory.
    pub fn spread(&self, memory: Option<u64>) -> Spread {
        Spread { at_once: self.upstream_requests.or_else(|| memory.map(room)), ..Spread::default() }
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

/// How many requests may be under way in so many bytes.
fn room(memory: u64) -> usize {
    let room = memory.saturating_sub(AT_REST) / A_REQUEST;
    usize::try_from(room).unwrap_or(usize::MAX).max(FEWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(upstream_requests: Option<usize>) -> Config {
        let url = || "http://auth".parse().expect("a URL");
        let span = || Span(std::time::Duration::from_secs(1));
        Config {
            auth_url: url(),
            hello_url: url(),
            connect_timeout: span(),
            upstream_timeout: span(),
            upstream_body_timeout: span(),
            upstream_requests,
            whoami: true,
            trusted_proxies: None,
        }
    }

    #[test]
    fn so_many_are_under_way_as_there_is_memory_for() {
        for (mib, at_once) in [(0, 8), (4, 8), (10, 32), (16, 56), (64, 248)] {
            assert_eq!(config(None).spread(Some(mib << 20)).at_once, Some(at_once), "{mib} MiB");
        }
        assert_eq!(config(None).spread(None), Spread::default());
    }

    #[test]
    fn who_says_a_number_gets_it() {
        assert_eq!(config(Some(3)).spread(Some(1 << 30)).at_once, Some(3));
        assert_eq!(config(Some(0)).problems().len(), 1);
    }
}
