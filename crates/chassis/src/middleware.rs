//! Everything that surrounds a handler, stacked in one place.
//!
//! From outside in, and why in this order:
//! 1. the clock starts and the request gets its id, so that whatever happens next can be told by it;
//! 2. a request that could be read in two ways is refused before anybody looks at its path;
//! 3. injected faults stand in for a slow or broken handler, so everything outside treats them as such;
//! 4. the deadline covers the handler only, not the limits around it;
//! 5. the body gets a cap and a clock, and the panic net sits closest to the handler: what it answers is an answer like any other;
//! 6. on the way out an error without a body gets one, the answer is stamped with who gave it, logged and counted.
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::FutureExt as _;
use tokio::time::Instant;

use crate::{
    Identity, Problem,
    body_limits::BodyLimits,
    config::Settings,
    faults::Faults,
    framing,
    health::Health,
    metrics::Metrics,
    problem,
    request_id::{REQUEST_ID, RequestId},
    server::Peer,
    service::{VERSION, Version},
    telemetry::{AccessLog, Line, utc_now},
};

/// Which port a request came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    Http,
    Health,
    /// One that a service has beside the two, by this name.
    Beside(&'static str),
}

/// What the layers need to know.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    port: Port,
    health: Health,
    metrics: Metrics,
    faults: Faults,
    requests: Arc<AtomicU64>,
    access_log: AccessLog,
    request_timeout: Duration,
    body: BodyLimits,
    served_by: HeaderValue,
}

/// What both ports share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) faults: Faults,
    pub(crate) access_log: AccessLog,
}

impl Surroundings {
    /// The same for a port that is not counted in the metrics and has no faults.
    pub(crate) fn beside(&self, name: &'static str) -> Self {
        Self(Arc::new(Inner { port: Port::Beside(name), requests: Arc::default(), ..(*self.0).clone() }))
    }

    pub(crate) fn new(port: Port, identity: &Identity, shared: Shared, settings: &Settings) -> Self {
        let Shared { health, metrics, faults, access_log } = shared;
        Self(Arc::new(Inner {
            port,
            health,
            metrics,
            faults,
            requests: Arc::default(),
            access_log,
            request_timeout: *settings.request_timeout,
            body: BodyLimits { timeout: *settings.body_timeout, max_bytes: settings.max_body_bytes },
            served_by: HeaderValue::from_str(&identity.served_by).unwrap_or(HeaderValue::from_static("unnamed")),
        }))
    }

    /// How many requests came in by this port.
    pub(crate) fn requests(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.0.requests)
    }
}

/// Puts the stack around a service's routes, and adds what every service answers alike: `/version` and the 404.
pub(crate) fn surround(routes: Router, surroundings: Surroundings) -> Router {
    routes
        .route("/version", get(|| async { Json(Version::current()) }))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND) })
        .layer(from_fn_with_state(surroundings, around))
}

/// The same without `/version`: the health port's requests are logged, too, so that a lab sees the kubelet's probes.
pub(crate) fn surround_other(routes: Router, surroundings: Surroundings) -> Router {
    routes.fallback(|| async { Problem::new(StatusCode::NOT_FOUND) }).layer(from_fn_with_state(surroundings, around))
}

/// The stack. One layer of small steps instead of many layers: each layer would cost a request an allocation or two.
async fn around(State(surroundings): State<Surroundings>, mut request: Request, next: Next) -> Response {
    let around = &*surroundings.0;
    // Judged as it came: the id below is one header more.
    let refusal = framing::refusal(&request);
    let mut arrival = Arrival::of(&mut request, &surroundings);
    around.requests.fetch_add(1, Ordering::Relaxed);
    let _in_flight = (around.port == Port::Http).then(|| around.metrics.in_flight());
    let last = framing::ends_connection(&request);
    let response = match refusal {
        Some(problem) => problem.into_response(),
        None => arrival.id.scope(around.answer(request, next)).await,
    };
    let mut response = problem::describe(response);
    around.stamp(&mut response, &arrival.id, last);
    arrival.record(response.status().as_u16());
    response
}

