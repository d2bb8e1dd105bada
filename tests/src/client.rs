//! Who talks to a suite over HTTP: `anonymous` or a `token holder`, one method an endpoint, the expected status as argument.
use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{ClientBuilder, Method, RequestBuilder, redirect};
use serde_json::{Value, json};

use crate::{Answer, Origin, audit};

/// The demo account.
pub const USER: &str = "user";
/// Its password.
pub const PASSWORD: &str = "password";

/// A client of one origin. Follows no redirect, uses no proxy.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    origin: Origin,
    token: Option<String>,
}

impl Client {
    /// An anonymous client.
    pub fn new(origin: impl Into<Origin>) -> Self {
        Self::with(origin, |builder| builder)
    }

    /// An anonymous client that believes servers with certificates of this CA, and no others.
    pub fn trusting(ca: &str, origin: impl Into<Origin>) -> Self {
        Self::with(origin.into().trusting(ca), |builder| builder)
    }

    /// The same, with a new connection for each request.
    pub fn trusting_each_time(ca: &str, origin: impl Into<Origin>) -> Self {
        Self::with(origin.into().trusting(ca), |builder| builder.pool_max_idle_per_host(0))
    }

    fn with(origin: impl Into<Origin>, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let origin = origin.into();
        let builder = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).user_agent("e2e");
        let http = configure(origin.configure(builder)).build().expect("a client");
        Self { http, origin, token: None }
    }

    /// Another one like this, with connections of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { token: self.token.clone(), ..Self::new(self.origin.clone()) }
    }

    /// The same client with a token, which `/secure` then gets.
    #[must_use]
    pub fn holding(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Its token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a token holder")
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        self.origin.url()
    }

    /// Any request, as it is: no token is added.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let parsed = Method::from_bytes(method.as_bytes()).expect("a method");
        let builder = self.http.request(parsed, format!("{}{path}", self.origin.url()));
        Request { builder, shown: format!("{method} {path}") }
    }

    /// A `GET`, as it is.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// `GET /`
    pub async fn greeting(&self, expected: u16) -> Answer {
        self.get("/").send(expected).await
    }

    /// `GET /secure`, with the token if there is one.
    pub async fn secure(&self, expected: u16) -> Answer {
        let request = self.get("/secure");
        match &self.token {
            Some(token) => request.bearer(token).send(expected).await,
            None => request.send(expected).await,
        }
    }

    /// `GET /login` with HTTP Basic.
    pub async fn log_in(&self, user: &str, password: &str, expected: u16) -> Answer {
        self.get("/login").basic(user, password).send(expected).await
    }

    /// `POST /login` with a JSON body.
    pub async fn log_in_by_json(&self, user: &str, password: &str, expected: u16) -> Answer {
        let body = json!({"username": user, "password": password});
        self.request("POST", "/login").json(&body).send(expected).await
    }

    /// Logs in as the demo account.
    pub async fn logged_in(&self) -> Self {
        let answer = self.log_in(USER, PASSWORD, 200).await;
        self.holding(answer.json()["token"].as_str().expect("a token"))
    }

    /// `GET /.well-known/jwks.json`
    pub async fn key_set(&self, expected: u16) -> Answer {
        self.get("/.well-known/jwks.json").send(expected).await
    }

    /// `POST /refresh`
    pub async fn refresh(&self, refresh_token: &str, expected: u16) -> Answer {
        self.request("POST", "/refresh").json(&json!({"refresh_token": refresh_token})).send(expected).await
    }

    /// `POST /logout`
    pub async fn log_out(&self, refresh_token: &str, expected: u16) -> Answer {
        self.request("POST", "/logout").json(&json!({"refresh_token": refresh_token})).send(expected).await
    }

    /// `GET /version`
    pub async fn version(&self, expected: u16) -> Answer {
        self.get("/version").send(expected).await
    }

    /// `GET /whoami`
    pub async fn who_am_i(&self, expected: u16) -> Answer {
        self.get("/whoami").send(expected).await
    }
}

/// A request to be sent.
#[derive(Debug)]
pub struct Request {
    builder: RequestBuilder,
    shown: String,
}

impl Request {
    /// Adds a header field; a name may come twice.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        if name.eq_ignore_ascii_case("authorization") {
            audit::secret(value.split_once(' ').map_or(value, |(_, credentials)| credentials));
        }
        Self { builder: self.builder.header(name, value), ..self }
    }

    /// `Authorization: Bearer …`
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// `Authorization: Basic …`
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        audit::secret(password);
        self.header("authorization", &format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    /// A body labelled as JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// A body without a label.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { builder: self.builder.body(body.into()), ..self }
    }

    /// Sends it; panics unless the answer has this status.
    pub async fn send(self, expected: u16) -> Answer {
        let shown = self.shown.clone();
        let answer = self.attempt().await.unwrap_or_else(|error| panic!("{shown}: {error:?}"));
        assert_eq!(answer.status, expected, "{shown} answered {answer:?}");
        answer
    }

    /// Sends it; whatever the answer is, `None` where there is none.
    pub async fn try_send(self) -> Option<Answer> {
        self.attempt().await.ok()
    }

    async fn attempt(self) -> reqwest::Result<Answer> {
        let answer = Answer::read(self.builder.send().await?).await?;
        if let Ok(body) = serde_json::from_str::<Value>(&answer.body) {
            ["token", "refresh_token"].iter().filter_map(|name| body[name].as_str()).for_each(audit::secret);
        }
        Ok(answer)
    }
}

/// A client of a health port.
#[derive(Debug, Clone)]
pub struct HealthPort(Client);

impl HealthPort {
    /// The health port at a URL.
    pub fn new(origin: impl Into<Origin>) -> Self {
        Self(Client::new(origin))
    }

    /// The health port at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self::new(format!("http://{address}"))
    }

    /// `GET /healthz`
    pub async fn liveness(&self, expected: u16) -> Answer {
        self.get("/healthz").send(expected).await
    }

    /// `GET /readiness`
    pub async fn readiness(&self, expected: u16) -> Answer {
        self.get("/readiness").send(expected).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value, expected: u16) -> Answer {
        self.request("PUT", path).json(body).send(expected).await
    }

    /// `POST` without a body.
    pub async fn post(&self, path: &str, expected: u16) -> Answer {
        self.request("POST", path).send(expected).await
    }
}

impl std::ops::Deref for HealthPort {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.0
    }
}
