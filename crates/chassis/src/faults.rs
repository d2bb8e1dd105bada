//! Faults on the http port, for lessons: a delay, a share of errors, each ending by itself.
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{Problem, json, lasting};

const MAX_DELAY_MS: u64 = 30_000;
const INJECTED: HeaderName = HeaderName::from_static("x-fault-injected");

/// The faults in force. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Spares each request the lock while there is no fault.
    any: AtomicBool,
    fault: Mutex<Option<Fault>>,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    delay: Duration,
    error_percent: u8,
    end: Instant,
}

/// What `PUT /faults` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    #[serde(default, deserialize_with = "json::whole_number")]
    delay_ms: u64,
    #[serde(default, deserialize_with = "json::whole_number")]
    error_percent: u8,
    #[serde(default, deserialize_with = "json::optional_whole_number")]
    for_seconds: Option<u64>,
}

/// What `/faults` shows.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Status {
    pub(crate) delay_ms: u64,
    pub(crate) error_percent: u8,
    pub(crate) ends_in_seconds: u64,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(crate) struct Injected {
    delay: Duration,
    error: bool,
}

impl Faults {
    /// The error names the field and what is allowed.
    pub(crate) fn set(&self, setting: &Setting, now: Instant) -> Result<(), String> {
        let end = lasting::end(setting.for_seconds, now)?;
        if setting.delay_ms > MAX_DELAY_MS {
            return Err(format!("delay_ms is out of range; allowed: 0 to {MAX_DELAY_MS}"));
        }
        if setting.error_percent > 100 {
            return Err("error_percent is out of range; allowed: 0 to 100".to_owned());
        }
        if setting.delay_ms == 0 && setting.error_percent == 0 {
            return Err("neither delay_ms nor error_percent is given; DELETE /faults ends faults".to_owned());
        }
        let fault = Fault { delay: Duration::from_millis(setting.delay_ms), error_percent: setting.error_percent, end };
        let mut current = self.lock();
        *current = Some(fault);
        self.0.any.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn end(&self) {
        self.clear(&mut self.lock());
    }

    /// Under the lock, so that a fault that is set at the same time is not lost.
    fn clear(&self, current: &mut Option<Fault>) {
        *current = None;
        self.0.any.store(false, Ordering::Release);
    }

    pub(crate) fn status(&self, now: Instant) -> Status {
        self.current(now).map_or_else(Status::default, |fault| Status {
            delay_ms: u64::try_from(fault.delay.as_millis()).unwrap_or(MAX_DELAY_MS),
            error_percent: fault.error_percent,
            ends_in_seconds: lasting::seconds_left(fault.end, now),
        })
    }

    /// Rolls the dice for one request; `None` nearly always.
    pub(crate) fn roll(&self, now: Instant) -> Option<Injected> {
        if !self.0.any.load(Ordering::Acquire) {
            return None;
        }
        let fault = self.current(now)?;
        let error = rand::random_range(0..100) < fault.error_percent;
        (error || !fault.delay.is_zero()).then_some(Injected { delay: fault.delay, error })
    }

    fn current(&self, now: Instant) -> Option<Fault> {
        let mut current = self.lock();
        if current.is_some_and(|fault| fault.end <= now) {
            self.clear(&mut current);
        }
        *current
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Fault>> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Injected {
    /// Waits, then answers in the handler's place if this one is to fail.
    pub(crate) async fn before(&self) -> Option<Response> {
        tokio::time::sleep(self.delay).await;
        self.error.then(|| Problem::new(StatusCode::INTERNAL_SERVER_ERROR).detail("an injected fault").into_response())
    }

    /// Labels an affected answer, so that nobody hunts a fault that was asked for.
    pub(crate) fn label(&self, response: &mut Response) {
        let kind = match (self.delay.is_zero(), self.error) {
            (false, true) => "delay, error",
            (false, false) => "delay",
            (true, _) => "error",
        };
        response.headers_mut().insert(INJECTED, HeaderValue::from_static(kind));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(body: &str) -> Setting {
        serde_json::from_str(body).expect("a setting")
    }

    #[test]
    fn a_fault_ends_by_itself() {
        let (faults, now) = (Faults::default(), Instant::now());
        faults.set(&setting(r#"{"error_percent":100,"for_seconds":5}"#), now).expect("accepted");
        assert!(faults.roll(now + Duration::from_secs(4)).is_some());
        assert!(faults.roll(now + Duration::from_secs(5)).is_none());
    }

    #[test]
    fn about_as_many_requests_fail_as_were_asked_for() {
        let (faults, now) = (Faults::default(), Instant::now());
        faults.set(&setting(r#"{"error_percent":30}"#), now).expect("accepted");
        let failed = (0..10_000).filter(|_| faults.roll(now).is_some()).count();
        assert!((2_500..3_500).contains(&failed), "{failed} of 10000");
    }

    #[test]
    fn a_fault_out_of_range_names_the_field() {
        let (faults, now) = (Faults::default(), Instant::now());
        for (body, field) in [
            (r#"{"delay_ms":30001}"#, "delay_ms"),
            (r#"{"error_percent":101}"#, "error_percent"),
            (r#"{"delay_ms":1,"for_seconds":0}"#, "for_seconds"),
            ("{}", "delay_ms"),
        ] {
            assert!(faults.set(&setting(body), now).expect_err(body).contains(field), "{body}");
        }
    }
}
