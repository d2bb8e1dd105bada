//! Keeps a replica's keys what the database says, and replaces a key that has reached its age.
use token::Clock;

use super::{Error, KeyRing, Schedule, Store};
use crate::{audit, users::seconds};

/// Looks for changed keys as long as the process lives. While the database is away the known keys go on through their lives.
pub async fn watch(store: Store, ring: KeyRing, schedule: Schedule, clock: Clock) {
    let mut signing = ring.signing_kid(clock.now());
    let mut told = String::new();
    loop {
        tokio::time::sleep(schedule.poll()).await;
        let why = match look(&store, &ring, &schedule, &clock).await {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        // The same reason once, not at every look.
        if why != told && !why.is_empty() {
            tracing::warn!(why, "the signing keys cannot be looked up; the known ones stay");
        }
        told = why;
        let now_signing = ring.signing_kid(clock.now());
        if now_signing != signing {
            tracing::info!(target: audit::TARGET, event = "key.signing", kid = now_signing, "another key signs");
            signing = now_signing;
        }
    }
}

async fn look(store: &Store, ring: &KeyRing, schedule: &Schedule, clock: &Clock) -> Result<(), Error> {
    let now = clock.now();
    // Whether or not the database answers, time passes.
    ring.publish(now)?;
    ring.replace(store, &store.rows().await?, now)?;
    let due = schedule
        .max_age
        .zip(ring.newest_created_at())
        .is_some_and(|(max_age, created_at)| seconds(now) >= created_at.saturating_add_unsigned(max_age.as_secs()));
    if due {
        match store.rotate(schedule, false, now).await {
            // Another replica was quicker.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        ring.replace(store, &store.rows().await?, now)?;
    }
    Ok(())
}
