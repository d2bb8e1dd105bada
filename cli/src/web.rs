//! HTTP requests as this program makes them: with a deadline, a size limit, and to the address that was given.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use url::{Host, Url};

/// What no answer we expect comes near.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

/// An address as people type it: as with curl, one without a scheme is http.
pub(crate) fn address(text: &str) -> anyhow::Result<Url> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url: Url = whole.parse().with_context(|| format!("{text} is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!("{text} is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        bail!("the address must not hold a user or a password: use -u");
    }
    Ok(url)
}

/// Where to log in at what was typed: `/login` is added if it is not there.
pub(crate) fn login_address(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/');
    let path = if path.ends_with("/login") { path.to_owned() } else { format!("{path}/login") };
    url.set_path(&path);
    url.set_query(None);
    url
}

/// A client for `url`. It follows no redirect: credentials and trust belong to the address that was typed.
pub(crate) fn client(url: &Url, timeout: Duration) -> anyhow::Result<Client> {
    let mut builder = Client::builder()
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .http1_only()
        // A request now and then: a connection kept open would only be in the way of a drain.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("flotilla/", env!("CARGO_PKG_VERSION")));
    if is_loopback(url) {
        // A proxy would look for the service on its own machine.
        builder = builder.no_proxy();
    }
    builder = if url.scheme() == "http" {
        // No certificate will be looked at, so none is loaded.
        builder.tls_certs_only([])
    } else {
        builder.tls_backend_preconfigured(certificates::trust::of_system()?)
    };
    builder.build().context("cannot set up the HTTP client")
}

/// Sends `request` and reads the answer.
pub(crate) async fn answer(request: RequestBuilder) -> anyhow::Result<Answer> {
    let mut response = request.send().await.map_err(|error| in_words(&error))?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| in_words(&error))? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            bail!("the answer is larger than {MAX_BODY_BYTES} bytes");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}

/// Whether `url` stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The innermost cause says what happened; what is around it names internals.
pub(crate) fn innermost(error: &dyn std::error::Error) -> &dyn std::error::Error {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}

fn in_words(error: &reqwest::Error) -> anyhow::Error {
    let address = error.url().map_or_else(String::new, |url| format!(" from {}", url.origin().ascii_serialization()));
    if error.is_timeout() {
        return anyhow::anyhow!("no complete answer{address} in time");
    }
    let why = certificates::explain(error).unwrap_or_else(|| innermost(error).to_string());
    anyhow::anyhow!("no answer{address}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_path_is_added_where_it_is_missing() {
        for (given, used) in [
            ("http://localhost:8080", "http://localhost:8080/login"),
            ("localhost:8080", "http://localhost:8080/login"),
            ("https://auth.example/", "https://auth.example/login"),
            ("http://localhost/login", "http://localhost/login"),
            ("http://localhost/login/", "http://localhost/login"),
            ("http://localhost/base/", "http://localhost/base/login"),
            ("http://localhost/?a=b", "http://localhost/login"),
        ] {
            assert_eq!(login_address(address(given).unwrap()).as_str(), used);
        }
    }

    #[test]
    fn an_address_with_credentials_or_another_scheme_is_refused() {
        assert!(address("http://user:password@localhost").is_err());
        assert!(address("ftp://localhost").is_err());
    }

    #[test]
    fn the_innermost_cause_is_the_last() {
        let error = anyhow::anyhow!("the cable").context("the connection").context("the request");
        assert_eq!(innermost(error.as_ref()).to_string(), "the cable");
    }

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for url in ["http://localhost:1", "http://127.0.0.1", "http://[::1]:8080"] {
            assert!(is_loopback(&url.parse().unwrap()), "{url}");
        }
        assert!(!is_loopback(&"http://localhost.example".parse().unwrap()));
    }
}
