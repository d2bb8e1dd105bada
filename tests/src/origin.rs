//! Where somebody answers, and how to get there if no name server knows.
use std::net::SocketAddr;

use reqwest::{Certificate, ClientBuilder, Url};

/// Scheme, host and port.
#[derive(Debug, Clone)]
pub struct Origin {
    url: String,
    /// Where the host is to be found.
    address: Option<SocketAddr>,
    /// The authority whose word is taken, in PEM.
    ca: Option<String>,
}

impl Origin {
    /// The same, found at this address: what `curl --resolve` does.
    #[must_use]
    pub fn found_at(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// The same; whoever has a certificate of this authority is believed, and nobody else.
    #[must_use]
    pub fn trusting(self, ca: impl Into<String>) -> Self {
        Self { ca: Some(ca.into()), ..self }
    }

    /// As text.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn configure(&self, mut builder: ClientBuilder) -> ClientBuilder {
        if let Some(address) = self.address {
            let url: Url = self.url.parse().expect("a URL");
            builder = builder.resolve(url.host_str().expect("a host"), address);
        }
        if let Some(ca) = &self.ca {
            builder = builder.tls_certs_only([Certificate::from_pem(ca.as_bytes()).expect("a certificate")]);
        }
        builder
    }
}

impl<T: Into<String>> From<T> for Origin {
    fn from(url: T) -> Self {
        Self { url: url.into(), address: None, ca: None }
    }
}
