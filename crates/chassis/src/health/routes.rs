//! The health port's table of contents, and its handlers.
use std::sync::PoisonError;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::time::Instant;

use super::{Health, Report, Which, body::Sent, callers, switch};
use crate::{
    Problem,
    faults::{self, Faults},
    limits::SharedEffective,
    metrics::Metrics,
};

/// What the health port shows and switches.
#[derive(Debug, Clone)]
pub(crate) struct HealthPort {
    pub(crate) health: Health,
    pub(crate) faults: Faults,
    pub(crate) metrics: Metrics,
    pub(crate) effective: SharedEffective,
    pub(crate) lab: bool,
    /// Where it listens.
    pub(crate) listener: std::net::IpAddr,
}

pub(crate) fn routes(port: HealthPort) -> Router {
    let read = Router::new()
        .route("/healthz", get(healthz))
        .route("/readiness", get(readiness))
        .route("/probes", get(probes))
        .route("/config", get(config))
        .route("/metrics", get(metrics));
    let lab = Router::new()
        .route("/healthz/status", get(healthz_status).post(toggle_healthz).put(set_healthz))
        .route("/readiness/status", get(readiness_status).post(toggle_readiness).put(set_readiness))
        .route("/faults", get(shown_faults).put(set_faults).delete(end_faults));
    let all = if port.lab { read.merge(lab) } else { read };
    all.layer(from_fn_with_state(port.listener, callers::refuse_foreign)).with_state(port)
}

async fn healthz(State(port): State<HealthPort>, headers: HeaderMap) -> Response {
    probed(&port, Which::Liveness, "/healthz", &headers)
}

async fn readiness(State(port): State<HealthPort>, headers: HeaderMap) -> Response {
    probed(&port, Which::Readiness, "/readiness", &headers)
}

fn probed(port: &HealthPort, which: Which, path: &'static str, headers: &HeaderMap) -> Response {
    let report = port.health.probe(which, Instant::now());
    let status = if report.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    port.health.0.probes.remember(path, status.as_u16(), agent);
    let mut response = (status, Json(report)).into_response();
    // The report is the body of a 503, too: it says what the process waits for.
    response.extensions_mut().insert(crate::problem::Verbatim);
    response
}

async fn probes(State(port): State<HealthPort>) -> impl IntoResponse {
    Json(port.health.0.probes.list())
}

async fn config(State(port): State<HealthPort>) -> impl IntoResponse {
    Json(port.effective.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn metrics(State(port): State<HealthPort>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], port.metrics.encode())
}

async fn healthz_status(State(port): State<HealthPort>) -> Json<Report> {
    Json(port.health.status(Which::Liveness, Instant::now()))
}

async fn readiness_status(State(port): State<HealthPort>) -> Json<Report> {
    Json(port.health.status(Which::Readiness, Instant::now()))
}

async fn toggle_healthz(State(port): State<HealthPort>) -> Json<Report> {
    toggle(&port, Which::Liveness)
}

async fn toggle_readiness(State(port): State<HealthPort>) -> Json<Report> {
    toggle(&port, Which::Readiness)
}

fn toggle(port: &HealthPort, which: Which) -> Json<Report> {
    let now = Instant::now();
    port.health.switch(which).toggle(now);
    Json(switched(port, which, now))
}

async fn set_healthz(
    State(port): State<HealthPort>,
    Sent(setting): Sent<switch::Setting>,
) -> Result<Json<Report>, Problem> {
    set(&port, Which::Liveness, setting)
}

async fn set_readiness(
    State(port): State<HealthPort>,
    Sent(setting): Sent<switch::Setting>,
) -> Result<Json<Report>, Problem> {
    set(&port, Which::Readiness, setting)
}

fn set(port: &HealthPort, which: Which, setting: switch::Setting) -> Result<Json<Report>, Problem> {
    let now = Instant::now();
    port.health.switch(which).set(setting, now).map_err(unprocessable)?;
    Ok(Json(switched(port, which, now)))
}

fn switched(port: &HealthPort, which: Which, now: Instant) -> Report {
    let report = port.health.status(which, now);
    tracing::warn!(switch = ?which, healthy = report.healthy, "health switch changed");
    report
}

async fn shown_faults(State(port): State<HealthPort>) -> impl IntoResponse {
    Json(port.faults.status(Instant::now()))
}

async fn set_faults(
    State(port): State<HealthPort>,
    Sent(setting): Sent<faults::Setting>,
) -> Result<impl IntoResponse, Problem> {
    port.faults.set(&setting, Instant::now()).map_err(unprocessable)?;
    let status = port.faults.status(Instant::now());
    let faults::Status { delay_ms, error_percent, ends_in_seconds } = status;
    tracing::warn!(delay_ms, error_percent, ends_in_seconds, "faults injected");
    Ok(Json(status))
}

async fn end_faults(State(port): State<HealthPort>) -> StatusCode {
    port.faults.end();
    tracing::info!("faults ended");
    StatusCode::NO_CONTENT
}

fn unprocessable(wrong: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY).detail(wrong)
}
