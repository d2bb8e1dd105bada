//! What a kubelet does in a cluster, for one process: it asks the probes, tells the balancer who is ready, and ends who is
//! not alive. Starting it again is the keeper's work, as for any service that ended.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use url::Url;

use super::balancer::{Board, NOTICE};
use crate::up::keeper::Status;
use crate::web;

/// `periodSeconds`, in small: a demo has no time for the usual ten seconds.
const PERIOD: Duration = Duration::from_millis(200);
/// `timeoutSeconds`, its smallest.
const TIMEOUT: Duration = Duration::from_secs(1);
/// `failureThreshold`, as usual.
const THRESHOLD: u32 = 3;

/// Probes one instance until it is dropped.
#[derive(Debug)]
pub(super) struct Kubelet(AbortHandle);

impl Kubelet {
    pub(super) fn watch(
        name: &'static str,
        health: SocketAddr,
        status: watch::Receiver<Status>,
        board: Board,
    ) -> anyhow::Result<Self> {
        let at = |path| -> anyhow::Result<Url> { Ok(format!("http://{health}{path}").parse()?) };
        let (readiness, liveness) = (at("/readiness")?, at("/healthz")?);
        let client = web::client(&readiness, TIMEOUT)?;
        let work = async move {
            tokio::join!(tell(name, &client, &readiness, &board), end_if_dead(&client, &liveness, status),);
        };
        Ok(Self(tokio::spawn(work).abort_handle()))
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn tell(name: &'static str, client: &Client, readiness: &Url, board: &Board) {
    let mut ticks = ticks();
    let (mut known, mut silent) = (false, 0);
    loop {
        ticks.tick().await;
        let answer = ask(client, readiness).await;
        silent = if answer.is_none() { silent + 1 } else { 0 };
        // What it says counts at once. Silence may be this machine's: it counts when it lasts.
        let ready = answer.map_or(known && silent < THRESHOLD, |status| status == StatusCode::OK);
        if ready != known {
            if !ready {
                sleep(NOTICE).await;
            }
            board.set_ready(name, ready);
            known = ready;
        }
    }
}

async fn end_if_dead(client: &Client, liveness: &Url, status: watch::Receiver<Status>) {
    let mut ticks = ticks();
    let mut failures = 0;
    loop {
        ticks.tick().await;
        // One that does not answer has ended, or is about to start: its keeper knows.
        let sick = ask(client, liveness).await == Some(StatusCode::SERVICE_UNAVAILABLE);
        failures = if sick { failures + 1 } else { 0 };
        let pid = match *status.borrow() {
            Status::Ready { pid } => Pid::from_raw(pid),
            _ => None,
        };
        if let Some(pid) = pid.filter(|_| failures == THRESHOLD) {
            // It has just answered, so the id is still its own.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn ask(client: &Client, url: &Url) -> Option<StatusCode> {
    web::answer(client.get(url.clone())).await.ok().map(|answer| answer.status)
}
