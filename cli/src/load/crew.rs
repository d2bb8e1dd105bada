//! The threads of a run: each drives its share of the connections, and tears a page out of its ledger every quarter of a
//! second. They share nothing that one would have to wait for.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at};

use super::ledger::Ledger;
use super::pace::{OpenLoop, sleep_precisely};
use super::tally::Tally;
use super::worker::{Shared, Worker};

/// How long a page is.
pub(super) const QUARTER: Duration = Duration::from_millis(250);
/// How long a stopped run waits for what is in flight.
const GRACE: Duration = Duration::from_secs(2);

/// What a thread says.
#[derive(Debug)]
pub(super) enum Said {
    /// What it counted in a quarter of a second, by number.
    Page { thread: usize, quarter: u64, tally: Box<Tally> },
    /// That there will be no more.
    Done { thread: usize },
}

/// A thread for these connections.
pub(super) fn join_in(
    thread: usize,
    connections: Vec<usize>,
    shared: Arc<Shared>,
    said: UnboundedSender<Said>,
) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name(format!("load-{thread}")).spawn(move || {
        runtime.block_on(drive(thread, connections, shared, said));
        // A name may still be looked up for a connection that nobody wants any more.
        runtime.shutdown_background();
    })
}

/// The thread that tells when requests are due.
pub(super) fn keep_time(pace: Arc<OpenLoop>, shared: Arc<Shared>, connections: usize) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("metronome".to_owned()).spawn(move || {
        sleep_precisely();
        pace.keep_time(&shared.clock, connections);
    })
}

async fn drive(thread: usize, connections: Vec<usize>, shared: Arc<Shared>, said: UnboundedSender<Said>) {
    let ledger = Arc::new(Ledger::new(shared.mix.paths().len()));
    let mut workers = JoinSet::new();
    for connection in connections {
        workers.spawn(Worker::new(Arc::clone(&shared), Arc::clone(&ledger), connection).work());
    }
    let mut ticks = interval_at(shared.clock.start + QUARTER, QUARTER);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let enough = async {
        shared.clock.stop.stopped().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::pin!(enough);
    let mut patient = true;
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick() => {
                // Counted before the quarter that has just begun.
                let quarter = quarter(&shared).saturating_sub(1);
                // Nobody listens any more when the run was dropped; the stop that comes with it ends this.
                let _ = said.send(Said::Page { thread, quarter, tally: Box::new(ledger.tear_out()) });
            }
            () = &mut enough, if patient => {
                patient = false;
                workers.abort_all();
            }
            ended = workers.join_next() => match ended {
                None => break,
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(_) => (),
            },
        }
    }
    let _ = said.send(Said::Page { thread, quarter: quarter(&shared), tally: Box::new(ledger.tear_out()) });
    let _ = said.send(Said::Done { thread });
}

fn quarter(shared: &Shared) -> u64 {
    u64::try_from(shared.clock.elapsed().as_millis() / QUARTER.as_millis()).unwrap_or(u64::MAX)
}
