//! The edge: one origin in front of auth and hello. It decides nothing about tokens; it forwards, and keeps the two sides apart.
//!
//! A request's way through the modules:
//!
//! | module | does |
//! |---|---|
//! | [`config`] | its settings |
//! | [`tls`] | TLS with clients, where it is configured |
//! | [`believing`] | what trusted proxies tell of their clients |
//! | [`routes`](routes()) | the table: which upstream a path goes to, or the page |
//! | `page` | the live page for browsers |
//! | `proxy` | one request in, one out; the answer back |
//! | `headers` | what belongs to one connection stays on it; who asked is said by us; framing is ours |
//! | `upload`, `download` | bodies, streamed, with their clocks |
//! | [`upstream`] | where auth and hello are, and how long they may take |
//! | `concurrency` | how many requests are under way to one of them at the same time, by kind of route |
//! | [`lanes`] | the connections kept to them, in turn, so that all replicas get their share |
//! | `connection`, `answer` | one of those, moved by the request that it serves, until its answer is complete |
//! | `dns` | their addresses, looked up anew for each connection |
//! | `fault` | what can go wrong, and what the client is told |

mod answer;
mod clients;
mod concurrency;
pub mod config;
mod connection;
#[cfg(test)]
mod crowd;
mod dns;
mod download;
mod fault;
mod headers;
pub mod lanes;
mod page;
mod proxy;
mod routes;
pub mod tls;
mod upload;
pub mod upstream;

use std::{ffi::OsString, process::ExitCode};

use chassis::{Boot, Service, Stop, server::StrictTransport};

use crate::{
    config::{Config, SETTINGS},
    tls::{Tls, settings::Encryption},
};
pub use clients::believing;
#[cfg(fuzzing)]
pub use headers::invariants::assert_for_bytes as assert_header_invariants;
pub use lanes::Spread;
pub use routes::{Whoami, routes};
pub use upstream::{Deadlines, UpstreamUrl, Upstreams};

/// The frontend, as its command line and its logs name it.
pub const SERVICE: Service = Service {
    name: "frontend",
    prefix: "FRONTEND_",
    about: "The edge: one origin in front of auth and hello.",
    blocking_threads: 0,
};

/// Runs the frontend to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    chassis::run(&SERVICE, SETTINGS, arguments, boot)
}

/// The boot order: read the settings and the certificate, start to live, serve. It waits for no upstream: that is each
/// request's business.
async fn boot(boot: Boot) -> Result<(), Stop> {
    let mut reader = boot.reader();
    let (config, encryption) = (reader.section::<Config>(), reader.section::<Encryption>());
    let (configuration, (config, encryption)) = reader.finish_with(config.zip(encryption))?;
    let config = config.checked(&configuration.settings, &SERVICE)?;
    let strict = StrictTransport::lasting(*encryption.hsts_max_age);
    let tls = Tls::configured(encryption).await?;
    let mut life = boot.live(configuration).await?;
    let (deadlines, spread) = (config.deadlines(), config.spread(life.memory_limit()));
    life.reserve_memory(spread.memory());
    let whoami = config.whoami();
    let mut routes = routes(&Upstreams::new(config.auth_url, config.hello_url, deadlines, spread), whoami);
    if let Some(trusted) = config.trusted_proxies {
        life.trust(&trusted);
        routes = believing(routes, trusted, strict);
    }
    match tls {
        Some(tls) => tls.serve(life, routes).await,
        None => life.serve(routes).await,
    }
}
