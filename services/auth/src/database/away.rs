//! A PostgreSQL that is away: noticed once, looked for by one task with growing pauses.
use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use super::{
    Database, OpenError, Pool, Source,
    failure::{describe, describe_migration, is_crowded, is_passing},
    migrate,
    postgres::{Connections, Way},
    postgres_url::Servers,
    probe::{self, Found},
    within,
};

/// The first pause between two attempts; each further one is twice as long …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// What is still at work on the pool that was lost may end in peace, but not for ever.
const FAREWELL: Duration = Duration::from_secs(10);

impl Database {
    pub(super) fn found(&self, pool: Pool) {
        let mut current = self.0.pool.write().unwrap_or_else(PoisonError::into_inner);
        let number = self.0.number.fetch_add(1, Ordering::Relaxed);
        *current = Some((number, pool));
        self.report(true);
    }

    /// From now on everybody is told at once; one task looks for the server. A file cannot be lost so.
    pub(super) fn lost(&self, number: u64, why: &str) {
        let Source::Postgres(server) = &self.0.options.source else { return };
        let lost = {
            let mut current = self.0.pool.write().unwrap_or_else(PoisonError::into_inner);
            if current.as_ref().is_none_or(|(current, _)| *current != number) {
                return;
            }
            self.report(false);
            current.take()
        };
        tracing::warn!(why, "the database is away");
        let (database, server) = (self.clone(), server.clone());
        // At once: its idle connections may be what keeps a crowded server from taking new ones.
        tokio::spawn(async move {
            if let Some((_, Pool::Postgres(pool))) = lost {
                let _ = timeout(FAREWELL, pool.close()).await;
            }
        });
        tokio::spawn(async move {
            let found = database.knock(&server).await;
            let connections = database.connections(found).await;
            tracing::info!("the database is back");
            database.found(Pool::Postgres(connections));
        });
    }

    /// Asks the server whether it is there, once for all who wonder.
    pub(super) fn suspect(&self, number: u64) {
        let Source::Postgres(server) = &self.0.options.source else { return };
        if self.0.suspected.swap(true, Ordering::Relaxed) {
            return;
        }
        let (database, server) = (self.clone(), server.clone());
        tokio::spawn(async move {
            let answers = database.answers();
            match database.ask(&server).await {
                // There is a server, but perhaps not the one that the pool's connections lead to.
                Ok(found) => {
                    database.leave(found.connection).await;
                    let limit = database.0.options.timeout;
                    let is_dead = match database.pool() {
                        Ok((_, Pool::Postgres(pool))) => within(limit, pool.acquire()).await.is_err(),
                        _ => false,
                    };
                    if is_dead && database.answers() == answers {
                        database.lost(number, "no answer on its connections, but on a new one");
                    }
                }
                // Crowded, but there: what connections we have are worth more than none.
                Err(why) if is_crowded(&why) => {}
                Err(why) => database.lost(number, &describe(&why)),
            }
            database.0.suspected.store(false, Ordering::Relaxed);
        });
    }

    /// How many requests the server has answered, whatever it said.
    fn answers(&self) -> u64 {
        self.0.answers.load(Ordering::Relaxed)
    }

    /// A server that answers now and accepts writes; if there is none, why.
    async fn ask(&self, servers: &Servers) -> Result<Found, sqlx::Error> {
        probe::find(servers, self.0.options.timeout).await
    }

    /// For a command: a server that does not answer now is an error.
    pub(super) async fn knock_once(&self, servers: &Servers) -> Result<(), OpenError> {
        let found = self.ask(servers).await.map_err(|error| OpenError::Away(describe(&error)))?;
        self.leave(found.connection).await;
        Ok(())
    }

    /// At the start: looks for the server and brings its tables up to date, however long that takes.
    pub(super) async fn knock_until_migrated(&self, servers: &Servers) -> Result<Connections, OpenError> {
        let mut pauses = Pauses::default();
        loop {
            let mut found = self.knock(servers).await;
            if found.way == Way::Pooler {
                tracing::info!("the database is reached through a pooler: each statement is a transaction");
            }
            match migrate::run(&mut found.connection).await {
                Ok(()) => return Ok(self.connections(found).await),
                Err(error) if !is_passing(&error) => return Err(OpenError::Migrate(error)),
                Err(error) => tracing::warn!(error = describe_migration(&error), "the database is away again"),
            }
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Looks for the server until it answers.
    async fn knock(&self, servers: &Servers) -> Found {
        let (mut pauses, mut told) = (Pauses::default(), String::new());
        loop {
            let why = match self.ask(servers).await {
                Ok(found) => {
                    self.0.connects.count("succeeded");
                    return found;
                }
                Err(why) => describe(&why),
            };
            self.0.connects.count("failed");
            // The same reason once, not at every attempt.
            if why != told {
                tracing::warn!(why, "cannot reach the database; trying on");
                told = why;
            }
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Connections to the server that was found.
    async fn connections(&self, found: Found) -> Connections {
        let Found { server, way, connection } = found;
        self.leave(connection).await;
        Connections::new(&server, way, self.0.options.connections, self.0.options.timeout)
    }

    async fn leave(&self, connection: PgConnection) {
        let _ = timeout(self.0.options.timeout, connection.close()).await;
    }
}

/// Pauses that double, each cut by chance to a half at most: replicas that lost the server together do not knock together.
#[derive(Debug, Default)]
struct Pauses(u32);

impl Pauses {
    fn next(&mut self) -> Duration {
        let whole = FIRST_PAUSE.saturating_mul(1 << self.0.min(10)).min(LONGEST_PAUSE);
        self.0 += 1;
        whole.mul_f64(0.5 + rand::random::<f64>() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_and_stay_below_two_seconds() {
        let mut pauses = Pauses::default();
        let all: Vec<Duration> = (0..20).map(|_| pauses.next()).collect();
        assert!(all[0] <= FIRST_PAUSE && all[0] >= FIRST_PAUSE / 2, "{all:?}");
        assert!(all.iter().all(|pause| *pause <= LONGEST_PAUSE));
        assert!(all[8..].iter().all(|pause| *pause >= LONGEST_PAUSE / 2), "{all:?}");
    }
}
