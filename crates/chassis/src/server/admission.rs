//! Admission control: which connections a listener serves, and which one makes room for the next.
//!
//! A listener serves at most [`Capacity::connections`], and at most [`Capacity::per_client`] of them for one client (an
//! IPv4 address or an IPv6 /64), because each connection costs memory and a container has little. When a limit is reached,
//! the connection that has waited the longest for its client is closed. A connection waits for its client while it is
//! idle, while a request's headers or body are incomplete, and while an answer is not read. Connections whose requests are
//! being handled are never closed for another one: their next answer says `Connection: close`, so that busy keep-alive
//! clients take turns. Until there is room, further connections stay in the kernel's accept queue, where they cost this
//! process nothing.
mod client;
mod slot;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use self::client::Client;
pub(super) use self::slot::Slot;
use super::request_memory::RequestMemory;
use crate::{config::Networks, forwarded::network};

/// How often the connections are looked at while there is no room. One that waits for its client at two looks in a row makes
/// room. Waiting is counted in rounds, not by the clock: a container that has used up its share of the processor stands still
/// for a while, and nothing that arrived meanwhile has been read.
const ROUND: Duration = Duration::from_millis(10);
/// A connection that has had a request makes room only after this long: most clients send their next request sooner.
const IDLE_GRACE: Duration = Duration::from_millis(100);
/// After so many rounds without room, a connection makes room that was not yet waiting at the last look ...
const PATIENCE: u32 = 10;
/// ... and after so many one whose TLS handshake has begun, which is expensive to begin again.
const HANDSHAKE_PATIENCE: u32 = 30;
/// Other clients wait behind the next connection of one that has used up its share. So many rounds in ...
const CLIENT_PATIENCE: u32 = 40;
/// ... this long are enough; then such connections are refused. Busy clients that take turns need no rounds.
const CLIENT_WINDOW: Duration = Duration::from_secs(1);

/// What a listener serves at the same time.
#[derive(Debug, Clone)]
pub(crate) struct Capacity {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections of one client.
    pub(crate) per_client: usize,
    /// Clients without a limit of their own, because they connect for many others.
    pub(crate) trusted: Networks,
    /// What large requests may occupy.
    pub(crate) memory: RequestMemory,
}

/// The connections of one listener. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Admission(Arc<State>);

#[derive(Debug)]
struct State {
    capacity: Capacity,
    table: Mutex<Table>,
    released: Notify,
    began: Instant,
}

#[derive(Debug, Default)]
struct Table {
    slots: HashMap<u64, Arc<Slot>>,
    clients: HashMap<ClientKey, Arc<Client>>,
    next: u64,
    /// Whether everything that had arrived at the last look has been read since.
    has_settled: bool,
    /// Since when rounds were counted in which others waited behind a client's share, and how many there were.
    client_rounds: Option<(Instant, u32)>,
}

/// One client. A trusted proxy and another host of its IPv6 /64 are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ClientKey {
    network: IpAddr,
    is_trusted: bool,
}

/// A connection that is served, until it is dropped.
#[derive(Debug)]
pub(super) struct Admitted {
    id: u64,
    slot: Arc<Slot>,
    admission: Admission,
}

impl Admission {
    pub(super) fn new(capacity: Capacity) -> Self {
        let (table, released) = (Mutex::default(), Notify::new());
        Self(Arc::new(State { capacity, table, released, began: Instant::now() }))
    }

    /// Waits until there is room for a connection of `address`, and makes some. `None` means that this client already has its
    /// share and uses all of it.
    pub(super) async fn admit(&self, address: IpAddr) -> Option<Admitted> {
        let client = self.key(address);
        let mut closed_in = None;
        for round in 0.. {
            match self.make_room(client, round, &mut closed_in) {
                Outcome::Admitted(admitted) => return Some(admitted),
                Outcome::Refused => return None,
                Outcome::Wait => {}
            }
            let end = Instant::now() + ROUND;
            while timeout_at(end, self.0.released.notified()).await.is_ok() {
                if let Ok(admitted) = self.table().insert(client, self) {
                    return Some(admitted);
                }
            }
            // The runtime has slept, so what had arrived has been read.
            self.table().has_settled = true;
        }
        None
    }

