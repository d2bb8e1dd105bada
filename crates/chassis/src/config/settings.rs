//! What chassis itself is configured by: the same for every service.
use serde::Deserialize;

use super::{ByteSize, ListenAddr, LogFilter, Section, Setting, Span};
use crate::server::Timeouts;

const ADDRESS: &str = "an IP address and a port, such as 127.0.0.1:8080 or :80; port 0 takes a free one";
/// Switches and faults.
pub(super) const LAB: &str = "LAB";
/// Of classic mode: the services that have it call their shared secret so.
pub(super) const SECRET: &str = "SECRET";
const BODY_BYTES: &str = "a number of bytes from 0 to 1073741824";
/// A body is read into memory as a whole.
const LARGEST_BODY: usize = 1 << 30;
const CONNECTIONS: &str = "a number from 1 to 1000000";
const SIZE: &str = "a number of bytes from 64Ki to 1Ti, such as 10Mi or 16777216";
const SPAN: &str = "a span of time such as 500ms, 20s or 2m";

/// Listeners, drain and limits of a service.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// Where the service answers.
    pub http_addr: ListenAddr,
    /// Where the health port answers.
    pub health_addr: ListenAddr,
    /// How long a draining process keeps serving before it stops accepting.
    pub drain_delay: Span,
    /// How long requests in flight may take after that.
    pub shutdown_timeout: Span,
    /// Whether the health port has switches and faults; see [`super::Configuration::lab`].
    pub lab: Option<bool>,
    /// How long a request may take until its answer begins.
    pub request_timeout: Span,
    /// How long a request's head may take once it has begun.
    pub header_timeout: Span,
    /// How long a connection may be idle.
    pub idle_timeout: Span,
    /// How long a request's body may pause.
    pub body_timeout: Span,
    /// Memory that the process may occupy; absent means the control group's limit.
    pub memory_limit: Option<ByteSize>,
    /// Connections served at once; absent means as many as there is memory for.
    pub max_connections: Option<usize>,
    /// Of these, connections of one client; absent means three quarters.
    pub max_client_connections: Option<usize>,
    /// For requests with large headers; absent means a part of the memory.
    pub headers_memory: Option<ByteSize>,
    /// For requests with large bodies; absent means a part of the memory.
    pub bodies_memory: Option<ByteSize>,
    /// Bytes of a request's body.
    pub max_body_bytes: usize,
}

impl Settings {
    pub(crate) fn timeouts(&self) -> Timeouts {
        Timeouts { header_timeout: *self.header_timeout, idle_timeout: *self.idle_timeout }
    }
}

