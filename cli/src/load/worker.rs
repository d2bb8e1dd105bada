//! One connection's work: wait for a turn, ask, wait for the answer, write down what became of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::response::Parts;
use http::{HeaderValue, StatusCode};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::bearer::Bearer;
use super::clock::Clock;
use super::connection::{Connector, Link, TimedOut};
use super::deadline::Deadline;
use super::failure::{Failure, Kind};
use super::good::Good;
use super::ledger::{Answer, Asked, Ledger, Took};
use super::mix::Mix;
use super::pace::{JUST_NOW, Pace, Turn};
use super::request::Requests;

/// What is kept of the body of an answer that is not good, for its problem text.
const KEPT_BODY: usize = 4096;
/// A closed loop would otherwise knock as fast as it can where nobody listens.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long the first request waits for the connection that was begun before it, without that counting as its latency.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection that is being made.
type Connecting = JoinHandle<Result<Link, Failure>>;

/// What all connections of a run share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    pub(super) connector: Connector,
    pub(super) requests: Requests,
    pub(super) mix: Mix,
    pub(super) bearer: Option<Arc<Bearer>>,
    pub(super) good: Good,
    pub(super) timeout: Duration,
    pub(super) keep_alive: bool,
    /// When the last request is to be begun, unless the run is stopped before.
    pub(super) end: Duration,
}

/// One connection.
pub(super) struct Worker {
    shared: Arc<Shared>,
    ledger: Arc<Ledger>,
    index: usize,
    turn: u64,
    link: Option<Link>,
    /// Begun before the first request, and not ready when that was due: the request takes over.
    connecting: Option<Connecting>,
    deadline: Deadline,
    /// The path and id of the request in flight.
    current: Option<(usize, Option<HeaderValue>)>,
    pause: Duration,
    authorization: (u64, Option<HeaderValue>),
}

