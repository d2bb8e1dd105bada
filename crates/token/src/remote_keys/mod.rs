//! Keys of an issuer in another process: its JWK set, fetched over HTTP.
//!
//! - `fetch`: one bounded request.
//! - `flight`: at most one request at a time, and one per interval on behalf of strangers.
//! - `schedule`: when to ask again.
//!
//! Readers take the current set and never wait for a fetch that they do not need. A set is replaced only by a whole
//! good one: an issuer that is down, or answers nonsense, changes nothing.

mod fetch;
mod flight;
mod schedule;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use url::Url;

pub use self::fetch::FetchError;
use self::fetch::{Fetched, Fetcher};
use self::flight::{Flight, Flights, Outcome, Wanted};
use crate::accepted::Algorithms;
use crate::algorithm::Algorithm;
use crate::key_set::{self, KeySet, SkippedKey};
use crate::key_source::{KeyFuture, KeySource, PublishedKeys};
use crate::refusal::Refusal;
use crate::verifying_key::VerifyingKey;

/// Where the keys are, and how hard to try.
#[derive(Clone, Debug)]
pub struct RemoteKeysConfig {
    /// The JWK set document: `http` or `https`, without user and password.
    pub url: Url,
    /// Keys for other algorithms are not taken.
    pub algorithms: Algorithms,
    /// The longest time between two background fetches. The document's `Cache-Control: max-age` may shorten it, down
    /// to 5 s.
    pub refresh: Duration,
    /// The shortest time between two fetches that tokens with an unknown `kid` can cause.
    pub min_refetch_interval: Duration,
    /// For one whole fetch: connecting, asking, reading.
    pub timeout: Duration,
    /// How long a fetch usually takes at most. Once it has taken longer, requests with an unknown `kid` do not wait for it
    /// any more, apart from a few: an issuer that hangs must not let strangers occupy a service's connections.
    pub usual_fetch: Duration,
    /// The largest document that is read.
    pub max_bytes: usize,
}

impl RemoteKeysConfig {
    /// The usual settings: Ed25519 keys, 5 min refresh, 10 s between refetches, 5 s timeout (250 ms is usual), 256 KiB.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            algorithms: Algorithm::EdDsa.into(),
            refresh: Duration::from_mins(5),
            min_refetch_interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            usual_fetch: Duration::from_millis(250),
            max_bytes: 256 * 1024,
        }
    }
}

/// Requests with an unknown `kid` that wait for a slow fetch to its end.
const PATIENT: usize = 4;

/// How many fetches there were, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetches {
    /// Fetches that brought a good document, changed or not.
    pub succeeded: u64,
    /// Fetches that brought none.
    pub failed: u64,
}

/// A [`KeySource`] that fetches a JWK set.
///
/// Until the first success every look-up is [`Refusal::KeysUnavailable`]; afterwards the last good set is kept,
/// whatever happens. Must be used inside a tokio runtime.
pub struct RemoteKeys(Arc<Inner>);

struct Inner {
    config: RemoteKeysConfig,
    fetcher: Fetcher,
    published: PublishedKeys,
    flights: Flights,
    patient: Semaphore,
    freshness: Mutex<Option<Freshness>>,
    succeeded: AtomicU64,
    failed: AtomicU64,
}

/// What is known since the last good document.
#[derive(Clone, Copy)]
struct Freshness {
    fetched_at: Instant,
    max_age: Option<Duration>,
}

impl RemoteKeys {
    /// Makes the source; fetches nothing yet. For an `http` address no certificate store is loaded.
    ///
    /// # Errors
    /// [`FetchError::Address`] for an address that cannot be fetched from, [`FetchError::Client`] if TLS cannot be set up.
    pub fn new(config: RemoteKeysConfig) -> Result<Self, FetchError> {
        Ok(Self(Arc::new(Inner {
            fetcher: Fetcher::new(&config)?,
            flights: Flights::new(config.min_refetch_interval),
            patient: Semaphore::new(PATIENT),
            config,
            published: PublishedKeys::default(),
            freshness: Mutex::new(None),
            succeeded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })))
    }

    /// Fetches now, or waits for the fetch that is under way. The first load: the caller retries until it succeeds.
    pub async fn refresh(&self) -> Result<(), FetchError> {
        match self.join(Wanted::ByUs) {
            Some(flight) => flight.landing().await,
            None => Ok(()),
        }
    }

