//! Readiness follows the database, also while no request comes: a server that became read-only is noticed here.
use std::time::Duration;

use chassis::health::Condition;
use tokio::time::sleep;

use super::{
    Database, Pool, Source,
    failure::{ServerState, classify, describe, is_crowded},
    probe::is_writable,
    within,
};

/// Between two checks. Each uses the connection that has been idle for longest, so all of them take turns.
const PAUSE: Duration = Duration::from_secs(2);

impl Database {
    /// From now on this condition of readiness is met while the database is available. A service reports once.
    pub fn report_to(&self, condition: Condition) {
        {
            // Held until the condition is set, so that no change is missed.
            let current = self.0.pool.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            condition.set(current.is_some());
            let _ = self.0.condition.set(condition);
        }
        if matches!(self.0.options.source, Source::Postgres(_)) {
            tokio::spawn(self.clone().monitor());
        }
    }

    /// Tells readiness, if it listens.
    pub(super) fn report(&self, available: bool) {
        if let Some(condition) = self.0.condition.get() {
            condition.set(available);
        }
    }

    /// Checks the pool's connections as long as the process lives.
    async fn monitor(self) {
        loop {
            sleep(PAUSE).await;
            // While it is away another task looks for it.
            let Ok((number, Pool::Postgres(pool))) = self.pool() else { continue };
            let check = async { is_writable(&mut *pool.acquire().await?).await };
            let Err(error) = within(self.0.options.timeout, check).await else { continue };
            match classify(&error) {
                // Slow, busy or crowded: not for certain away.
                ServerState::Unknown => self.suspect(number),
                _ if is_crowded(&error) => self.suspect(number),
                // Not even this simple statement succeeds.
                ServerState::Available | ServerState::Unavailable => self.lost(number, &describe(&error)),
            }
        }
    }
}
