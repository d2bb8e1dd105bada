//! Reads `postgres://USER:PASSWORD@HOST:PORT,HOST/DATABASE?PARAMETER=VALUE` as libpq does (PostgreSQL manual, "Connection
//! Strings"): each parameter is honored or refused by its name, and none is passed over.
//!
//! | module | does |
//! |---|---|
//! | `parts` | splits the text and decodes its parts |
//! | `parameters` | says what becomes of each of libpq's parameters |
//! | `tls` | `sslmode`, certificates and keys |
mod parameters;
mod parts;
mod tls;

use std::{fmt, time::Duration};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use self::{parameters::Parameters, parts::Parts};

/// How the server names this client, unless the URL says otherwise.
const APPLICATION_NAME: &str = "flotilla-auth";
/// Of a URL with a slash, a question mark or a percent sign in its password.
const ENCODE: &str = "write special characters of a user name or a password percent-encoded: / as %2F, ? as %3F, # as %23, @ as %40, : as %3A, % as %25";

/// A server, or several of which one accepts writes. Holds a password: never shown.
#[derive(Clone)]
pub struct Servers {
    /// In the order in which they are tried.
    pub(super) all: Vec<PgConnectOptions>,
    /// The longest time that a connection may take, if the URL limits it.
    pub(super) connect_timeout: Option<Duration>,
}

/// Without the password.
impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(name)).finish()
    }
}

/// A server as messages name it.
pub(super) fn name(server: &PgConnectOptions) -> String {
    let port = server.get_port();
    match server.get_socket() {
        Some(directory) => format!("{}/.s.PGSQL.{port}", directory.display()),
        None if server.get_host().contains(':') => format!("[{}]:{port}", server.get_host()),
        None => format!("{}:{port}", server.get_host()),
    }
}

/// The servers of a URL. An environment variable of libpq stands in for a parameter that the URL lacks.
pub(super) fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Servers, String> {
    let parts = Parts::of(text)?;
    let parameters = Parameters::of(&parts, environment).map_err(|wrong| parts.explain(wrong))?;
    let mut all = Vec::new();
    for (host, port) in parameters.hosts(&parts)? {
        let server = options(&parameters, &host, port)?;
        // sqlx has no such mode. libpq tries without TLS, then with TLS.
        if parameters.tls.on_demand && server.get_socket().is_none() {
            all.push(server.clone());
            all.push(server.ssl_mode(PgSslMode::Require));
        } else {
            all.push(server);
        }
    }
    Ok(Servers { all, connect_timeout: parameters.connect_timeout })
}

/// What sqlx needs for one host; an empty host or no port is libpq's default.
fn options(parameters: &Parameters, host: &str, port: Option<u16>) -> Result<PgConnectOptions, String> {
    let mut options = base(parameters, host, port)?;
    let name = parameters.application_name.as_deref().unwrap_or(APPLICATION_NAME);
    options = options.application_name(name);
    // Through a socket nobody listens in: libpq leaves TLS out, and so does the server.
    if options.get_socket().is_some() || options.get_host().starts_with('/') {
        return Ok(options.ssl_mode(PgSslMode::Disable));
    }
    Ok(parameters.tls.apply(options))
}

/// Who connects where, and to what. sqlx reads a password file (`PGPASSFILE`, `~/.pgpass`) only for a URL, so it gets one.
fn base(parameters: &Parameters, host: &str, port: Option<u16>) -> Result<PgConnectOptions, String> {
    let mut query = Vec::new();
    let mut add = |name: &str, value: &str| query.push(format!("{name}={}", parts::encode(value)));
    if !host.is_empty() {
        add("host", host);
    }
    if let Some(port) = port {
        add("port", &port.to_string());
    }
    for (name, value) in &parameters.identity {
        add(name, value);
    }
    for value in &parameters.options {
        add("options", value);
    }
    // What sqlx says of it could quote a password.
    format!("postgres://?{}", query.join("&")).parse().map_err(|_| "not a URL of PostgreSQL".to_owned())
}

#[cfg(test)]
mod tests;
