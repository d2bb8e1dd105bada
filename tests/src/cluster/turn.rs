//! Who may use the cluster. Tests take turns: what one of them measures is not another one's load, and there is room for one
//! environment at a time. Those that only ask questions of it are there together.
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Deployed, LONGEST, Overlay, kubectl};

/// What is deployed at present.
static CLUSTER: RwLock<Option<Deployed>> = RwLock::const_new(None);
/// Namespaces that were told to go.
static LEAVING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The cluster for one test alone.
#[derive(Debug)]
pub struct Turn(RwLockWriteGuard<'static, Option<Deployed>>);

/// Waits until nobody uses the cluster.
pub async fn turn() -> Turn {
    Turn(CLUSTER.write().await)
}

impl Turn {
    /// The environment, deployed anew if another one, or none, is there.
    pub async fn deploy(&mut self, overlay: Overlay) -> &Deployed {
        if self.0.as_ref().is_none_or(|deployed| deployed.overlay() != overlay) {
            // The one before goes first.
            self.clear();
            *self.0 = Some(Deployed::up(overlay).await);
        }
        self.0.as_ref().expect("it was put there")
    }

    /// Removes what is deployed.
    pub fn clear(&mut self) {
        self.0.take();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Who knows in which state the test has left it.
        if thread::panicking() {
            self.clear();
        }
    }
}

/// An environment that is looked at, by others, too.
pub type Visit = RwLockReadGuard<'static, Option<Deployed>>;

/// Waits until nobody has the cluster alone; for tests that change nothing.
pub async fn visit(overlay: Overlay) -> Visit {
    loop {
        let visit = CLUSTER.read().await;
        if visit.as_ref().is_some_and(|deployed| deployed.overlay() == overlay) {
            return visit;
        }
        drop(visit);
        turn().await.deploy(overlay).await;
    }
}

/// It was told to go.
pub(super) fn leaving(namespace: &str) {
    LEAVING.lock().unwrap_or_else(PoisonError::into_inner).push(namespace.to_owned());
}

/// Removes what is deployed, and waits until the cluster has forgotten all namespaces of the run.
pub(crate) fn stop() {
    if let Ok(mut deployed) = CLUSTER.try_write() {
        deployed.take();
    }
    let leaving = std::mem::take(&mut *LEAVING.lock().unwrap_or_else(PoisonError::into_inner));
    if leaving.is_empty() {
        return;
    }
    let names: Vec<String> = leaving.into_iter().map(|name| format!("namespace/{name}")).collect();
    let timeout = format!("--timeout={}s", LONGEST.as_secs() / 2);
    let wait = ["wait", "--for=delete", &timeout].map(str::to_owned);
    let told = kubectl(wait.iter().chain(&names));
    if told.code != Some(0) {
        eprintln!("NOT GONE: {}", told.err.trim());
    }
}
