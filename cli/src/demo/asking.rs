//! The few requests that a demo sends itself, and what is put back at its end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::options::{Place, User};
use crate::token;
use crate::web::{self, Answer};

const TIMEOUT: Duration = Duration::from_secs(10);

/// A pair of tokens, as auth gives it.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) token: String,
    pub(super) refresh_token: SecretString,
}

/// Something that a demo did and that is to be undone.
#[derive(Debug)]
struct Undo {
    what: &'static str,
    method: Method,
    url: Url,
    body: Option<SecretString>,
    done: AtomicBool,
}

/// Sends requests.
#[derive(Debug)]
pub(super) struct Asking {
    client: Client,
    undo: Vec<Undo>,
}

impl Asking {
    pub(super) fn new(place: &Place) -> anyhow::Result<Self> {
        let own = "http://127.0.0.1".parse().expect("an address");
        let url = match place {
            Place::Own(_) | Place::Kubernetes(_) => &own,
            Place::Running(running) => &running.origin,
        };
        Ok(Self { client: web::client(url, TIMEOUT)?, undo: Vec::new() })
    }

    /// The status of `GET /secure` with this token.
    pub(super) async fn secure(&self, origin: &Url, token: &str) -> anyhow::Result<Answer> {
        web::answer(self.client.get(origin.join("/secure")?).bearer_auth(token)).await
    }

    /// A login; what it began is ended when everything is put back.
    pub(super) async fn log_in(&mut self, origin: &Url, user: &User) -> anyhow::Result<Pair> {
        let url = origin.join("/login")?;
        let request = self.client.post(url.clone()).basic_auth(&user.name, Some(user.password.expose_secret()));
        let answer = web::answer(request).await.context("cannot log in")?;
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        if answer.status != StatusCode::OK {
            bail!("cannot log in: {}", token::refusal(answer.status, body.as_ref(), &url));
        }
        let pair =
            pair(body.as_ref()).with_context(|| format!("{url} answered without tokens: is this the frontend?"))?;
        self.will_log_out(origin, &pair)?;
        Ok(pair)
    }

    /// A new pair, whose access token lives so many seconds.
    pub(super) async fn refresh(&mut self, origin: &Url, pair: &Pair, seconds: u64) -> anyhow::Result<Pair> {
        let body = json!({ "refresh_token": pair.refresh_token.expose_secret(), "expires_in": seconds });
        let request = with_json(self.client.post(origin.join("/refresh")?), &body);
        let answer = web::answer(request).await.context("cannot refresh")?;
        if answer.status != StatusCode::OK {
            bail!("cannot refresh: /refresh answered {}", answer.status);
        }
        let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let pair = self::pair(body.as_ref()).context("/refresh answered without tokens")?;
        self.will_log_out(origin, &pair)?;
        Ok(pair)
    }

    /// One refresh token of a family ends it, used or not; the newest is kept.
    fn will_log_out(&mut self, origin: &Url, pair: &Pair) -> anyhow::Result<()> {
        let body = json!({ "refresh_token": pair.refresh_token.expose_secret() }).to_string();
        self.undo("the login", Method::POST, origin.join("/logout")?, Some(body.into()));
        Ok(())
    }

    /// JSON of an address.
    pub(super) async fn json(&self, url: Url) -> anyhow::Result<Value> {
        let answer = web::answer(self.client.get(url.clone())).await?;
        if !answer.status.is_success() {
            bail!("{url} answered {}", answer.status);
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{url} answered no JSON"))
    }

    /// The status of an address.
    pub(super) async fn status(&self, url: Url) -> anyhow::Result<StatusCode> {
        Ok(web::answer(self.client.get(url)).await?.status)
    }

    /// Presses a switch of a health port.
    pub(super) async fn put(&self, url: Url, body: Value) -> anyhow::Result<()> {
        self.expect(with_json(self.client.put(url), &body)).await
    }

    /// Faults that somebody else made are not ours to end.
    pub(super) async fn is_without_faults(&self, health: &Url) -> anyhow::Result<()> {
        let faults = self.json(health.join("/faults")?).await?;
        if faults["ends_in_seconds"].as_u64().unwrap_or_default() > 0 {
            bail!("there are faults at {health} already: end them first, by DELETE of /faults");
        }
        Ok(())
    }

    /// Lets faults happen; they are ended when everything is put back, and by themselves after their time.
    pub(super) async fn faults(&mut self, health: &Url, body: Value) -> anyhow::Result<()> {
        let url = health.join("/faults")?;
        if !self.undo.iter().any(|undo| undo.url == url) {
            self.undo("the faults", Method::DELETE, url.clone(), None);
        }
        self.put(url, body).await
    }

    pub(super) async fn end_faults(&self, health: &Url) -> anyhow::Result<()> {
        let url = health.join("/faults")?;
        self.expect(self.client.delete(url.clone())).await?;
        self.undo.iter().filter(|undo| undo.url == url).for_each(|undo| undo.done.store(true, Ordering::Relaxed));
        Ok(())
    }

    async fn expect(&self, request: RequestBuilder) -> anyhow::Result<()> {
        let request = request.build().context("cannot make a request")?;
        let url = request.url().clone();
        let answer = web::answer(RequestBuilder::from_parts(self.client.clone(), request)).await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND => {
                bail!("there is no {url}: the switches are off there (LAB=false), or it is no health port")
            }
            status => bail!("{url} answered {status}"),
        }
    }

    fn undo(&mut self, what: &'static str, method: Method, url: Url, body: Option<SecretString>) {
        self.undo.push(Undo { what, method, url, body, done: AtomicBool::new(false) });
    }

    /// Undoes what was done, the last first.
    pub(super) async fn put_back(&self) -> anyhow::Result<()> {
        let mut first = Ok(());
        for undo in self.undo.iter().rev().filter(|undo| !undo.done.load(Ordering::Relaxed)) {
            let mut request = self.client.request(undo.method.clone(), undo.url.clone());
            if let Some(body) = &undo.body {
                request = request.header(CONTENT_TYPE, "application/json").body(body.expose_secret().to_owned());
            }
            let undone = self.expect(request).await.with_context(|| format!("cannot put back {}", undo.what));
            first = first.and(undone);
        }
        first
    }
}

fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body.to_string())
}

fn pair(body: Option<&Value>) -> Option<Pair> {
    let member = |name| body?.get(name)?.as_str();
    Some(Pair { token: member("token")?.to_owned(), refresh_token: member("refresh_token")?.into() })
}
