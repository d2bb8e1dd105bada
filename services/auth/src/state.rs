//! What auth's handlers work with, built once at start.
use std::sync::Arc;

use axum::extract::FromRef;
use chassis::{
    Stop,
    metrics::{CounterBy, Metrics},
};
use secrecy::SecretString;
use token::{Clock, Issuer, Jwks, KeySet};

use crate::{
    config::Prepared,
    database, keys,
    password::Passwords,
    users::{NewAccount, Users},
};

const DEMO_NAME: &str = "user";
const DEMO_PASSWORD: &str = "password";
const DEMO_EMAIL: &str = "user@example.com";

/// What the handlers work with. Cheap to clone.
#[derive(Clone, Debug, FromRef)]
pub struct State {
    /// Signs tokens.
    pub issuer: Arc<Issuer>,
    /// The public keys, as they are published.
    pub jwks: Arc<Jwks>,
    /// The accounts.
    pub users: Users,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Says when it is.
    pub clock: Clock,
    /// Logins by outcome.
    pub logins: CounterBy,
    /// Whether the demo account may log in.
    pub demo: Demo,
}

/// Whether the demo account may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demo(pub bool);

impl State {
    /// Opens the database, loads or makes the signing key, adds the demo account.
    pub async fn build(config: Prepared, metrics: &Metrics) -> Result<Self, Stop> {
        let clock = Clock::system();
        let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
        let pool = database::open(&config.data_dir).await.map_err(|error| failed(&error))?;
        let key = match config.classic_key {
            Some(key) => {
                warn_of_classic_mode(key.weakness());
                key
            }
            None => keys::load(&pool, &config.sealing_key, &config.sealing_key_origin, clock.now())
                .await
                .map_err(|error| failed(&error))?,
        };
        let set = KeySet::new(vec![key.verifying_key()]).map_err(|error| failed(&error))?;
        let issuer =
            Issuer::new(key, config.issuer, config.audience, *config.token_ttl).map_err(|error| failed(&error))?;
        let state = Self {
            issuer: Arc::new(issuer),
            jwks: Arc::new(set.to_jwks()),
            users: Users::new(pool),
            passwords: Passwords::new(config.password_memory),
            clock,
            logins: metrics.counter_by("outcome", "logins", "Attempts to log in, by outcome"),
            demo: Demo(config.demo_user),
        };
        if config.demo_user {
            state.add_demo_account().await.map_err(|error| failed(&error))?;
        }
        Ok(state)
    }

    /// The keys that verify this issuer's tokens, for a verifier in the same process.
    pub fn key_set(&self) -> Result<KeySet, Stop> {
        KeySet::new(vec![self.issuer.verifying_key()]).map_err(|error| Stop::Failed(error.to_string()))
    }

    async fn add_demo_account(&self) -> Result<(), crate::error::Error> {
        if self.users.find(DEMO_NAME).await?.is_none() {
            let password_hash = self.passwords.hash(SecretString::from(DEMO_PASSWORD)).await?;
            let account =
                NewAccount { username: DEMO_NAME, email: Some(DEMO_EMAIL), password_hash: &password_hash, demo: true };
            self.users.add(&account, self.clock.now()).await?;
        }
        tracing::warn!(
            account = DEMO_NAME,
            "DEMO ACCOUNT: everybody can log in as {DEMO_NAME} with the password {DEMO_PASSWORD}; the setting …DEMO_USER=false turns it off"
        );
        Ok(())
    }
}

/// In classic mode everybody who verifies can also sign: said at every start.
fn warn_of_classic_mode(weakness: Option<&'static str>) {
    tracing::warn!(algorithm = "HS256", "classic mode: whoever knows the secret can make tokens");
    if let Some(weakness) = weakness {
        tracing::warn!("the shared secret {weakness}");
    }
}
