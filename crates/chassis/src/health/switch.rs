//! A switch over a probe's answer: off for good, off for a while, or off for the next few probes.
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{json, lasting};

const MAX_FAILURES: u32 = 1000;

#[derive(Debug, Default)]
pub(super) struct Switch(Mutex<State>);

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    On,
    Off,
    OffUntil(Instant),
    FailNext(u32),
}

/// What `PUT …/status` takes: `{"healthy":false,"for_seconds":60}` or `{"fail_next":3}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    healthy: Option<bool>,
    #[serde(default, deserialize_with = "json::optional_whole_number")]
    for_seconds: Option<u64>,
    #[serde(default, deserialize_with = "json::optional_whole_number")]
    fail_next: Option<u32>,
}

/// A switch as `GET …/status` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    switch: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_next: Option<u32>,
}

impl Status {
    pub(super) fn is_on(&self) -> bool {
        self.switch == "on"
    }
}

impl Switch {
    /// Answers a probe, counting it when the next ones are to fail.
    pub(super) fn probe(&self, now: Instant) -> Status {
        let mut state = self.current(now);
        let status = describe(*state, now);
        if let State::FailNext(left) = *state {
            *state = if left > 1 { State::FailNext(left - 1) } else { State::On };
        }
        status
    }

    /// Looks without counting.
    pub(super) fn status(&self, now: Instant) -> Status {
        describe(*self.current(now), now)
    }

    /// Flips, as the classic lab does: off stays off until it is flipped back.
    pub(super) fn toggle(&self, now: Instant) {
        let mut state = self.current(now);
        *state = if matches!(*state, State::On) { State::Off } else { State::On };
    }

    /// Sets; the error names the field, what is wrong with it and what is allowed.
    pub(super) fn set(&self, setting: Setting, now: Instant) -> Result<(), String> {
        *self.current(now) = setting.state(now)?;
        Ok(())
    }

    fn current(&self, now: Instant) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::OffUntil(end) if end <= now) {
            *state = State::On;
        }
        state
    }
}

impl Setting {
    fn state(self, now: Instant) -> Result<State, String> {
        match (self.healthy, self.for_seconds, self.fail_next) {
            (Some(true), None, None) => Ok(State::On),
            (Some(true), Some(_), None) => Err("for_seconds goes with healthy false".to_owned()),
            (Some(false), seconds, None) => Ok(State::OffUntil(lasting::end(seconds, now)?)),
            (None, None, Some(count)) if (1..=MAX_FAILURES).contains(&count) => Ok(State::FailNext(count)),
            (None, None, Some(_)) => Err(format!("fail_next is out of range; allowed: 1 to {MAX_FAILURES}")),
            _ => Err(r#"allowed: {"healthy":true}, {"healthy":false,"for_seconds":60} or {"fail_next":3}"#.to_owned()),
        }
    }
}

fn describe(state: State, now: Instant) -> Status {
    let (switch, ends_in_seconds, fail_next) = match state {
        State::On => ("on", None, None),
        State::Off => ("off", None, None),
        State::OffUntil(end) => ("off", Some(lasting::seconds_left(end, now)), None),
        State::FailNext(left) => ("off", None, Some(left)),
    };
    Status { switch, ends_in_seconds, fail_next }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn set(switch: &Switch, body: &str, now: Instant) -> Result<(), String> {
        switch.set(serde_json::from_str(body).expect("a setting"), now)
    }

    #[test]
    fn set_unhealthy_ends_by_itself_after_a_minute_unless_said_otherwise() {
        let (switch, now) = (Switch::default(), Instant::now());
        set(&switch, r#"{"healthy":false}"#, now).expect("accepted");
        assert!(!switch.probe(now + Duration::from_secs(59)).is_on());
        assert!(switch.probe(now + Duration::from_mins(1)).is_on());
    }

    #[test]
    fn fail_next_fails_as_many_probes_and_looking_counts_nothing() {
        let (switch, now) = (Switch::default(), Instant::now());
        set(&switch, r#"{"fail_next":2}"#, now).expect("accepted");
        assert_eq!(switch.status(now).fail_next, Some(2));
        let answers: Vec<bool> = (0..3).map(|_| switch.probe(now).is_on()).collect();
        assert_eq!(answers, [false, false, true]);
    }

    #[test]
    fn the_classic_toggle_stays_until_it_is_flipped_back() {
        let (switch, now) = (Switch::default(), Instant::now());
        switch.toggle(now);
        assert!(!switch.probe(now + Duration::from_secs(100_000)).is_on());
        switch.toggle(now);
        assert!(switch.probe(now).is_on());
    }

    #[test]
    fn a_setting_that_makes_no_sense_says_what_is_allowed() {
        let (switch, now) = (Switch::default(), Instant::now());
        for (body, part) in [
            (r#"{"healthy":false,"for_seconds":0}"#, "1 to 3600"),
            (r#"{"healthy":false,"for_seconds":3601}"#, "1 to 3600"),
            (r#"{"fail_next":0}"#, "1 to 1000"),
            (r#"{"healthy":true,"fail_next":1}"#, "allowed"),
            ("{}", "allowed"),
        ] {
            let wrong = set(&switch, body, now).expect_err(body);
            assert!(wrong.contains(part), "{body}: {wrong}");
            assert!(switch.status(now).is_on(), "{body} changed nothing");
        }
    }
}
