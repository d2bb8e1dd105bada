//! The keys hello verifies with: an issuer's key set over HTTP, or in classic mode a shared secret.
use std::{sync::Arc, time::Duration};

use chassis::{Life, Stop, health::Condition, metrics::Metrics};
use token::{Access, Clock, Fetches, KeySet, KeySource, Policy, RemoteKeys, RemoteKeysConfig, StaticKeys, Verifier};

use crate::config::{Checked, Source};

/// Between two attempts to get the first key set: fast enough to be ready soon after the issuer is.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Judges tokens by the configured policy. Readiness waits for the first key set; liveness does not.
pub fn access(config: Checked, life: &Life) -> Result<Access, Stop> {
    let keys: Arc<dyn KeySource> = match config.source {
        Source::Secret(key) => {
            key.warn_of_classic_mode();
            Arc::new(StaticKeys::new(KeySet::new(vec![key]).map_err(failed)?))
        }
        Source::KeySet(url, refresh, algorithms) => {
            let config = RemoteKeysConfig { refresh: *refresh, algorithms, ..RemoteKeysConfig::new(url) };
            let keys = Arc::new(RemoteKeys::new(config).map_err(failed)?);
            measure(&keys, life.metrics());
            tokio::spawn(load(Arc::clone(&keys), life.health().condition("key set")));
            keys
        }
    };
    verify_with(keys, config.policy, life.metrics())
}

/// Access by the judgement of a verifier with these keys, its refusals counted.
pub fn verify_with(keys: Arc<dyn KeySource>, policy: Policy, metrics: &Metrics) -> Result<Access, Stop> {
    let refusals = metrics.counter_by("reason", "token_refusals", "Access tokens refused, by reason");
    let verifier =
        Verifier::new(keys, policy).map_err(failed)?.observe(move |refusal| refusals.count(refusal.reason()));
    Ok(Access::new(Arc::new(verifier), Clock::system()))
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::Failed(error.to_string())
}

/// Shows how the fetching goes. Weak: to be measured keeps nothing alive.
fn measure(keys: &Arc<RemoteKeys>, metrics: &Metrics) {
    let (fetched, aged) = (Arc::downgrade(keys), Arc::downgrade(keys));
    metrics.counters_of("outcome", "jwks_fetches", "Fetches of the key set, by outcome", move || {
        let Fetches { succeeded, failed } = fetched.upgrade().map(|keys| keys.fetches()).unwrap_or_default();
        vec![("succeeded", succeeded), ("failed", failed)]
    });
    metrics.gauge_of("jwks_age_seconds", "Time since the last good key set came", move || {
        aged.upgrade()?.age().map(|age| age.as_secs_f64())
    });
}

async fn load(keys: Arc<RemoteKeys>, condition: Condition) {
    let mut pause = FIRST_PAUSE;
    // Each failure is logged by the source itself.
    while keys.refresh().await.is_err() {
        // Jitter, so that many pods do not come back to a recovering issuer in step.
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    tracing::info!(keys = keys.current().map_or(0, |set| set.len()), "key set loaded");
    condition.met();
    keys.spawn_refresh();
}
