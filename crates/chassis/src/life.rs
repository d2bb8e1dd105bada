//! A process from the moment it answers on its health port to its end: ready last, not ready first.
use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use futures_util::future::join_all;
use tokio::sync::OnceCell;

use crate::{
    Identity, Stop,
    config::{Networks, Settings},
    health::{Condition, Health},
    limits::Limits,
    metrics::Metrics,
    middleware::{Surroundings, surround, surround_other},
    server::{Acceptor, Drained, Listener, Plain, Server},
    shutdown::Shutdown,
    telemetry::Telemetry,
};

/// A listener that a service has beside the two, and what answers there.
pub(crate) struct Beside {
    listener: Listener,
    router: Router,
}

/// A process that answers on its health port and is not ready yet.
pub struct Life {
    pub(crate) identity: Identity,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) settings: Settings,
    pub(crate) start: Condition,
    pub(crate) surroundings: Surroundings,
    pub(crate) shutdown: Shutdown,
    pub(crate) started: Arc<OnceCell<()>>,
    pub(crate) http: Listener,
    pub(crate) beside: Vec<Beside>,
    pub(crate) limits: Limits,
    pub(crate) health_server: Server,
    // Last: what is dropped before it may still log.
    pub(crate) _telemetry: Telemetry,
}

impl Life {
    /// Who this process is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// For conditions of readiness.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// For metrics of the service's own.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many requests came in on the http port, as it counts on.
    pub fn requests(&self) -> crate::metrics::RequestCount {
        self.surroundings.requests()
    }

    /// Where the http port is.
    pub fn http_addr(&self) -> SocketAddr {
        address(&self.http, self.settings.http_addr.address())
    }

    /// Peers that connect for many clients: they may use all connections.
    pub fn trust(&mut self, proxies: &Networks) {
        self.limits.trust(proxies);
    }

    /// Memory that the process may occupy, in bytes; `None` where nothing limits it.
    pub fn memory_limit(&self) -> Option<u64> {
        self.limits.memory()
    }

    /// Keeps so many bytes of a limited memory for work that has not begun yet.
    pub fn reserve_memory(&mut self, bytes: u64) {
        self.limits.reserve(bytes);
    }

    /// A further port, which logs call so: in clear, without `/version`, not counted in the metrics. It begins and ends
    /// with the http port.
    pub fn also_answer(&mut self, name: &'static str, listener: Listener, routes: Router) {
        let address = listener.local_addr().map_or_else(|_| "unknown".to_owned(), |address| address.to_string());
        tracing::info!(port = name, address, "also listening");
        self.beside.push(Beside { listener, router: surround_other(routes, self.surroundings.beside(name)) });
    }

    /// Serves until a signal, then drains. Ready last.
    pub async fn serve(self, routes: Router) -> Result<(), Stop> {
        self.serve_over(Plain, routes).await
    }

    /// The same over connections that the acceptor has made ready.
    pub async fn serve_over<A: Acceptor>(self, acceptor: A, routes: Router) -> Result<(), Stop> {
        let surrounded = surround(routes, self.surroundings);
        let capacity = self.limits.for_http(&self.settings, self.beside.len(), A::MEMORY);
        let timeouts = self.settings.timeouts();
        let server = Server::start(self.http, acceptor, surrounded, capacity, timeouts, Some(self.metrics));
        let beside: Vec<Server> = self
            .beside
            .into_iter()
            .map(|Beside { listener, router }| {
                Server::start(listener, Plain, router, self.limits.for_another(&self.settings), timeouts, None)
            })
            .collect();
        // Whoever set it first set the same.
        let _ = self.started.set(());
        self.start.met();
        tracing::info!("serving");
        self.shutdown.draining().await;
        self.health.drain();
        tracing::info!(
            delay_ms = u64::try_from(self.settings.drain_delay.as_millis()).unwrap_or(u64::MAX),
            "draining: not ready, still serving"
        );
        tokio::time::sleep(*self.settings.drain_delay).await;
        let deadline = *self.settings.shutdown_timeout;
        let beside = beside.into_iter().map(|server| server.close(deadline));
        let (drained, others) = tokio::join!(server.close(deadline), join_all(beside));
        if drained == Drained::Completely && others.iter().all(|drained| *drained == Drained::Completely) {
            tracing::info!("drained");
        } else {
            tracing::warn!("connections were still open at SHUTDOWN_TIMEOUT and are cut");
        }
        // Liveness answers to the very end.
        self.health_server.close(Duration::ZERO).await;
        Ok(())
    }
}

pub(crate) fn address(listener: &Listener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}