impl Inner {
    /// Answers within the deadline, through the faults in force.
    async fn answer(&self, request: Request, next: Next) -> Response {
        let injected = if self.port == Port::Http { self.faults.roll(Instant::now()) } else { None };
        let Some(injected) = injected else { return self.within_deadline(request, next).await };
        let mut response = match injected.before().await {
            Some(failed) => failed,
            None => self.within_deadline(request, next).await,
        };
        injected.label(&mut response);
        response
    }

    async fn within_deadline(&self, request: Request, next: Next) -> Response {
        let request = match self.body.apply(request) {
            Ok(request) => request,
            Err(problem) => return problem.into_response(),
        };
        let large = self.body.large(&request);
        let answer = async {
            let _memory = match large {
                Some(large) => match large.reserve().await {
                    Ok(reservation) => Some(reservation),
                    Err(problem) => return problem.into_response(),
                },
                None => None,
            };
            self.without_panic(request, next).await
        };
        match tokio::time::timeout(self.request_timeout, answer).await {
            Ok(response) => response,
            Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("the answer took too long")
                .retry_after(1)
                .into_response(),
        }
    }

    /// A handler that panics answers 500 to this one; the process lives.
    async fn without_panic(&self, request: Request, next: Next) -> Response {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answer.unwrap_or_else(|panic| {
            self.metrics.panicked();
            tracing::error!(panic = panic_text(panic.as_ref()), "a handler panicked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        })
    }

    /// Says who answered, and what a browser must not do with it. What a handler set stays.
    fn stamp(&self, response: &mut Response, id: &RequestId, last: bool) {
        let headers = response.headers_mut();
        headers.reserve(STAMPS);
        headers.insert(REQUEST_ID, id.header());
        for (name, value) in [
            (SERVED_BY, self.served_by.clone()),
            (SERVICE_VERSION, HeaderValue::from_static(VERSION)),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ] {
            headers.entry(name).or_insert(value);
        }
        if last || (self.health.is_draining() && self.port != Port::Health) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Sent to nobody: what logs call a request whose client did not wait (nginx's number).
const CLIENT_CLOSED_REQUEST: u16 = 499;
/// Fields that every answer gets: room for them is made once.
const STAMPS: usize = 7;
const SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");
const SERVICE_VERSION: HeaderName = HeaderName::from_static("x-service-version");

/// A request as it came in: what the access line says of it. One that is dropped before it was answered, because the
/// client went away, is recorded as well.
struct Arrival {
    surroundings: Surroundings,
    recorded: bool,
    at: Instant,
    id: RequestId,
    method: &'static str,
    route: Option<MatchedPath>,
    peer: Option<Peer>,
    user_agent: Option<HeaderValue>,
}

impl Arrival {
    fn of(request: &mut Request, surroundings: &Surroundings) -> Self {
        let id = RequestId::of(request.headers());
        // A proxy passes it on from here, whether the client sent it or not.
        request.headers_mut().insert(REQUEST_ID, id.header());
        Self {
            surroundings: surroundings.clone(),
            recorded: false,
            at: Instant::now(),
            id,
            method: framing::method_label(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            peer: request.extensions().get::<Peer>().copied(),
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
        }
    }

    fn record(&mut self, status: u16) {
        self.recorded = true;
        let around = &*self.surroundings.0;
        let took = self.at.elapsed();
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        if around.port == Port::Http {
            around.metrics.answered(self.method, route, status, took);
        }
        around.access_log.write(&Line {
            timestamp: utc_now(),
            level: "INFO",
            message: "answered",
            port: match around.port {
                Port::Http => "http",
                Port::Health => "health",
                Port::Beside(name) => name,
            },
            method: self.method,
            route,
            status,
            duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            request_id: self.id.as_str(),
            peer: self.peer.map(|peer| peer.0),
            user_agent: self.user_agent.as_ref().and_then(|agent| agent.to_str().ok()),
        });
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.recorded {
            self.record(CLIENT_CLOSED_REQUEST);
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}
