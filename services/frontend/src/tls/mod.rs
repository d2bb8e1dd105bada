//! TLS at the edge.
//!
//! | module | does |
//! |---|---|
//! | [`settings`] | which files, and what comes with them |
//! | `identity` | a certificate chain with its key: read, checked, shown |
//! | `chain` | what clients may dislike about it |
//! | `files` | where it comes from, and whether that has changed |
//! | `reload` | looks for a new one, and at how long this one lasts |
//! | `standing` | whether it is good at a time |
//! | `acceptor` | the handshake |
//! | `plain_http` | an answer for those who ask a TLS port in clear |
//! | `redirect` | a second port that sends them here |
mod acceptor;
mod chain;
mod files;
#[cfg(test)]
mod fixture;
mod identity;
mod plain_http;
mod redirect;
mod reload;
pub mod settings;
mod standing;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use axum::Router;
use chassis::{
    Life, Stop,
    config::Invalid,
    server::{Listener, bind},
};

use self::{
    acceptor::TlsAcceptor,
    files::{Files, Stamp},
    identity::Identity,
    redirect::Redirect,
    reload::Reload,
    settings::Encryption,
};
use crate::SERVICE;

/// Reads the time: a parameter of whatever judges it.
type Clock = fn() -> SystemTime;

/// TLS that was configured, with a certificate and a key that belong together.
pub struct Tls {
    files: Files,
    seen: Stamp,
    shown: Shown,
    redirect: Option<Listener>,
    settings: Encryption,
}

impl Tls {
    /// Reads the files, and takes the second port; `None` where no TLS is configured. What is wrong with either is told
    /// before anything answers.
    pub async fn configured(settings: Encryption) -> Result<Option<Self>, Stop> {
        let Some(files) = settings.files() else { return Ok(None) };
        // Looked at before they are read: what changes meanwhile is then seen as changed.
        let seen = files.stamp();
        let identity = files.read().map_err(|wrong| Invalid::of(&SERVICE, wrong.setting(), files.told(&wrong)))?;
        let redirect = match settings.redirect_addr {
            Some(address) => {
                let setting = format!("{}REDIRECT_ADDR", SERVICE.prefix);
                Some(bind(address, &setting).await.map_err(Stop::Failed)?)
            }
            None => None,
        };
        Ok(Some(Self { files, seen, shown: Shown::new(identity), redirect, settings }))
    }

    /// Serves these routes over TLS to the end of the process.
    pub async fn serve(self, mut life: Life, routes: Router) -> Result<(), Stop> {
        if let Some(listener) = self.redirect {
            let port = self.settings.redirect_port.unwrap_or_else(|| life.http_addr().port());
            life.also_answer("redirect", listener, Redirect::new(self.shown.clone(), port).routes());
        }
        let metrics = life.metrics();
        let shown = self.shown.clone();
        shown.now().tell_remarks();
        metrics.gauge_of(
            "tls_certificate_expiration_timestamp_seconds",
            "When the certificate that is shown, or one above it that comes with it, expires",
            move || Some(shown.now().expires_at()),
        );
        let loads = metrics.counter_by("outcome", "tls_certificate_loads", "New certificates found after the start");
        let handshakes = metrics.counter_by("outcome", "tls_handshakes", "TLS handshakes begun by clients");
        let acceptor = TlsAcceptor::new(self.shown.clone(), handshakes, *self.settings.hsts_max_age);
        let reload = Reload::new(self.files, self.seen, self.shown, loads, system_clock());
        tokio::spawn(reload.run());
        life.serve_over(acceptor, routes).await
    }
}

#[expect(clippy::disallowed_methods, reason = "somebody has to read the clock, and it is this function")]
fn system_clock() -> Clock {
    SystemTime::now
}

/// The certificate that clients are shown at the moment. Clones share it.
#[derive(Clone)]
struct Shown(Arc<RwLock<Arc<Identity>>>);

impl Shown {
    fn new(identity: Identity) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(identity))))
    }

    fn now(&self) -> Arc<Identity> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From the next connection on; those that are open stay as they are.
    fn replace(&self, identity: Identity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(identity);
    }
}
