//! Clients that keep asking, each over connections it keeps, until they are told to stop. They have a thread of their own, so
//! that they go on while a test waits for a command.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use e2e::{Client, LONG, Origin, client::Request, eventually};
use tokio::{
    runtime,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

/// What a client asks for.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// A `GET` of this path, by nobody.
    Path(&'static str),
    /// `/secure`, with this token.
    Secure(String),
    /// A token, with this name and password.
    LogIn(&'static str, &'static str),
}

impl Ask {
    fn of(&self, client: &Client) -> Request {
        match self {
            Self::Path(path) => client.get(path),
            Self::Secure(token) => client.get("/secure").bearer(token),
            Self::LogIn(user, password) => client.get("/login").basic(user, password),
        }
    }

    /// Without what is secret of it.
    fn shown(&self) -> &str {
        match self {
            Self::Path(path) => path,
            Self::Secure(_) => "/secure",
            Self::LogIn(..) => "/login",
        }
    }
}

/// Clients at work.
pub(crate) struct Load {
    going: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: Option<JoinHandle<Vec<String>>>,
}

/// What became of all requests.
pub(crate) struct Outcome {
    /// So many were answered with 200.
    pub(crate) answered: usize,
    /// And these were not.
    pub(crate) failures: Vec<String>,
}

impl Load {
    /// So many clients, each greeted and, if there is a token, greeted by name in turn.
    pub(crate) fn start(count: usize, origin: impl Into<Origin>, token: Option<&str>) -> Self {
        Self::of("/", count, origin, token)
    }

    /// The same with another path than `/`.
    pub(crate) fn of(path: &'static str, count: usize, origin: impl Into<Origin>, token: Option<&str>) -> Self {
        let mut asked = vec![Ask::Path(path)];
        asked.extend(token.map(|token| Ask::Secure(token.to_owned())));
        Self::asking(&asked, count, &Client::new(origin), Duration::ZERO)
    }

    /// So many clients like this one; each asks for one thing after the other, and not sooner than so long after it asked
    /// last.
    pub(crate) fn asking(asked: &[Ask], count: usize, like: &Client, pace: Duration) -> Self {
        let (going, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let askers = (0..count).map(|number| Asker {
            client: like.another(),
            // Not all begin with the same.
            asked: asked.iter().cycle().skip(number % asked.len()).take(asked.len()).cloned().collect(),
            pace,
            going: Arc::clone(&going),
            answered: Arc::clone(&answered),
        });
        let askers: Vec<Asker> = askers.collect();
        let clients = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let asking = async { askers.into_iter().map(Asker::ask).collect::<JoinSet<_>>().join_all().await };
            runtime.block_on(asking).into_iter().flatten().collect()
        });
        Self { going, answered, clients: Some(clients) }
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
        self.end().await.failures
    }

    /// The same, and how many were answered.
    pub(crate) async fn end(mut self) -> Outcome {
        self.going.store(false, Ordering::SeqCst);
        let clients = self.clients.take().expect("it ends once");
        // Not by joining at once: the test may have to go on for them to be answered.
        eventually("every client has its last answer", LONG * 2, async || clients.is_finished().then_some(())).await;
        let failures = clients.join().expect("clients do not panic");
        Outcome { answered: self.answered.load(Ordering::SeqCst), failures }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.going.store(false, Ordering::SeqCst);
    }
}

/// Gives up after some failures: more tell nothing more.
const ENOUGH: usize = 3;

struct Asker {
    client: Client,
    asked: Vec<Ask>,
    pace: Duration,
    going: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Asker {
    async fn ask(self) -> Vec<String> {
        let mut failures = Vec::new();
        for ask in self.asked.iter().cycle() {
            if !self.going.load(Ordering::SeqCst) || failures.len() >= ENOUGH {
                break;
            }
            let next = Instant::now() + self.pace;
            match timeout(LONG, ask.of(&self.client).try_send()).await {
                Ok(Some(answer)) if answer.status == 200 => _ = self.answered.fetch_add(1, Ordering::SeqCst),
                Ok(other) => failures.push(format!("{}: {other:?}", ask.shown())),
                Err(_) => failures.push(format!("{}: no answer in {LONG:?}", ask.shown())),
            }
            if !self.pace.is_zero() {
                sleep_until(next).await;
            }
        }
        failures
    }
}