/// An answer, read to its end.
struct Read {
    head: Parts,
    body_bytes: u64,
    is_good: bool,
    body: Vec<u8>,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, ledger: Arc<Ledger>, index: usize) -> Self {
        let deadline = Deadline::at(shared.clock.start);
        Self {
            shared,
            ledger,
            index,
            turn: 0,
            link: None,
            connecting: None,
            deadline,
            current: None,
            pause: FIRST_PAUSE,
            authorization: (0, None),
        }
    }

    /// Asks until there are no more turns.
    pub(super) async fn work(mut self) {
        if self.shared.keep_alive && self.shared.pace.wants_at_start(self.index) {
            self.connect_before_start().await;
        }
        self.shared.clock.sleep_until(self.shared.clock.start).await;
        while let Some(turn) = self.next_turn().await {
            self.take(turn).await;
            self.turn += 1;
        }
    }

    /// So that no answer is slow for want of a connection. Where it fails, the first request will say why; where it is not
    /// ready in time, the first request waits for it, so that a server that keeps silent is not passed over in silence.
    async fn connect_before_start(&mut self) {
        let shared = Arc::clone(&self.shared);
        let (start, limit) = (shared.clock.start, shared.timeout);
        let patience = PATIENCE.min(shared.end / 2);
        let mut connecting = tokio::spawn(async move { shared.connector.connect(start + limit, limit).await });
        match timeout_at(start + patience, &mut connecting).await {
            Ok(ended) => self.link = ended.ok().and_then(Result::ok),
            Err(_) => self.connecting = Some(connecting),
        }
        self.link.iter().for_each(|_| self.ledger.connected());
    }

    async fn next_turn(&mut self) -> Option<Turn> {
        let next = self.shared.pace.next(self.index, &self.shared.clock);
        match &mut self.link {
            Some(link) => link.idle(next).await,
            None => next.await,
        }
    }

    async fn take(&mut self, turn: Turn) {
        let shared = Arc::clone(&self.shared);
        let path = shared.mix.at(self.index, self.turn);
        let id = shared.requests.id(self.index, self.turn);
        let sent = Instant::now();
        self.deadline.move_to(sent + shared.timeout);
        self.current = Some((path, id.clone()));
        let result = self.exchange(path, id.clone()).await;
        self.current = None;
        let now = Instant::now();
        let at = shared.clock.at(now);
        let end = shared.clock.end(shared.end);
        let (since, service_time, late) = match turn {
            Turn::Now => (sent, None, at > end),
            // What the schedule asked for counts whenever it was answered, unless it waited beyond the end to be sent.
            Turn::Due(due) => (due, Some(now - sent), shared.clock.at(sent) > end + JUST_NOW),
        };
        let took = Took { at, latency: now.duration_since(since), service_time, late };
        let asked = Asked { requests: &shared.requests, path, id: id.as_ref() };
        match result {
            Ok(Read { head, body_bytes, is_good, body }) => {
                if head.status == StatusCode::UNAUTHORIZED {
                    shared.bearer.iter().for_each(|bearer| bearer.refused(self.authorization.0));
                }
                let answer = Answer { status: head.status.as_u16(), fields: &head.headers, body_bytes, body: &body };
                if is_good {
                    self.ledger.good(path, took, &answer);
                } else {
                    self.ledger.bad(asked, took, &answer);
                }
                if !shared.keep_alive {
                    self.link = None;
                }
            }
            Err(failure) => {
                self.link = None;
                self.ledger.failed(asked, at, &failure);
                if turn == Turn::Now && is_about_connecting(failure.kind) {
                    shared.clock.sleep_until(now + self.pause).await;
                    self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn exchange(&mut self, path: usize, id: Option<HeaderValue>) -> Result<Read, Failure> {
        let shared = Arc::clone(&self.shared);
        let timed_out = |TimedOut| Failure::timed_out(shared.timeout);
        let mut link = self.open_link().await?;
        let request = shared.requests.make(path, self.authorization(), id);
        let answer = link.ask(request, &mut self.deadline).await.map_err(timed_out)?;
        let (head, mut body) = answer.map_err(|error| Failure::of_exchange(&error, false))?.into_parts();
        let is_good = shared.good.includes(head.status);
        let mut kept = Vec::new();
        let most = if is_good { 0 } else { KEPT_BODY };
        let length = link.read(&mut body, &mut self.deadline, &mut kept, most).await.map_err(timed_out)?;
        let body_bytes = length.map_err(|error| Failure::of_exchange(&error, true))?;
        self.link = Some(link);
        Ok(Read { head, body_bytes, is_good, body: kept })
    }

    /// The connection there is, if it takes a request; else a new one.
    async fn open_link(&mut self) -> Result<Link, Failure> {
        if let Some(mut link) = self.link.take()
            && link.is_ready(&mut self.deadline).await
        {
            return Ok(link);
        }
        let (by, limit) = (self.deadline.instant(), self.shared.timeout);
        let link = match self.connecting.take().filter(|connecting| !connecting.is_finished()) {
            Some(begun) => begun.await.expect("neither panics nor is aborted while it is waited for"),
            None => self.shared.connector.connect(by, limit).await,
        }?;
        self.ledger.connected();
        self.pause = FIRST_PAUSE;
        Ok(link)
    }

    /// The `Authorization` field as it is now: it changes when the token is refreshed.
    fn authorization(&mut self) -> Option<&HeaderValue> {
        let bearer = self.shared.bearer.as_ref()?;
        let generation = bearer.generation().load(Ordering::Acquire);
        if self.authorization.0 != generation {
            self.authorization = (generation, Some(bearer.field()));
        }
        self.authorization.1.as_ref()
    }
}

/// A run that is stopped does not wait for ever, and names what it left.
impl Drop for Worker {
    fn drop(&mut self) {
        self.connecting.iter().for_each(JoinHandle::abort);
        if let Some((path, id)) = self.current.take() {
            let asked = Asked { requests: &self.shared.requests, path, id: id.as_ref() };
            let failure = Failure::new(Kind::Abandoned, "it was in flight when the run was stopped");
            self.ledger.failed(asked, self.shared.clock.elapsed(), &failure);
        }
    }
}

const fn is_about_connecting(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Unresolved
            | Kind::Foreign
            | Kind::Refused
            | Kind::Exhausted
            | Kind::Unreachable
            | Kind::Tls
            | Kind::Closed
    )
}
