//! Counters and durations in the `OpenMetrics` text format, at `/metrics` of the health port.
use std::{
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

use crate::service::{REVISION, VERSION};

/// Upper bounds in seconds: from a cached greeting to the request timeout.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Routed {
    route: String,
}

/// The process's metrics. Cheap to clone; services register their own.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Mutex<Registry>,
    requests: Family<Answered, Counter>,
    durations: Family<Routed, Histogram, fn() -> Histogram>,
    pub(crate) in_flight: Gauge,
    panics: Counter,
    connections: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let (in_flight, panics, connections) = (Gauge::default(), Counter::default(), Gauge::default());
        registry.register("http_requests", "Requests answered on the http port, by matched route", requests.clone());
        registry.register("http_request_duration_seconds", "Time until an answer's head was ready", durations.clone());
        registry.register("http_requests_in_flight", "Requests being handled", in_flight.clone());
        registry.register("http_connections", "Open connections on the http port", connections.clone());
        registry.register("http_handler_panics", "Handlers that panicked; each answered 500", panics.clone());
        registry.register(
            "build",
            "What this was built from",
            Info::new([("version", VERSION), ("revision", REVISION)]),
        );
        Self(Arc::new(Inner { registry: Mutex::new(registry), requests, durations, in_flight, panics, connections }))
    }
}

impl Metrics {
    /// Adds a counter of the service's own, told apart by one label. Its name gets `_total` when encoded.
    pub fn counter_by(&self, label: &'static str, name: &str, help: &str) -> CounterBy {
        let family = Family::default();
        self.registry().register(name, help, family.clone());
        CounterBy { label, family }
    }

    /// The whole registry as text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; an encoder that does would be a metric of ours gone wrong.
        if let Err(error) = encode(&mut text, &self.registry()) {
            tracing::error!(%error, "metrics cannot be encoded");
        }
        text
    }

    pub(crate) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        self.0.requests.get_or_create(&Answered { method, route: route.to_owned(), status }).inc();
        self.0.durations.get_or_create(&Routed { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    pub(crate) fn panicked(&self) {
        self.0.panics.inc();
    }

    pub(crate) fn in_flight(&self) -> Counted {
        Counted::new(self.0.in_flight.clone())
    }

    pub(crate) fn connection(&self) -> Counted {
        Counted::new(self.0.connections.clone())
    }

    pub(crate) fn register_dropped_lines(&self, stdout: crate::telemetry::Stdout) {
        self.registry().register_collector(Box::new(DroppedLines(stdout)));
    }

    fn registry(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counter told apart by one label, whose values are a small fixed set. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CounterBy {
    label: &'static str,
    family: Family<[(&'static str, &'static str); 1], Counter>,
}

impl CounterBy {
    /// One more of `value`.
    pub fn count(&self, value: &'static str) {
        self.family.get_or_create(&[(self.label, value)]).inc();
    }
}

/// One more while it lives.
#[derive(Debug)]
pub(crate) struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Debug)]
struct DroppedLines(crate::telemetry::Stdout);

impl prometheus_client::collector::Collector for DroppedLines {
    fn encode(&self, mut encoder: prometheus_client::encoding::DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        use prometheus_client::{encoding::EncodeMetric as _, metrics::MetricType, metrics::counter::ConstCounter};
        let counter = ConstCounter::new(self.0.dropped());
        let encoder = encoder.encode_descriptor(
            "log_lines_dropped",
            "Log lines lost because stdout was slow or closed",
            None,
            MetricType::Counter,
        )?;
        counter.encode(encoder)
    }
}

/// Requests answered since the start, for `/whoami`.
pub type RequestCount = Arc<AtomicU64>;