impl Section for Settings {
    const SETTINGS: &'static [Setting] = &[
        Setting::new("HTTP_ADDR", "127.0.0.1:8080", ADDRESS, "where the service answers"),
        Setting::new("HEALTH_ADDR", "127.0.0.1:8081", ADDRESS, "where the health port answers"),
        Setting::new(
            "DRAIN_DELAY",
            "0s",
            SPAN,
            "after SIGTERM, how long to keep serving while not ready, so that load balancers notice",
        ),
        Setting::new("SHUTDOWN_TIMEOUT", "20s", SPAN, "how long requests in flight may take after the drain delay"),
        Setting::optional(
            LAB,
            "true in classic mode, else false",
            "true or false",
            "switches and faults on the health port; false answers them with 404",
        ),
        Setting::new("REQUEST_TIMEOUT", "15s", SPAN, "how long a request may take until its answer begins; then 503"),
        Setting::new(
            "HEADER_TIMEOUT",
            "10s",
            SPAN,
            "how long a request's head may take once it has begun; then the connection ends",
        ),
        Setting::new(
            "IDLE_TIMEOUT",
            "75s",
            SPAN,
            "how long a connection may be idle; longer than load balancers keep theirs",
        ),
        Setting::new("BODY_TIMEOUT", "10s", SPAN, "how long a request's body may pause; then 408"),
        Setting::optional(
            "MEMORY_LIMIT",
            "the container's limit; none without one",
            SIZE,
            "memory that the process may occupy, from which the next four follow",
        ),
        Setting::optional(
            "MAX_CONNECTIONS",
            "as many as there is memory for, at most 4096",
            CONNECTIONS,
            "connections served at once; the one that has been idle the longest is closed for the next one",
        ),
        Setting::optional(
            "MAX_CLIENT_CONNECTIONS",
            "three quarters of MAX_CONNECTIONS",
            CONNECTIONS,
            "connections of one client: an IPv4 address or an IPv6 /64 that is no trusted proxy",
        ),
        Setting::optional(
            "HEADERS_MEMORY",
            "a part of MEMORY_LIMIT; unlimited without one",
            SIZE,
            "memory for requests with headers above 8 KiB; more wait unread",
        ),
        Setting::optional(
            "BODIES_MEMORY",
            "a part of MEMORY_LIMIT; unlimited without one",
            SIZE,
            "memory for requests with bodies above 8 KiB; more wait unread",
        ),
        Setting::new("MAX_BODY_BYTES", "65536", BODY_BYTES, "size of a request's body; then 413"),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let numbers =
            [("MAX_CONNECTIONS", self.max_connections), ("MAX_CLIENT_CONNECTIONS", self.max_client_connections)];
        let out_of_range =
            numbers.into_iter().filter(|(_, number)| number.is_some_and(|it| !(1..=1_000_000).contains(&it)));
        problems.extend(out_of_range.map(|(name, _)| (name, format!("out of range; allowed: {CONNECTIONS}"))));
        if self.max_body_bytes > LARGEST_BODY {
            problems.push(("MAX_BODY_BYTES", format!("out of range; allowed: {BODY_BYTES}")));
        }
        if let (Some(all), Some(one)) = (self.max_connections, self.max_client_connections)
            && one > all
        {
            problems.push(("MAX_CLIENT_CONNECTIONS", "more than MAX_CONNECTIONS; allowed: at most that".to_owned()));
        }
        let both = (self.http_addr.address(), self.health_addr.address());
        if both.0 == both.1 && both.0.port() != 0 {
            problems.push((
                "HEALTH_ADDR",
                "the same address as that of the http port; allowed: an address of its own".to_owned(),
            ));
        }
        let zero_means_at_once = [("DRAIN_DELAY", self.drain_delay), ("SHUTDOWN_TIMEOUT", self.shutdown_timeout)];
        problems.extend(zero_means_at_once.into_iter().filter_map(|(name, span)| span.too_long(name)));
        let never_zero = [
            ("REQUEST_TIMEOUT", self.request_timeout),
            ("HEADER_TIMEOUT", self.header_timeout),
            ("IDLE_TIMEOUT", self.idle_timeout),
            ("BODY_TIMEOUT", self.body_timeout),
        ];
        problems.extend(never_zero.into_iter().filter_map(|(name, span)| span.zero_or_too_long(name)));
        if self.body_timeout.0 >= self.request_timeout.0 {
            problems.push(("BODY_TIMEOUT", "not below REQUEST_TIMEOUT, which would always come first".to_owned()));
        }
        problems
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What the whole field calls by the same names: they carry no prefix.
#[derive(Debug, Clone, Deserialize)]
pub struct Platform {
    /// Which events are logged.
    pub rust_log: LogFilter,
    /// `None`: text on a terminal, else JSON.
    pub log_format: Option<LogFormat>,
    /// Downward API.
    pub pod_name: Option<String>,
    /// Downward API.
    pub pod_namespace: Option<String>,
    /// Downward API.
    pub pod_ip: Option<String>,
    /// Downward API.
    pub node_name: Option<String>,
}

impl Section for Platform {
    const SETTINGS: &'static [Setting] = &[
        Setting::new(
            "RUST_LOG",
            "info",
            "a level (off, error, warn, info, debug, trace) or levels by target, such as warn,auth=debug",
            "which events are logged",
        )
        .bare(),
        Setting::optional("LOG_FORMAT", "text on a terminal, else json", "json or text", "how events are written")
            .bare(),
        Setting::optional("POD_NAME", "the host name", "a name", "who answers, in x-served-by; from the downward API")
            .bare(),
        Setting::optional("POD_NAMESPACE", "not shown", "a name", "shown by /whoami; from the downward API").bare(),
        Setting::optional("POD_IP", "not shown", "an address", "shown by /whoami; from the downward API").bare(),
        Setting::optional("NODE_NAME", "not shown", "a name", "shown by /whoami; from the downward API").bare(),
    ];
}
