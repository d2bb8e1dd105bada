//! Keeps one service alive: starts it, starts it again when it dies, and ends it when told to.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::console::{Console, Voice};
use super::logs::Recent;
use super::process::{self, Launch, Process};
use super::readiness::Readiness;
use crate::exit;

/// A draining service has 20 s for what is in flight; then something is wrong with it.
const DRAIN_DEADLINE: Duration = Duration::from_secs(30);

/// What a keeper is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Keep,
    Drain,
    Kill,
}

/// What a keeper tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Started, or about to be.
    Starting,
    /// It serves, as this process.
    Ready { pid: i32 },
    /// It never came up, because its configuration is wrong. It is not tried again.
    Refused,
}

/// How a service left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// It drained.
    Drained,
    /// It had to be killed.
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
    pub(super) console: Console,
}

/// The handle of a keeper.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) voice: Voice,
    pub(super) recent: Recent,
    orders: watch::Sender<Order>,
    status: watch::Receiver<Status>,
    work: JoinHandle<Farewell>,
}

impl Keeper {
    /// Starts the service and keeps it running.
    pub(super) fn start(charge: Charge) -> Self {
        let (orders, received) = watch::channel(Order::Keep);
        let (told, status) = watch::channel(Status::Starting);
        let recent = Recent::default();
        let voice = charge.voice;
        let work = Work { charge, recent: recent.clone(), orders: received, status: told, ready_once: false };
        Self { voice, recent, orders, status, work: tokio::spawn(work.keep()) }
    }

    /// Waits until it is settled whether the service came up.
    pub(super) async fn settled(&mut self) -> Status {
        let settled = self.status.wait_for(|status| *status != Status::Starting).await;
        settled.map_or(Status::Refused, |status| *status)
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
    recent: Recent,
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
        loop {
            let (how, code, ready_for) = match self.live().await {
                End::Told(farewell) => return farewell,
                End::Died { how, code, ready_for } => (how, code, ready_for),
            };
            let name = self.charge.voice.name;
            if !self.ready_once && code == Some(exit::CONFIGURATION.into()) {
                self.status.send_replace(Status::Refused);
                return Farewell::Absent;
            }
            let pause = backoff.pause(ready_for);
            self.charge.console.say(&format!("{name} {how}; starting it again in {} s", pause.as_secs_f32()));
            self.status.send_replace(Status::Starting);
            if timeout(pause, told(&mut self.orders)).await.is_ok() {
                return Farewell::Absent;
            }
        }
    }

    /// From a start to an end.
    async fn live(&mut self) -> End {
        let Charge { voice, launch, readiness, console } = self.charge.clone();
        let mut process = match Process::start(&launch, voice, &console, &self.recent) {
            Ok(process) => process,
            Err(error) => return End::Died { how: format!("cannot be started: {error}"), code: None, ready_for: None },
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
            self.charge.console.say(&format!("{} is ready again (pid {pid})", self.charge.voice.name));
        }
        self.ready_once = true;
        self.status.send_replace(Status::Ready { pid });
    }

    async fn end(&mut self, mut process: Process, order: Order) -> Farewell {
        if order == Order::Drain {
            process.terminate();
            let killed = async {
                // Whoever drops the handle wants it gone.
                let _ = self.orders.wait_for(|order| *order == Order::Kill).await;
            };
            tokio::select! {
                _ = process.ended() => return Farewell::Drained,
                () = sleep(DRAIN_DEADLINE) => {}
                () = killed => {}
            }
        }
        process.kill().await;
        Farewell::Killed
    }
}

/// Comes back when there is an order other than to go on.
async fn told(orders: &mut watch::Receiver<Order>) -> Order {
    let order = orders.wait_for(|order| *order != Order::Keep).await;
    order.map_or(Order::Kill, |order| *order)
}

#[cfg(test)]
pub(super) mod tests;
