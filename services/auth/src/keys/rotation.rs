//! Replacing signing keys: published first, signing when every verifier may have seen it, gone when nothing it signed
//! is good any more. Each order is one transaction; of two at once, one is refused.
use std::time::{Duration, SystemTime};

use super::{
    Error, Store,
    life::{Schedule, State, states},
    store::{ALL, INSERT, RETIRE, Row, SIGN_FROM},
};
use crate::{database::transaction, users::seconds};

/// What was ordered, as it was carried out.
#[derive(Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The new key.
    pub kid: String,
    /// From when it signs, in seconds since the epoch.
    pub signs_at: i64,
}

impl Store {
    /// Makes the next key. It signs after the schedule's lead, or at once: then a verifier that keeps the old set
    /// without asking for an unknown key refuses new tokens for a while.
    pub async fn rotate(&self, schedule: &Schedule, at_once: bool, now: SystemTime) -> Result<Rotated, Error> {
        let (key, sealed) = self.make()?;
        let now = seconds(now);
        let lead = if at_once { Duration::ZERO } else { schedule.lead() };
        let signs_at = now.saturating_add_unsigned(ceil_seconds(lead));
        let ends_at = signs_at.saturating_add_unsigned(ceil_seconds(schedule.tail()));
        let outcome = transaction!(&self.database, transaction => {
            let rows: Vec<Row> = sqlx::query_as(ALL).fetch_all(&mut *transaction).await?;
            match next_of(&rows, now) {
                Some(next) if !at_once => Err(next),
                _ => {
                    let generation = rows.last().map_or(1, |row| row.generation + 1);
                    let made = sqlx::query(INSERT)
                        .bind(key.kid()).bind(&sealed).bind(generation).bind(now).bind(signs_at)
                        .execute(&mut *transaction).await?.rows_affected() == 1;
                    if made {
                        for row in rows.iter().filter(|row| row.times().is_published(now)) {
                            sqlx::query(RETIRE).bind(ends_at).bind(&row.kid).execute(&mut *transaction).await?;
                        }
                    }
                    Ok(made)
                }
            }
        })?;
        match outcome {
            Ok(true) => {}
            Ok(false) => return Err(Error::Refused("another rotation was just carried out".to_owned())),
            Err(next) => {
                let at = crate::audit::utc(next.signs_at);
                return Err(Error::Refused(format!("a rotation is under way: {} signs from {at}", next.kid)));
            }
        }
        tracing::info!(target: crate::audit::TARGET, event = "key.made", kid = key.kid(), signs_at = crate::audit::utc(signs_at), "signing key made");
        Ok(Rotated { kid: key.kid().to_owned(), signs_at })
    }

    /// Lets a key retire: when nothing that it signed is good any more, or at once. One that signs is replaced first:
    /// at once by the next key, or by a new one.
    pub async fn retire(&self, kid: &str, schedule: &Schedule, at_once: bool, now: SystemTime) -> Result<i64, Error> {
        let rows = self.rows().await?;
        let seconds_now = seconds(now);
        let times: Vec<_> = rows.iter().map(Row::times).collect();
        let found = rows.iter().zip(states(&times, seconds_now)).find(|(row, _)| row.kid == kid);
        let Some((row, state)) = found else {
            return Err(Error::Refused(format!("there is no key {kid}; `key list` names them")));
        };
        match state {
            State::Retired => return Err(Error::Refused(format!("{kid} has retired already"))),
            State::Signing if !at_once => {
                return Err(Error::Refused(format!("{kid} signs: `key rotate` first, or retire it with --now")));
            }
            _ => {}
        }
        let end =
            if at_once { seconds_now } else { seconds_now.saturating_add_unsigned(ceil_seconds(schedule.tail())) };
        let (substitute, sealed) = self.make()?;
        let needs_substitute = state == State::Signing;
        let next = next_of(&rows, seconds_now).filter(|next| next.kid != kid).map(|next| next.kid);
        let generation = rows.last().map_or(1, |row| row.generation + 1);
        let done = transaction!(&self.database, transaction => {
            let mut done = true;
            if needs_substitute {
                match &next {
                    Some(next) => {
                        sqlx::query(SIGN_FROM).bind(seconds_now).bind(next).execute(&mut *transaction).await?;
                    }
                    None => {
                        done = sqlx::query(INSERT)
                            .bind(substitute.kid()).bind(&sealed).bind(generation).bind(seconds_now).bind(seconds_now)
                            .execute(&mut *transaction).await?.rows_affected() == 1;
                    }
                }
            }
            if done {
                sqlx::query(RETIRE).bind(end).bind(&row.kid).execute(&mut *transaction).await?;
            }
            done
        })?;
        if !done {
            return Err(Error::Refused("the keys were just changed by somebody else; look and try again".to_owned()));
        }
        tracing::warn!(target: crate::audit::TARGET, event = "key.retired", kid, at = crate::audit::utc(end), "signing key retired by order");
        Ok(end)
    }
}

fn next_of(rows: &[Row], now: i64) -> Option<Row> {
    let times: Vec<_> = rows.iter().map(Row::times).collect();
    rows.iter().zip(states(&times, now)).find(|(_, state)| *state == State::Next).map(|(row, _)| row.clone())
}

fn ceil_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
