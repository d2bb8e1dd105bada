//! The keys of a running replica: which signs, which are published. Read for every login, changed a few times a year.
use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use token::{Algorithm, Algorithms, Issuer, Jwks, KeySet, SigningKey, StaticKeys, VerifyingKey};

use super::{
    Error, Store,
    life::{self, Times},
    store::Row,
};
use crate::users::seconds;

/// What every token says, whichever key signs it.
#[derive(Clone, Debug)]
pub struct Issuance {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// The life of a token.
    pub ttl: Duration,
}

#[derive(Clone, Debug)]
struct Held {
    kid: String,
    times: Times,
    issuer: Arc<Issuer>,
    verifying: VerifyingKey,
}

/// The keys. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct KeyRing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuance: Issuance,
    held: RwLock<Vec<Held>>,
    /// For a verifier in the same process.
    verifying: Arc<StaticKeys>,
}

impl KeyRing {
    /// The keys of these rows.
    pub fn open(store: &Store, rows: &[Row], issuance: Issuance, now: SystemTime) -> Result<Self, Error> {
        let held = held(store, rows, &issuance, &[], now)?;
        let verifying = Arc::new(StaticKeys::new(published(&held, seconds(now))?));
        Ok(Self(Arc::new(Inner { issuance, held: RwLock::new(held), verifying })))
    }

    /// One key for ever: classic mode's shared secret.
    pub fn of_one(key: SigningKey, issuance: Issuance) -> Result<Self, Error> {
        let times = Times { generation: 1, created_at: 0, signs_at: 0, retires_at: None };
        let held = vec![hold(key, times, &issuance)?];
        let verifying = Arc::new(StaticKeys::new(published(&held, 0)?));
        Ok(Self(Arc::new(Inner { issuance, held: RwLock::new(held), verifying })))
    }

    /// From now on the keys of these rows. On an error everything stays as it was.
    pub fn replace(&self, store: &Store, rows: &[Row], now: SystemTime) -> Result<(), Error> {
        let before = self.held();
        let after = held(store, rows, &self.0.issuance, &before, now)?;
        if after.is_empty() {
            return Err(Error::Refused("there is no key in the database any more".to_owned()));
        }
        *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = after;
        self.publish(now)
    }

    /// Lets time pass for the verifier in the same process: a key that has retired is taken from it.
    pub fn publish(&self, now: SystemTime) -> Result<(), Error> {
        self.0.verifying.replace(published(&self.held(), seconds(now))?);
        Ok(())
    }

    /// Signs tokens now. `None` only if every key has retired.
    pub fn issuer(&self, now: SystemTime) -> Option<Arc<Issuer>> {
        self.signing(now, |held| Arc::clone(&held.issuer))
    }

    /// The name of the key that signs now.
    pub fn signing_kid(&self, now: SystemTime) -> Option<String> {
        self.signing(now, |held| held.kid.clone())
    }

    /// By how many seconds the key that signs now is ahead of its time: the clock was ahead when it was made, or is behind now.
    pub fn ahead(&self, now: SystemTime) -> Option<i64> {
        let ahead = self.signing(now, |held| held.times.signs_at)?.saturating_sub(seconds(now));
        (ahead > 0).then_some(ahead)
    }

    /// The public keys to publish now. Empty in classic mode: a shared secret is never published.
    pub fn jwks(&self, now: SystemTime) -> Jwks {
        published(&self.held(), seconds(now)).map_or(Jwks { keys: Vec::new() }, |set| set.to_jwks())
    }

    /// The life of the newest key, and its algorithm.
    pub fn newest(&self) -> Option<(Times, Algorithm)> {
        let held = self.held();
        let newest = held.iter().max_by_key(|held| held.times.generation)?;
        Some((newest.times, newest.verifying.algorithm()))
    }

    /// Whether a rotation is under way: a key is published that signs later.
    pub fn is_rotating(&self, now: SystemTime) -> bool {
        let times: Vec<_> = self.held().iter().map(|held| held.times).collect();
        let states = life::states(&times, seconds(now));
        times.iter().zip(states).any(|(times, state)| state == life::State::Next && times.is_next(seconds(now)))
    }

    /// The algorithms of the keys that are published now, and of classic mode.
    pub fn algorithms(&self, now: SystemTime) -> BTreeSet<Algorithm> {
        let now = seconds(now);
        let held = self.held();
        held.iter().filter(|held| held.times.is_published(now)).map(|held| held.verifying.algorithm()).collect()
    }

    /// What a verifier of this issuer's tokens accepts: in classic mode the shared secret's algorithm, else every algorithm of a
    /// key pair, because the setting can change while the verifier runs in another replica.
    pub fn accepted(&self) -> Algorithms {
        let classic = self.held().iter().any(|held| held.verifying.algorithm() == Algorithm::Hs256);
        if classic { Algorithm::Hs256.into() } else { Algorithms::signing() }
    }

    /// The keys for a verifier in the same process; they follow the ring.
    pub fn verifying_keys(&self) -> Arc<StaticKeys> {
        Arc::clone(&self.0.verifying)
    }

    fn signing<T>(&self, now: SystemTime, pick: impl FnOnce(&Held) -> T) -> Option<T> {
        let held = self.0.held.read().unwrap_or_else(PoisonError::into_inner);
        let generation = life::signing(held.iter().map(|held| &held.times), seconds(now))?;
        held.iter().find(|held| held.times.generation == generation).map(pick)
    }

    fn held(&self) -> Vec<Held> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Opens what is published now or will be; what is held already is not opened again.
fn held(
    store: &Store,
    rows: &[Row],
    issuance: &Issuance,
    before: &[Held],
    now: SystemTime,
) -> Result<Vec<Held>, Error> {
    let published = rows.iter().filter(|row| row.times().is_published(seconds(now)));
    let at_start = before.is_empty();
    let hold_row = |row: &Row| match before.iter().find(|held| held.kid == row.kid) {
        Some(held) => Ok(Held { times: row.times(), ..held.clone() }),
        None => hold(store.open(row)?.0, row.times(), issuance),
    };
    let mut all = Vec::new();
    for row in published {
        match hold_row(row) {
            Ok(held) => all.push(held),
            // At a start somebody looks. Later, one that cannot be opened must not keep the others from their lives.
            Err(error) if at_start => return Err(error),
            Err(error) => tracing::error!(kid = row.kid, %error, "a signing key is left out"),
        }
    }
    Ok(all)
}

fn hold(key: SigningKey, times: Times, issuance: &Issuance) -> Result<Held, Error> {
    let (kid, verifying) = (key.kid().to_owned(), key.verifying_key());
    let issuer = Issuer::new(key, issuance.issuer.clone(), issuance.audience.clone(), issuance.ttl)?;
    Ok(Held { kid, times, issuer: Arc::new(issuer), verifying })
}

fn published(held: &[Held], now: i64) -> Result<KeySet, Error> {
    let keys = held.iter().filter(|held| held.times.is_published(now)).map(|held| held.verifying.clone());
    Ok(KeySet::new(keys.collect())?)
}
