//! Replacing signing keys: published first, signing when every verifier may have seen it, gone when nothing it signed
//! is good any more. Each order is one transaction, and of several at once one comes after the other.
use std::time::{Duration, SystemTime};

use token::SigningKey;

use super::{
    Error, Store,
    life::{Schedule, State, states},
    store::{ALL, Row, audit_made},
};
use crate::{
    audit::{self, utc},
    database::transaction,
    users::seconds,
};

/// Locks every key (`FOR UPDATE` is not in SQLite's language, and SQLite's transactions need no more than their start).
const LOCK: &str = "UPDATE signing_keys SET generation = generation";
const MAKE: &str =
    "INSERT INTO signing_keys (kid, sealed, generation, created_at, signs_at) VALUES ($1, $2, $3, $4, $5)";
const LIVE: &str = "UPDATE signing_keys SET signs_at = $1, retires_at = $2 WHERE kid = $3";

/// A new key.
#[derive(Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Its name.
    pub kid: String,
    /// From when it signs, in seconds since the epoch.
    pub signs_at: i64,
}

/// What an order comes to: the lives that change, and from when a new key signs, if one is made.
#[derive(Debug, Default)]
struct Plan {
    changed: Vec<Row>,
    made: Option<i64>,
}

impl Store {
    /// Makes the next key. It signs after the schedule's lead, or at once: then a verifier that keeps the old set
    /// without asking for an unknown key refuses new tokens for a while.
    pub async fn rotate(&self, schedule: &Schedule, at_once: bool, now: SystemTime) -> Result<Rotated, Error> {
        let now = seconds(now);
        let (key, plan) = self.carry_out(now, |rows| rotation(rows, schedule, at_once, now)).await?;
        let signs_at = plan.made.unwrap_or(now);
        audit_made(&key, signs_at);
        Ok(Rotated { kid: key.kid().to_owned(), signs_at })
    }

    /// Lets a key retire: when nothing that it signed is good any more, or at once. One that signs is replaced first:
    /// at once by the next key, or by a new one. One that has not signed yet goes at once, and its rotation is undone.
    pub async fn retire(&self, kid: &str, schedule: &Schedule, at_once: bool, now: SystemTime) -> Result<i64, Error> {
        let now = seconds(now);
        let (made, plan) = self.carry_out(now, |rows| retirement(rows, kid, schedule, at_once, now)).await?;
        let end = plan.changed.iter().find(|row| row.kid == kid).and_then(|row| row.retires_at).unwrap_or(now);
        if plan.made.is_some() {
            audit_made(&made, now);
        }
        tracing::warn!(target: audit::TARGET, event = "key.retired", kid, at = utc(end), "signing key retired by order");
        Ok(end)
    }

    /// Decides on the keys as they are while nobody else can change them, and does it: all of it, or nothing.
    async fn carry_out(
        &self,
        now: i64,
        decide: impl Fn(&[Row]) -> Result<Plan, String> + Sync,
    ) -> Result<(SigningKey, Plan), Error> {
        let (key, sealed) = self.make()?;
        let outcome = transaction!(&self.database, transaction => {
            sqlx::query(LOCK).execute(&mut *transaction).await?;
            let rows: Vec<Row> = sqlx::query_as(ALL).fetch_all(&mut *transaction).await?;
            // Whoever cannot open the keys there are would add one that nobody else can.
            let decided = match rows.iter().find(|row| row.times().is_published(now) && self.open(row).is_err()) {
                Some(row) => Err(format!("{} is sealed with another key than {}", row.kid, self.keyring.origin())),
                None => decide(&rows),
            };
            if let Ok(plan) = &decided {
                for row in &plan.changed {
                    sqlx::query(LIVE)
                        .bind(row.signs_at).bind(row.retires_at).bind(&row.kid)
                        .execute(&mut *transaction).await?;
                }
                if let Some(signs_at) = plan.made {
                    let generation = rows.last().map_or(1, |row| row.generation + 1);
                    sqlx::query(MAKE)
                        .bind(key.kid()).bind(&sealed).bind(generation).bind(now).bind(signs_at)
                        .execute(&mut *transaction).await?;
                }
            }
            decided
        })?;
        outcome.map(|plan| (key, plan)).map_err(Error::Refused)
    }
}

/// The next key, and an end for those before it.
fn rotation(rows: &[Row], schedule: &Schedule, at_once: bool, now: i64) -> Result<Plan, String> {
    let times: Vec<_> = rows.iter().map(Row::times).collect();
    let mut next = rows.iter().zip(states(&times, now)).filter(|(_, state)| *state == State::Next);
    if let Some((next, _)) = next.find(|(row, _)| row.times().is_next(now)).filter(|_| !at_once) {
        return Err(format!("a rotation is under way: {} signs from {}", next.kid, utc(next.signs_at)));
    }
    // Without a key that signs there is nothing to wait for.
    let at_once = at_once || in_state(rows, State::Signing, now).is_none();
    let signs_at = if at_once { now } else { after(now, schedule.lead()) };
    let end = after(signs_at, schedule.tail());
    let published = rows.iter().filter(|row| row.times().is_published(now));
    Ok(Plan { changed: published.map(|row| ending(row, end)).collect(), made: Some(signs_at) })
}

/// The end of one key, and what must follow from it.
fn retirement(rows: &[Row], kid: &str, schedule: &Schedule, at_once: bool, now: i64) -> Result<Plan, String> {
    let times: Vec<_> = rows.iter().map(Row::times).collect();
    let found = rows.iter().zip(states(&times, now)).find(|(row, _)| row.kid == kid);
    let (row, state) = found.ok_or_else(|| format!("there is no key {kid}; `key list` names them"))?;
    let at_last = after(now, schedule.tail());
    match state {
        State::Retired => Err(format!("{kid} has retired already")),
        State::Retiring => {
            let end = if at_once { now } else { at_last };
            Ok(Plan { changed: vec![ending(row, end)], made: None })
        }
        State::Next => {
            // What its rotation has condemned goes on.
            let spared = in_state(rows, State::Signing, now).map(|row| Row { retires_at: None, ..row });
            Ok(Plan { changed: [ending(row, now)].into_iter().chain(spared).collect(), made: None })
        }
        State::Signing if !at_once => Err(format!("{kid} signs: `key rotate` first, or retire it with --now")),
        State::Signing => match in_state(rows, State::Next, now) {
            Some(next) => Ok(Plan {
                changed: vec![ending(row, now), Row { signs_at: now, retires_at: None, ..next }],
                made: None,
            }),
            None => Ok(Plan { changed: vec![ending(row, now)], made: Some(now) }),
        },
    }
}

fn in_state(rows: &[Row], wanted: State, now: i64) -> Option<Row> {
    let times: Vec<_> = rows.iter().map(Row::times).collect();
    rows.iter().zip(states(&times, now)).find(|(_, state)| *state == wanted).map(|(row, _)| row.clone())
}

/// The same key with this end, unless it has an earlier one.
fn ending(row: &Row, end: i64) -> Row {
    Row { retires_at: Some(row.retires_at.map_or(end, |before| before.min(end))), ..row.clone() }
}

fn after(time: i64, span: Duration) -> i64 {
    time.saturating_add_unsigned(span.as_secs() + u64::from(span.subsec_nanos() > 0))
}
