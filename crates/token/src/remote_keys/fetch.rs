//! One request for a JWK set: bounded in time and size, and to the address that was configured.

use std::error::Error as _;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING};
use http::{HeaderMap, StatusCode};
use reqwest::{Client, Response, redirect};
use url::Url;

use super::RemoteKeysConfig;
use super::schedule::max_age;
use crate::key_error::KeyError;

/// Why a key set was not fetched. Holds nothing of the answer's body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The configured address cannot be used.
    #[error("the key set's address {0}")]
    Address(&'static str),
    /// The HTTP client could not be set up (no usable certificate store, for instance).
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
    /// Not finished within the timeout.
    #[error("no complete answer within {0:?}")]
    TimedOut(Duration),
    /// No connection, no answer, or half an answer.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// Another status than 200. Redirects are not followed: whoever could redirect us could choose our keys.
    #[error("the answer's status is {0}")]
    Status(u16),
    /// The document is larger than allowed.
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// The document is compressed, although that was not asked for.
    #[error("the answer is compressed ({0}) although it was requested without compression")]
    Compressed(String),
    /// The document holds no keys we can use.
    #[error("the document is not a good key set: {0}")]
    Unusable(KeyError),
    /// The task that fetched was ended before it was done.
    #[error("the fetch was abandoned")]
    Abandoned,
}

pub(super) struct Fetcher {
    client: Client,
    url: Url,
    /// The address as it may be logged: without a query.
    address: String,
    timeout: Duration,
    max_bytes: usize,
}

pub(super) struct Fetched {
    pub(super) body: Vec<u8>,
    pub(super) max_age: Option<Duration>,
}

impl Fetcher {
    pub(super) fn new(config: &RemoteKeysConfig) -> Result<Self, FetchError> {
        let url = config.url.clone();
        check(&url)?;
        let mut builder = Client::builder()
            .timeout(config.timeout)
            .redirect(redirect::Policy::none())
            // The keys are asked for where we were told, not where the environment says.
            .no_proxy()
            // A fetch every few minutes: a kept connection would only hide that the name resolves elsewhere now.
            .pool_max_idle_per_host(0)
            .http1_only()
            .user_agent(concat!("flotilla-token/", env!("CARGO_PKG_VERSION")));
        builder = if url.scheme() == "http" {
            // No certificate will be looked at, so none is loaded: the store is a megabyte of a small budget.
            builder.tls_certs_only([])
        } else {
            let trusted = certificates::trust::of_system().map_err(|error| FetchError::Client(error.to_string()))?;
            builder.tls_backend_preconfigured(trusted)
        };
        let client = builder.build().map_err(|error| FetchError::Client(in_words(&error)))?;
        let mut address = url.clone();
        address.set_query(None);
        address.set_fragment(None);
        Ok(Self { client, url, address: address.into(), timeout: config.timeout, max_bytes: config.max_bytes })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn fetch(&self) -> Result<Fetched, FetchError> {
        let response = self
            .client
            .get(self.url.clone())
            .header(ACCEPT, "application/jwk-set+json, application/json")
            // Some servers compress unless they are asked not to (RFC 9110 section 12.5.3).
            .header(ACCEPT_ENCODING, "identity")
            .send()
            .await
            .map_err(|error| self.failure(error))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        if let Some(coding) = coding(response.headers()) {
            return Err(FetchError::Compressed(coding));
        }
        let max_age = max_age(response.headers().get_all(CACHE_CONTROL).iter());
        let body = self.read(response).await?;
        Ok(Fetched { body, max_age })
    }

    /// Counts while reading: `Content-Length` may be absent, or a lie.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        let too_large = || FetchError::TooLarge(self.max_bytes);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(error))? {
            if chunk.len() > self.max_bytes - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failure(&self, error: reqwest::Error) -> FetchError {
        if error.is_timeout() {
            return FetchError::TimedOut(self.timeout);
        }
        FetchError::Unreachable(in_words(&error.without_url()))
    }
}

/// The content codings of an answer, apart from `identity`. They are compared without regard to case (RFC 9110 section 8.4.1).
fn coding(headers: &HeaderMap) -> Option<String> {
    let fields = headers.get_all(CONTENT_ENCODING).iter();
    let codings = fields.flat_map(|field| field.to_str().unwrap_or("unreadable").split(',')).map(str::trim);
    let applied: Vec<_> = codings.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")).collect();
    (!applied.is_empty()).then(|| applied.join(", "))
}

fn check(url: &Url) -> Result<(), FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::Address("is neither http nor https"));
    }
    if url.host().is_none() {
        return Err(FetchError::Address("names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Address("holds a user or a password"));
    }
    Ok(())
}

/// The error and its causes in one line: reqwest's own message stops before the interesting part.
fn in_words(error: &reqwest::Error) -> String {
    if let Some(why) = certificates::explain(error) {
        return why;
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        words.push_str(": ");
        words.push_str(&next.to_string());
        cause = next.source();
    }
    words
}
