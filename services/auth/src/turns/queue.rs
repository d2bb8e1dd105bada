//! Those that wait, by client and by name within the client.
use std::{collections::VecDeque, net::IpAddr};

use tokio::sync::oneshot;

use super::Requester;

/// One attempt that waits. Dropped without a turn, it has given way.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) number: u64,
    pub(super) turn: oneshot::Sender<()>,
}

/// All that wait. The client in front is next, and then goes to the back.
#[derive(Debug, Default)]
pub(super) struct Queue {
    clients: VecDeque<OfClient>,
    waiting: usize,
}

#[derive(Debug)]
struct OfClient {
    client: Option<IpAddr>,
    names: VecDeque<OfName>,
}

#[derive(Debug)]
struct OfName {
    name: String,
    waiters: VecDeque<Waiter>,
}

impl OfClient {
    fn waiting(&self) -> usize {
        self.names.iter().map(|of_name| of_name.waiters.len()).sum()
    }

    fn of_name(&self, name: &str) -> usize {
        self.names.iter().find(|of_name| of_name.name == name).map_or(0, |of_name| of_name.waiters.len())
    }
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// At the end of those of its client and name.
    pub(super) fn push(&mut self, requester: &Requester, waiter: Waiter) {
        self.waiting += 1;
        let Some(client) = self.clients.iter_mut().find(|of_client| of_client.client == requester.client) else {
            let names = VecDeque::from([OfName::new(requester, waiter)]);
            self.clients.push_back(OfClient { client: requester.client, names });
            return;
        };
        match client.names.iter_mut().find(|of_name| of_name.name == requester.name) {
            Some(of_name) => of_name.waiters.push_back(waiter),
            None => client.names.push_back(OfName::new(requester, waiter)),
        }
    }

    /// The next one.
    pub(super) fn pop(&mut self) -> Option<Waiter> {
        let mut client = self.clients.pop_front()?;
        let mut name = client.names.pop_front()?;
        let waiter = name.waiters.pop_front();
        if !name.waiters.is_empty() {
            client.names.push_back(name);
        }
        if !client.names.is_empty() {
            self.clients.push_back(client);
        }
        self.waiting -= usize::from(waiter.is_some());
        waiter
    }

    /// Lets the newest one go of the client that has the most waiting and, where that is the requester's own client, of its
    /// name that has the most. `false` if the requester has as many itself.
    pub(super) fn make_room_for(&mut self, requester: &Requester) -> bool {
        let own = self.clients.iter().find(|of_client| of_client.client == requester.client);
        let (of_client, of_name) =
            own.map_or((0, 0), |of_client| (of_client.waiting(), of_client.of_name(&requester.name)));
        let Some(most) = self.clients.iter().max_by_key(|of_client| of_client.waiting()) else { return false };
        let (client, longest) = if most.client != requester.client && most.waiting() > of_client + 1 {
            (most.client, 0)
        } else {
            (requester.client, of_name + 1)
        };
        self.let_newest_go(client, longest)
    }

    /// Of the client's name that has the most waiting, if that is more than `longest`.
    fn let_newest_go(&mut self, client: Option<IpAddr>, longest: usize) -> bool {
        let Some(client) = self.clients.iter_mut().find(|of_client| of_client.client == client) else { return false };
        let Some(name) = client.names.iter_mut().max_by_key(|of_name| of_name.waiters.len()) else { return false };
        if name.waiters.len() <= longest || name.waiters.pop_back().is_none() {
            return false;
        }
        self.waiting -= 1;
        self.drop_empty();
        true
    }

    /// One that waits no more.
    pub(super) fn remove(&mut self, requester: &Requester, number: u64) {
        let Some(client) = self.clients.iter_mut().find(|of_client| of_client.client == requester.client) else {
            return;
        };
        let Some(name) = client.names.iter_mut().find(|of_name| of_name.name == requester.name) else { return };
        let before = name.waiters.len();
        name.waiters.retain(|waiter| waiter.number != number);
        self.waiting -= before - name.waiters.len();
        self.drop_empty();
    }

    fn drop_empty(&mut self) {
        for client in &mut self.clients {
            client.names.retain(|of_name| !of_name.waiters.is_empty());
        }
        self.clients.retain(|of_client| !of_client.names.is_empty());
    }
}

impl OfName {
    fn new(requester: &Requester, waiter: Waiter) -> Self {
        Self { name: requester.name.clone(), waiters: VecDeque::from([waiter]) }
    }
}
