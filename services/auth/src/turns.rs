//! Fair turns: who waits for the database or for a hashing, and who is next.
//!
//! Clients take turns, however many attempts each of them has waiting; and so do the names within a client, because all
//! clients behind one address look like one. When no more may wait, the newest attempt of the client with the most waiting
//! gives way to one of a client with fewer. So a client that sends many logins at once holds up itself, and not others.
mod queue;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use self::queue::{Queue, Waiter};

/// For whom something is looked up or hashed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requester {
    /// The client's network, where it has one.
    pub client: Option<IpAddr>,
    /// The account's name, or a hash of it.
    pub name: String,
}

/// No more may wait.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Hands out turns. Cheap to clone; clones share the queue.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    places: usize,
    number: u64,
    queue: Queue,
}

/// The right to hash; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Turns);

impl Turns {
    /// This number of turns at the same time, and places for those that wait.
    pub(crate) fn new(turns: usize, places: usize) -> Self {
        Self(Arc::new(Mutex::new(State { free: turns, places, number: 0, queue: Queue::default() })))
    }

    /// Waits for a turn. Fails at once if no more may wait, and later if it has to give way.
    pub(crate) async fn acquire(&self, requester: &Requester) -> Result<Turn, Full> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(self.clone()));
            }
            if state.queue.len() >= state.places && !state.queue.make_room_for(requester) {
                return Err(Full);
            }
            state.number += 1;
            let number = state.number;
            state.queue.push(requester, Waiter { number, turn: sender });
            Waiting { turns: self, requester, number, receiver: Some(receiver) }
        };
        // It is taken out only when it has answered: until then dropping this future gives a turn back that has come.
        let Some(receiver) = waiting.receiver.as_mut() else { return Err(Full) };
        let outcome = receiver.await;
        waiting.receiver = None;
        outcome.map(|()| Turn(self.clone())).map_err(|_| Full)
    }

    /// Gives a turn to the next one that still waits.
    fn release(&self) {
        let mut state = self.lock();
        while let Some(waiter) = state.queue.pop() {
            if waiter.turn.send(()).is_ok() {
                return;
            }
        }
        state.free += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A place in the queue, left when the client goes away.
struct Waiting<'a> {
    turns: &'a Turns,
    requester: &'a Requester,
    number: u64,
    receiver: Option<oneshot::Receiver<()>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(mut receiver) = self.receiver.take() else { return };
        self.turns.lock().queue.remove(self.requester, self.number);
        if receiver.try_recv().is_ok() {
            self.turns.release();
        }
    }
}

/// Turns at looking an account up, before its password is hashed. The database has few connections, and the logins of one
/// client must not keep others from them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Lookups {
    turns: Turns,
    patience: Duration,
}

impl Lookups {
    /// This number at the same time, and places for those that wait, no longer than `patience`.
    pub(crate) fn new(turns: usize, places: usize, patience: Duration) -> Self {
        Self { turns: Turns::new(turns, places), patience }
    }

    /// Waits for a turn. `None` where the database is too slow, or no more may wait.
    pub(crate) async fn acquire(&self, requester: &Requester) -> Option<Turn> {
        timeout(self.patience, self.turns.acquire(requester)).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests;
