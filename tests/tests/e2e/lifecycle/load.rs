//! Clients that keep asking, each over a connection it keeps, until they are told to stop.
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use e2e::{Client, LONG, eventually};
use tokio::task::JoinSet;

/// Clients at work.
pub(crate) struct Load {
    going: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

impl Load {
    /// So many clients, each greeted and, if there is a token, greeted by name in turn.
    pub(crate) fn start(count: usize, origin: &str, token: Option<&str>) -> Self {
        Self::of("/", count, origin, token)
    }

    /// The same with another path than `/`.
    pub(crate) fn of(path: &'static str, count: usize, origin: &str, token: Option<&str>) -> Self {
        let (going, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for _ in 0..count {
            let client = Client::new(origin);
            clients.spawn(ask(client, path, token.map(str::to_owned), Arc::clone(&going), Arc::clone(&answered)));
        }
        Self { going, answered, clients }
    }

    /// Waits for so many more answers.
    pub(crate) async fn answers(&self, more: usize) {
        let goal = self.answered.load(Ordering::SeqCst) + more;
        eventually(&format!("{more} more answers"), LONG, async || {
            (self.answered.load(Ordering::SeqCst) >= goal).then_some(())
        })
        .await;
    }

    /// No client asks again; what went wrong with those that did.
    pub(crate) async fn stop(self) -> Vec<String> {
        self.going.store(false, Ordering::SeqCst);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}

/// Gives up after some failures: more tell nothing more.
const ENOUGH: usize = 3;

async fn ask(
    client: Client,
    path: &str,
    token: Option<String>,
    going: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut failures = Vec::new();
    let mut secure = false;
    while going.load(Ordering::SeqCst) && failures.len() < ENOUGH {
        let request = match &token {
            Some(token) if secure => client.get("/secure").bearer(token),
            _ => client.get(path),
        };
        match request.try_send().await {
            Some(answer) if answer.status == 200 => _ = answered.fetch_add(1, Ordering::SeqCst),
            other => failures.push(format!("secure: {secure}: {other:?}")),
        }
        secure = !secure;
    }
    failures
}
