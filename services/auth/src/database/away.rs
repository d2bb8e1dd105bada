//! A PostgreSQL that is away: noticed once, looked for by one task with growing pauses.
use std::{
    sync::{PoisonError, atomic::Ordering},
    time::Duration,
};

use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::{
    Database, MIGRATIONS, OpenError, Pool, Source,
    failure::{describe, describe_migration, is_crowded, is_passing},
    postgres, within,
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
            let pool = database.knock(&server).await;
            tracing::info!("the database is back");
            database.found(Pool::Postgres(pool));
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
            match database.ask(&server).await {
                // Crowded, but there: what connections we have are worth more than none.
                Err(why) if !is_crowded(&why) => database.lost(number, &describe(&why)),
                _ => {}
            }
            database.0.suspected.store(false, Ordering::Relaxed);
        });
    }

    /// Whether the server answers now and accepts writes; if not, why.
    async fn ask(&self, server: &PgConnectOptions) -> Result<(), sqlx::Error> {
        let limit = self.0.options.timeout;
        let connection = within(limit, async {
            let mut connection = postgres::connect(server).await?;
            postgres::is_writable(&mut connection).await?;
            Ok(connection)
        });
        let connection = connection.await?;
        let _ = timeout(limit, sqlx::Connection::close(connection)).await;
        Ok(())
    }

    /// For a command: a server that does not answer now is an error.
    pub(super) async fn knock_once(&self, server: &PgConnectOptions) -> Result<(), OpenError> {
        self.ask(server).await.map_err(|error| OpenError::Away(describe(&error)))
    }

    /// At the start: looks for the server and brings its tables up to date, however long that takes.
    pub(super) async fn knock_until_migrated(&self, server: &PgConnectOptions) -> Result<PgPool, OpenError> {
        let mut pauses = Pauses::default();
        loop {
            let pool = self.knock(server).await;
            // Without the time limits of a request: a migration takes as long as it takes.
            let migrated = async {
                let mut connection = within(self.0.options.timeout, postgres::connect(server)).await?;
                MIGRATIONS.run(&mut connection).await
            };
            match migrated.await {
                Ok(()) => return Ok(pool),
                Err(error) if !is_passing(&error) => return Err(error.into()),
                Err(error) => tracing::warn!(error = describe_migration(&error), "the database is away again"),
            }
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Looks for the server until it answers.
    async fn knock(&self, server: &PgConnectOptions) -> PgPool {
        let limit = self.0.options.timeout;
        let server = postgres::within(server, limit);
        let (mut pauses, mut told) = (Pauses::default(), String::new());
        loop {
            let Err(why) = self.ask(&server).await else {
                self.0.connects.count("succeeded");
                return postgres::pool(server, self.0.options.connections, limit);
            };
            self.0.connects.count("failed");
            let why = describe(&why);
            // The same reason once, not at every attempt.
            if why != told {
                tracing::warn!(why, "cannot reach the database; trying on");
                told = why;
            }
            tokio::time::sleep(pauses.next()).await;
        }
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