    /// Looks for room, and makes some. `closed_in` is the round in which a connection was closed for this one.
    fn make_room(&self, client: ClientKey, round: u32, closed_in: &mut Option<u32>) -> Outcome {
        let mut table = self.table();
        let full = match table.insert(client, self) {
            Ok(admitted) => return Outcome::Admitted(admitted),
            Err(full) => full,
        };
        if full == Full::Client && table.has_waited_enough(round, Instant::now()) {
            return Outcome::Refused;
        }
        let only = (full == Full::Client).then_some(client);
        if round == 0 {
            table.press(only);
        }
        // One that was closed in the last round may need a moment to go.
        if closed_in.is_none_or(|closed| closed + 1 < round) {
            if table.close_longest_waiting(only, round) {
                *closed_in = Some(round);
            } else {
                table.look();
            }
        }
        Outcome::Wait
    }

    /// The same if there is room already.
    pub(super) fn try_admit(&self, address: IpAddr) -> Option<Admitted> {
        self.table().insert(self.key(address), self).ok()
    }

    fn key(&self, address: IpAddr) -> ClientKey {
        ClientKey { network: network(address), is_trusted: self.0.capacity.trusted.contain(address) }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a round of waiting for room ended.
enum Outcome {
    Admitted(Admitted),
    Refused,
    Wait,
}

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Full {
    Listener,
    Client,
}

impl Table {
    fn insert(&mut self, key: ClientKey, admission: &Admission) -> Result<Admitted, Full> {
        let capacity = &admission.0.capacity;
        let limit = if key.is_trusted { usize::MAX } else { capacity.per_client };
        let has_share = limit < capacity.connections;
        if has_share && self.clients.get(&key).is_some_and(|client| client.connections() >= limit) {
            return Err(Full::Client);
        }
        if self.slots.len() >= capacity.connections {
            return Err(Full::Listener);
        }
        let client = self.clients.entry(key).or_insert_with(|| Client::new(&capacity.memory, key.is_trusted));
        client.add();
        let slot = Arc::new(Slot::new(key, Arc::clone(client), admission.0.began));
        let id = self.next;
        self.next += 1;
        self.slots.insert(id, Arc::clone(&slot));
        Ok(Admitted { id, slot, admission: admission.clone() })
    }

    fn remove(&mut self, id: u64) {
        let Some(slot) = self.slots.remove(&id) else { return };
        if slot.client().remove() == 0 {
            self.clients.remove(&slot.key());
        }
        // A table that once was large does not keep that memory.
        if self.slots.is_empty() {
            (self.slots, self.clients) = (HashMap::new(), HashMap::new());
        }
    }

    /// Whether others have waited long enough behind clients that have used up their shares. `round` is not the first for those
    /// that have waited one.
    fn has_waited_enough(&mut self, round: u32, now: Instant) -> bool {
        let (began, rounds) = self.client_rounds.filter(|(began, _)| now < *began + CLIENT_WINDOW).unwrap_or((now, 0));
        let rounds = rounds + u32::from(round > 0);
        self.client_rounds = Some((began, rounds));
        rounds >= CLIENT_PATIENCE
    }

    /// Closes the connection that has waited for its client the longest.
    fn close_longest_waiting(&self, only: Option<ClientKey>, round: u32) -> bool {
        let is_patient = round < PATIENCE;
        if is_patient && !self.has_settled {
            return false;
        }
        let longest = self
            .concerned(only)
            .filter(|slot| !slot.is_in_handshake() || round >= HANDSHAKE_PATIENCE)
            .filter_map(|slot| slot.waiting_since(is_patient).map(|since| (since, slot)))
            .min_by_key(|(since, _)| *since);
        longest.inspect(|(_, slot)| slot.close()).is_some()
    }

    /// Remembers which connections wait for their clients.
    fn look(&mut self) {
        self.has_settled = false;
        self.slots.values().for_each(|slot| slot.look());
    }

    /// Has every connection closed after its next answer.
    fn press(&self, only: Option<ClientKey>) {
        self.concerned(only).for_each(|slot| slot.press());
    }

    fn concerned(&self, only: Option<ClientKey>) -> impl Iterator<Item = &Arc<Slot>> {
        self.slots.values().filter(move |slot| only.is_none_or(|client| slot.key() == client))
    }
}

impl Admitted {
    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// What large requests may occupy, and this client's share of it.
    pub(super) fn memory(&self) -> RequestMemory {
        self.slot.client().memory().clone()
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.admission.table().remove(self.id);
        self.admission.0.released.notify_one();
    }
}
