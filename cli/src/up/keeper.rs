//! Keeps one service alive: starts it, starts it again when it dies, and ends it when told to.

use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::console::{Console, Voice};
use super::process::{self, Launch, Process};
use super::readiness::Readiness;
use super::said::Said;
use crate::exit;

/// A service that died this often and was never ready will not be: what it lacks, time does not bring.
pub(super) const HOPELESS_DEATHS: u32 = 3;

/// What a keeper is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Keep,
    Drain,
    Kill,
}

/// What a keeper tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Started, or about to be.
    Starting,
    /// It serves, as this process.
    Ready { pid: i32 },
    /// It never came up, because its configuration is wrong. It is not tried again.
    Refused,
    /// It never came up and is not tried again; this is what became of it each time.
    Hopeless { how: String },
}

/// How a service left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// It drained.
    Drained,
    /// It ended while it should have drained, in this other way.
    Ended { how: String },
    /// It did not drain in time and was killed.
    Overdue,
    /// It was killed, as it was told to be.
    Killed,
    /// It was not running when it was told to go.
    Absent,
}

/// What a keeper works with.
#[derive(Clone)]
pub(super) struct Charge {
    pub(super) voice: Voice,
    pub(super) launch: Launch,
    pub(super) readiness: Readiness,
    /// How long it may take to drain.
    pub(super) patience: Duration,
    pub(super) console: Console,
}

/// The handle of a keeper.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) voice: Voice,
    pub(super) said: Said,
    pub(super) patience: Duration,
    orders: watch::Sender<Order>,
    status: watch::Receiver<Status>,
    work: JoinHandle<Farewell>,
}

impl Keeper {
    /// Starts the service and keeps it running.
    pub(super) fn start(charge: Charge) -> Self {
        let (orders, received) = watch::channel(Order::Keep);
        let (told, status) = watch::channel(Status::Starting);
        let (voice, patience) = (charge.voice, charge.patience);
        let said = Said::new(voice, charge.console.clone());
        let work = Work { charge, said: said.clone(), orders: received, status: told, ready_once: false };
        Self { voice, said, patience, orders, status, work: tokio::spawn(work.keep()) }
    }

    /// Waits until it is settled whether the service came up.
    pub(super) async fn settled(&mut self) -> Status {
        let settled = self.status.wait_for(|status| *status != Status::Starting).await;
        settled.map_or(Status::Refused, |status| status.clone())
    }

    /// What is known of the service, now and later.
    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Ends the service in peace. May be cancelled and called again.
    pub(super) async fn drain(&mut self) -> Farewell {
        self.orders.send_if_modified(|order| {
            let first = *order == Order::Keep;
            if first {
                *order = Order::Drain;
            }
            first
        });
        self.gone().await
    }

    /// Ends the service at once.
    pub(super) fn kill(&self) {
        self.orders.send_replace(Order::Kill);
    }

    /// Waits until the service has gone. May be cancelled and called again until it has answered.
    pub(super) async fn gone(&mut self) -> Farewell {
        (&mut self.work).await.unwrap_or(Farewell::Killed)
    }
}

struct Work {
    charge: Charge,
    said: Said,
    orders: watch::Receiver<Order>,
    status: watch::Sender<Status>,
    ready_once: bool,
}

/// How a life ended.
enum End {
    /// As it was told to.
    Told(Farewell),
    /// By itself.
    Died { how: String, code: Option<i32>, ready_for: Option<Duration> },
}

impl Work {
    async fn keep(mut self) -> Farewell {
        let mut backoff = Backoff::default();
        let mut deaths = 0;
        loop {
            self.said.begin(!self.ready_once);
            let (how, code, ready_for) = match self.live().await {
                End::Told(farewell) => {
                    self.said.release();
                    return farewell;
                }
                End::Died { how, code, ready_for } => (how, code, ready_for),
            };
            deaths += 1;
            if let Some(end) = self.hopeless(deaths, code, &how) {
                self.status.send_replace(end);
                return Farewell::Absent;
            }
            self.said.release();
            let pause = backoff.pause(ready_for);
            let name = self.charge.voice.name;
            self.charge.console.say(&format!("{name} {how}; starting it again in {} s", pause.as_secs_f32()));
            self.status.send_replace(Status::Starting);
            if timeout(pause, told(&mut self.orders)).await.is_ok() {
                return Farewell::Absent;
            }
        }
    }

    /// Whether there is no use in starting it again. A service that was ready once can be.
    fn hopeless(&self, deaths: u32, code: Option<i32>, how: &str) -> Option<Status> {
        if self.ready_once {
            return None;
        }
        if code == Some(exit::CONFIGURATION.into()) {
            return Some(Status::Refused);
        }
        (deaths >= HOPELESS_DEATHS).then(|| Status::Hopeless { how: how.to_owned() })
    }

    /// From a start to an end.
    async fn live(&mut self) -> End {
        let readiness = self.charge.readiness.clone();
        let mut process = match Process::start(&self.charge.launch, &self.said) {
            Ok(process) => process,
            Err(error) => {
                return End::Died { how: format!("could not be started: {error}"), code: None, ready_for: None };
            }
        };
        let reached = readiness.reached();
        tokio::pin!(reached);
        let mut ready_since: Option<Instant> = None;
        loop {
            tokio::select! {
                ended = process.ended() => {
                    let (how, code) = match ended {
                        Ok(status) => (process::in_words(status), status.code()),
                        Err(error) => (format!("is lost: {error}"), None),
                    };
                    return End::Died { how, code, ready_for: ready_since.map(|since| since.elapsed()) };
                }
                () = &mut reached, if ready_since.is_none() => {
                    ready_since = Some(Instant::now());
                    self.is_ready(process.pid());
                }
                order = told(&mut self.orders) => return End::Told(self.end(process, order).await),
            }
        }
    }

    fn is_ready(&mut self, pid: i32) {
        if self.ready_once {
            let name = self.charge.voice.name;
            self.charge.console.say(&format!("{name} is ready again (pid {pid})"));
        }
        self.ready_once = true;
        self.said.release();
        self.status.send_replace(Status::Ready { pid });
    }

    async fn end(&mut self, mut process: Process, order: Order) -> Farewell {
        let mut farewell = Farewell::Killed;
        if order == Order::Drain {
            process.terminate();
            let killed = async {
                // Whoever drops the handle wants it gone.
                let _ = self.orders.wait_for(|order| *order == Order::Kill).await;
            };
            tokio::select! {
                ended = process.ended() => return ended.map_or_else(lost, left),
                () = sleep(self.charge.patience) => farewell = Farewell::Overdue,
                () = killed => {}
            }
        }
        process.kill().await;
        farewell
    }
}

/// How a service left that was asked to.
fn left(status: ExitStatus) -> Farewell {
    // One that had not got as far as to listen for the signal ends by it.
    if status.success() || process::ended_by(status, Signal::TERM) {
        return Farewell::Drained;
    }
    Farewell::Ended { how: process::in_words(status) }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the argument of `map_or_else`")]
fn lost(error: std::io::Error) -> Farewell {
    Farewell::Ended { how: format!("is lost: {error}") }
}

/// Comes back when there is an order other than to go on.
async fn told(orders: &mut watch::Receiver<Order>) -> Order {
    let order = orders.wait_for(|order| *order != Order::Keep).await;
    order.map_or(Order::Kill, |order| *order)
}

#[cfg(test)]
pub(super) mod tests;
