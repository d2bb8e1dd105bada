//! auth as its clients meet it: its routes in process, on a database of their own.
mod accounts;
mod command;
mod import;
mod limits;
mod login;
mod persistence;
mod refresh;
mod rotation;
mod session_ends;

use std::path::Path;

use auth::{State, config::Config};
use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chassis::{
    config::{Reader, Sources},
    metrics::Metrics,
};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// auth with a data directory that goes with it.
struct Auth {
    routes: Router,
    metrics: Metrics,
    data: TempDir,
}

impl Auth {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(variables: &[(&str, &str)]) -> Self {
        Self::start_in(TempDir::new().expect("a directory"), variables).await
    }

    async fn start_in(data: TempDir, variables: &[(&str, &str)]) -> Self {
        let metrics = Metrics::default();
        let state = state(data.path(), variables, &metrics).await.expect("auth starts");
        Self { routes: auth::routes(state), metrics, data }
    }

    /// Starts again on the same data.
    async fn restarted_with(self, variables: &[(&str, &str)]) -> Self {
        let Self { routes, data, .. } = self;
        drop(routes);
        Self::start_in(data, variables).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        Answer::of(self.routes.clone().oneshot(request).await.expect("routes do not fail")).await
    }

    async fn login(&self, username: &str, password: &str) -> Answer {
        let credentials = STANDARD.encode(format!("{username}:{password}"));
        self.ask(
            get("/login")
                .header("authorization", format!("Basic {credentials}"))
                .body(Body::empty())
                .expect("a request"),
        )
        .await
    }

    async fn login_by_json(&self, body: &str) -> Answer {
        let request = Request::post("/login").header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    async fn published_keys(&self) -> Value {
        self.ask(get("/.well-known/jwks.json").body(Body::empty()).expect("a request")).await.body
    }
}

fn get(path: &str) -> axum::http::request::Builder {
    Request::get(path)
}

async fn state(data: &Path, variables: &[(&str, &str)], metrics: &Metrics) -> Result<State, String> {
    let directory = ("AUTH_DATA_DIR", data.to_str().expect("UTF-8"));
    let sources = Sources::from_variables(variables.iter().copied().chain([directory]));
    let mut reader = Reader::new(&auth::SERVICE, &sources);
    let config = Config::read(&mut reader);
    let (_, config) = reader.finish_with(config).map_err(|invalid| format!("{invalid:?}"))?;
    let config = config.prepared(&auth::SERVICE).map_err(|invalid| format!("{invalid:?}"))?;
    State::build(config, metrics).await.map_err(|stop| stop.to_string())
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Self { status: parts.status, headers: parts.headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn token(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["token"].as_str().expect("a token")
    }

    /// One part of the token: 0 is the header, 1 the claims.
    fn part(&self, index: usize) -> Value {
        let part = self.token().split('.').nth(index).expect("three parts");
        let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice(&decoded).expect("JSON")
    }
}
