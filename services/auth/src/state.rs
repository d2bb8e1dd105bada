//! What auth's handlers work with, built once at start.
use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;
use chassis::{
    Life, Stop,
    config::Networks,
    metrics::{CounterBy, Metrics},
};
use secrecy::SecretString;
use token::Clock;

use crate::{
    config::{Prepared, Tokens},
    database::{Database, Wait},
    keys::{self, KeyRing, Schedule, Store},
    limits::{Accounts, Peers},
    metadata::Metadata,
    password::Passwords,
    refresh::{self, Families},
    turns::{Lookups, Requester},
    upkeep,
    users::{Demo, NewAccount, Users},
};

/// Logins that are looked up at the same time, or more where more are hashed.
const LOOKUPS: usize = 4;

const DEMO_NAME: &str = "user";
const DEMO_PASSWORD: &str = "password";
const DEMO_EMAIL: &str = "user@example.com";

/// What the handlers work with. Cheap to clone.
#[derive(Clone, Debug, FromRef)]
pub struct State {
    /// Signs tokens, and says which keys are published.
    pub ring: KeyRing,
    /// When keys change.
    pub schedule: Schedule,
    /// The accounts.
    pub users: Users,
    /// The refresh tokens.
    pub families: Families,
    /// Which login is looked up next.
    pub lookups: Lookups,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Failed logins by account.
    pub accounts: Accounts,
    /// Failed logins by peer.
    pub peers: Peers,
    /// Whose word on a client's address is taken.
    pub trusted_proxies: Networks,
    /// Says when it is.
    pub clock: Clock,
    /// What happened, by outcome.
    pub counters: Counters,
    /// Whether the demo account may log in.
    pub demo: Demo,
    /// What clients find out about this issuer.
    pub metadata: Arc<Metadata>,
    /// Where accounts, sessions and keys are.
    pub database: Database,
}

/// What happened, by outcome.
#[derive(Clone, Debug)]
pub struct Counters {
    /// Attempts to log in.
    pub logins: CounterBy,
    /// Attempts to refresh.
    pub refreshes: CounterBy,
}

impl State {
    /// Opens the database, loads or makes the signing keys, adds the demo account. Waits for a database that is away.
    pub async fn build(config: Prepared, metrics: &Metrics) -> Result<Self, Stop> {
        let clock = Clock::system();
        let Prepared { stored, tokens, login, classic_key } = config;
        let schedule = tokens.schedule();
        let load = login.load();
        let lookups = Lookups::new(load.concurrency.max(LOOKUPS), load.queue, stored.database.timeout);
        let database = Database::open(stored.database, Wait::ForIt, metrics).await.map_err(failed)?;
        let ring = if let Some(key) = classic_key {
            key.warn_of_classic_mode();
            KeyRing::of_one(key, tokens.issuance()).map_err(failed)?
        } else {
            let store = Store::new(database.clone(), stored.keyring).with_algorithm(tokens.signing_algorithm);
            let ring = stored_keys(store, &tokens, &clock).await?;
            measure(&ring, &clock, metrics);
            ring
        };
        let state = Self {
            metadata: Arc::new(Metadata::new(&tokens)),
            ring,
            schedule,
            users: Users::new(database.clone()),
            families: Families::new(
                database.clone(),
                refresh::Limits {
                    ttl: *tokens.refresh_ttl,
                    grace: *tokens.refresh_grace,
                    sessions: login.max_sessions,
                },
                Demo(stored.demo_user),
            ),
            passwords: Passwords::new(load),
            lookups,
            accounts: Accounts::new(database.clone()),
            peers: Peers::new(login.peer_failures),
            trusted_proxies: login.trusted_proxies.unwrap_or_default(),
            clock,
            counters: Counters {
                logins: metrics.counter_by("outcome", "logins", "Attempts to log in, by outcome"),
                refreshes: metrics.counter_by("outcome", "refreshes", "Attempts to refresh, by outcome"),
            },
            demo: Demo(stored.demo_user),
            database,
        };
        if stored.demo_user {
            patiently(|| state.add_demo_account(), is_away).await.map_err(failed)?;
            warn_of_demo_account();
        }
        let (database, accounts) = (state.database.clone(), state.accounts.clone());
        let purge = upkeep::purge_regularly(database, accounts, stored.purge_interval, state.clock.clone());
        tokio::spawn(purge);
        Ok(state)
    }

    /// Says what the process must know: memory that hashing will need, proxies that connect for many clients, and that
    /// readiness follows the database.
    pub fn bound(&self, life: &mut Life) {
        life.reserve_memory(self.passwords.unallocated_bytes());
        life.trust(&self.trusted_proxies);
        self.database.report_to(life.health().condition("database"));
    }

    async fn add_demo_account(&self) -> Result<(), crate::error::Error> {
        if self.users.find(DEMO_NAME).await?.is_none() {
            let password_hash = self.passwords.hash(SecretString::from(DEMO_PASSWORD), &Requester::default()).await?;
            let account = NewAccount {
                username: DEMO_NAME.to_owned(),
                email: Some(DEMO_EMAIL.to_owned()),
                roles: String::new(),
                password_hash,
                demo: true,
            };
            self.users.add(&account, self.clock.now()).await?;
        }
        Ok(())
    }
}

/// The keys in the database, kept up to date from now on.
async fn stored_keys(store: Store, tokens: &Tokens, clock: &Clock) -> Result<KeyRing, Stop> {
    let schedule = tokens.schedule();
    let rows =
        patiently(|| store.rows_or_first(&schedule, clock.now()), |error| matches!(error, keys::Error::Database(_)));
    let ring = KeyRing::open(&store, &rows.await.map_err(failed)?, tokens.issuance(), clock.now()).map_err(failed)?;
    tokio::spawn(keys::watch::watch(store, ring.clone(), schedule, clock.clone()));
    Ok(ring)
}

/// Shows whether the clock was ahead when the signing key was made.
fn measure(ring: &KeyRing, clock: &Clock, metrics: &Metrics) {
    let (ring, clock) = (ring.clone(), clock.clone());
    let help = "By how much the time from which the signing key signs lies in the future";
    metrics.gauge_of("signing_key_ahead_seconds", help, move || {
        let ahead = ring.ahead(clock.now()).unwrap_or(0);
        Some(u32::try_from(ahead).map_or(f64::from(u32::MAX), f64::from))
    });
}

/// A database that goes away again between two steps of a start is waited for, too.
async fn patiently<T, E: std::fmt::Display, F: Future<Output = Result<T, E>>>(
    mut attempt: impl FnMut() -> F,
    passes: impl Fn(&E) -> bool,
) -> Result<T, E> {
    const ATTEMPTS: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(500);
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if passes(&error) => tracing::warn!(%error, "trying again"),
            outcome => return outcome,
        }
        tokio::time::sleep(PAUSE).await;
    }
    attempt().await
}

fn is_away(error: &crate::error::Error) -> bool {
    matches!(error, crate::error::Error::Database(_))
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::Failed(error.to_string())
}

fn warn_of_demo_account() {
    tracing::warn!(
        account = DEMO_NAME,
        "DEMO ACCOUNT: everybody can log in as {DEMO_NAME} with the password {DEMO_PASSWORD}; AUTH_DEMO_USER=false (MONOLITH_DEMO_USER=false) turns it off"
    );
}