    /// Keeps the keys fresh until this source is dropped.
    ///
    /// Fetches before the document's `max-age` (or the configured time) is over, never in step with others; after a
    /// failure sooner, with growing pauses.
    pub fn spawn_refresh(self: &Arc<Self>) -> JoinHandle<()> {
        // Weak, so that the task ends with the source instead of keeping it alive.
        let source = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut failures = 0;
            loop {
                let Some(pause) = source.upgrade().map(|keys| keys.pause(failures)) else {
                    return;
                };
                sleep(schedule::jittered(pause, rand::random())).await;
                let Some(keys) = source.upgrade() else {
                    return;
                };
                failures = match keys.refresh().await {
                    Ok(()) => 0,
                    Err(_) => failures.saturating_add(1),
                };
            }
        })
    }

    /// Whether there are keys to verify with.
    pub fn loaded(&self) -> bool {
        self.0.published.current().is_some()
    }

    /// The current keys, if any were loaded.
    pub fn current(&self) -> Option<Arc<KeySet>> {
        self.0.published.current()
    }

    /// How long ago the last good document came.
    pub fn age(&self) -> Option<Duration> {
        self.0.freshness().map(|fresh| fresh.fetched_at.elapsed())
    }

    /// How many fetches there were so far.
    pub fn fetches(&self) -> Fetches {
        Fetches { succeeded: self.0.succeeded.load(Ordering::Relaxed), failed: self.0.failed.load(Ordering::Relaxed) }
    }

    fn pause(&self, failures: u32) -> Duration {
        let limit = self.0.config.refresh;
        match self.0.freshness() {
            Some(fresh) if failures == 0 => schedule::after_success(limit, fresh.max_age),
            _ => schedule::after_failure(limit, failures),
        }
    }

    fn join(&self, wanted: Wanted) -> Option<Flight> {
        let inner = &self.0;
        // In a task of its own: a client that hangs up does not cancel what others wait for.
        inner.flights.join(wanted, || {
            let inner = Arc::clone(inner);
            async move { inner.update().await }
        })
    }
}

impl Inner {
    /// One fetch, and its consequences.
    async fn update(&self) -> Outcome {
        let outcome = match self.fetcher.fetch().await {
            Ok(document) => self.accept(&document),
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(()) => self.succeeded.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                let kept = self.published.current().map_or(0, |keys| keys.len());
                tracing::warn!(address = self.fetcher.address(), %error, kept, "key set not fetched");
                self.failed.fetch_add(1, Ordering::Relaxed)
            }
        };
        outcome
    }

    /// Waits for a fetch on behalf of a stranger, and says whether it is over. Its outcome is logged where it happens; what
    /// counts here is whether the key is there afterwards.
    async fn wait(&self, flight: Flight) -> bool {
        if let Ok(_permit) = self.patient.try_acquire() {
            let _ = flight.landing().await;
            return true;
        }
        flight.landing_within(self.config.usual_fetch).await
    }

    fn accept(&self, document: &Fetched) -> Outcome {
        let (usable, skipped) = key_set::read(&document.body, &self.config.algorithms).map_err(FetchError::Unusable)?;
        // An entry that is broken is passed over (RFC 7517 §5), or the issuer's next rotation would go unseen. If it names a key
        // that was good before, that key stays: to drop it would refuse valid tokens.
        let broken = || skipped.iter().filter(|key| key.reason.is_defect());
        for SkippedKey { kid, reason } in broken() {
            tracing::warn!(address = self.fetcher.address(), kid, %reason, "a broken entry of the key set is passed over");
        }
        let keys = KeySet::of_usable(usable, &skipped).map_err(FetchError::Unusable)?;
        let keys = match self.published.current() {
            Some(before) => keys.keeping(broken().filter_map(|key| key.kid.as_deref()), &before),
            None => keys,
        };
        let count = keys.len();
        if self.published.publish(keys) {
            let generation = self.published.generation();
            tracing::info!(address = self.fetcher.address(), keys = count, generation, "key set changed");
            log_skipped(&skipped);
        }
        *self.freshness.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Freshness { fetched_at: Instant::now(), max_age: document.max_age });
        Ok(())
    }

    fn freshness(&self) -> Option<Freshness> {
        *self.freshness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log_skipped(skipped: &[SkippedKey]) {
    for SkippedKey { kid, reason } in skipped.iter().filter(|key| !key.reason.is_defect()) {
        tracing::info!(kid, %reason, "key not used");
    }
}

impl KeySource for RemoteKeys {
    fn generation(&self) -> u64 {
        self.0.published.generation()
    }

    fn known(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>> {
        self.0.published.find(kid, algorithm)
    }

    fn key<'a>(&'a self, kid: Option<&'a str>, algorithm: Algorithm) -> KeyFuture<'a> {
        Box::pin(async move {
            // Twice: the flight we join may have started before the key was published; then it is worth one of ours.
            for _ in 0..2 {
                if let Some(key) = self.known(kid, algorithm) {
                    return Ok(key);
                }
                if kid.is_none() && self.loaded() {
                    return Err(Refusal::UnknownKey);
                }
                let Some(flight) = self.join(Wanted::ByStranger) else {
                    break;
                };
                if !self.0.wait(flight).await {
                    break;
                }
            }
            match self.known(kid, algorithm) {
                Some(key) => Ok(key),
                None if self.loaded() => Err(Refusal::UnknownKey),
                None => Err(Refusal::KeysUnavailable),
            }
        })
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys")
            .field("address", &self.0.fetcher.address())
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}
