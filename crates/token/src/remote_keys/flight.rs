//! One fetch at a time, however many ask; and on behalf of strangers at most one per interval.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::fetch::FetchError;

pub(super) type Outcome = Result<(), FetchError>;

/// On whose behalf a fetch is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The service itself: at start, or on schedule.
    ByUs,
    /// Whoever sent a token with an unknown `kid`. Anybody can do that, so it is limited.
    ByStranger,
}

pub(super) struct Flights {
    min_interval: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last flight started; it is over once its channel holds an outcome or has lost its sender.
    last: Option<Flight>,
    last_for_stranger: Option<Instant>,
}

impl Flights {
    pub(super) fn new(min_interval: Duration) -> Self {
        Self { min_interval, state: Mutex::default() }
    }

    /// Joins the flight under way, or starts one as a task of its own; `None` if strangers have had theirs.
    ///
    /// The lock guards the decision only; the fetch runs outside.
    pub(super) fn join<F>(&self, wanted: Wanted, fetch: impl FnOnce() -> F) -> Option<Flight>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.under_way() {
            Some(flight) => Some(flight),
            None => state.start(wanted, self.min_interval, fetch),
        }
    }
}

impl State {
    fn under_way(&self) -> Option<Flight> {
        let flight = self.last.as_ref()?;
        let landed = flight.outcome.borrow().is_some();
        let lost = flight.outcome.has_changed().is_err();
        (!landed && !lost).then(|| flight.clone())
    }

    fn start<F>(&mut self, wanted: Wanted, min_interval: Duration, fetch: impl FnOnce() -> F) -> Option<Flight>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        if wanted == Wanted::ByStranger {
            let too_soon = |last: Instant| last.elapsed() < min_interval;
            if self.last_for_stranger.is_some_and(too_soon) {
                return None;
            }
            self.last_for_stranger = Some(Instant::now());
        }
        let (landed, flight) = watch::channel(None);
        let flight = Flight { outcome: flight, started: Instant::now() };
        let fetch = fetch();
        tokio::spawn(async move {
            let outcome = fetch.await;
            landed.send_replace(Some(outcome));
        });
        self.last = Some(flight.clone());
        Some(flight)
    }
}

/// A fetch that somebody started.
#[derive(Clone)]
pub(super) struct Flight {
    outcome: watch::Receiver<Option<Outcome>>,
    started: Instant,
}

impl Flight {
    /// Waits until it is over.
    pub(super) async fn landing(mut self) -> Outcome {
        match self.outcome.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(Err(FetchError::Abandoned)),
            Err(_) => Err(FetchError::Abandoned),
        }
    }

    /// Waits until it is over, or until it takes longer than a fetch should; says whether it is over.
    pub(super) async fn landing_within(self, usual: Duration) -> bool {
        let deadline = self.started + usual;
        timeout_at(deadline, self.landing()).await.is_ok()
    }
}
