//! Counters and durations in the `OpenMetrics` text format, at `/metrics` of the health port.
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, text::encode},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
        info::Info,
    },
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

    /// Adds a counter that is kept elsewhere, told apart by one label, and read whenever somebody asks.
    pub fn counters_of<R>(&self, label: &'static str, name: &'static str, help: &'static str, read: R)
    where
        R: Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static,
    {
        let read = move |encoder: &mut DescriptorEncoder<'_>| {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (value, count) in read() {
                ConstCounter::new(count).encode(family.encode_family(&[(label, value)])?)?;
            }
            Ok(())
        };
        self.registry().register_collector(Box::new(Elsewhere(name, Box::new(read))));
    }

    /// Adds a gauge that is read whenever somebody asks; left out while it has no value.
    pub fn gauge_of<R>(&self, name: &'static str, help: &'static str, read: R)
    where
        R: Fn() -> Option<f64> + Send + Sync + 'static,
    {
        let read = move |encoder: &mut DescriptorEncoder<'_>| {
            let Some(value) = read() else { return Ok(()) };
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
        };
        self.registry().register_collector(Box::new(Elsewhere(name, Box::new(read))));
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
        let (name, help) = ("log_lines_dropped", "Log lines lost because stdout was slow or closed");
        let read = move |encoder: &mut DescriptorEncoder<'_>| {
            ConstCounter::new(stdout.dropped()).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Counter,
            )?)
        };
        self.registry().register_collector(Box::new(Elsewhere(name, Box::new(read))));
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

/// A metric whose value lies elsewhere: its name, and how to write it down.
struct Elsewhere(&'static str, Box<Writing>);

type Writing = dyn Fn(&mut DescriptorEncoder<'_>) -> fmt::Result + Send + Sync;

impl Collector for Elsewhere {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.1(&mut encoder)
    }
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Requests answered since the start, for `/whoami`.
pub type RequestCount = Arc<AtomicU64>;
