//! A key server on 127.0.0.1 that answers what a test tells it to, and counts.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use token::{KeySet, RemoteKeys, RemoteKeysConfig, SigningKey, VerifyingKey};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// What the server answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Keys(Vec<VerifyingKey>),
    /// Keys, and how long they may be kept.
    KeysFor(Vec<VerifyingKey>, &'static str),
    Text(String),
    /// This body, under this `Content-Encoding`.
    Encoded(&'static str, Vec<u8>),
    Status(u16),
    Redirect(String),
    /// This many bytes of white space, then a good set: valid JSON, but too much of it.
    Padded(usize, Vec<VerifyingKey>),
}

struct Shared {
    answer: Mutex<Answer>,
    hits: AtomicU64,
    accept_encoding: Mutex<Option<String>>,
    /// Requests wait while this is false.
    open: watch::Sender<bool>,
}

pub(crate) struct KeyServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl KeyServer {
    pub(crate) async fn start(answer: Answer) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), answer).await
    }

    pub(crate) async fn start_at(address: SocketAddr, answer: Answer) -> Self {
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            hits: AtomicU64::new(0),
            accept_encoding: Mutex::default(),
            open: watch::Sender::new(true),
        });
        let router = Router::new().fallback(respond).with_state(shared.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serves");
        });
        Self { address, shared, task }
    }

    pub(crate) fn answer(&self, answer: Answer) {
        *self.shared.answer.lock().expect("no panic") = answer;
    }

    pub(crate) fn hits(&self) -> u64 {
        self.shared.hits.load(Ordering::SeqCst)
    }

    /// The codings that the last request accepted.
    pub(crate) fn accept_encoding(&self) -> Option<String> {
        self.shared.accept_encoding.lock().expect("no panic").clone()
    }

    /// Lets requests wait until [`open`](Self::open).
    pub(crate) fn close(&self) {
        self.shared.open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.shared.open.send_replace(true);
    }

    pub(crate) fn keys(&self) -> Arc<RemoteKeys> {
        remote_keys(self.config())
    }

    pub(crate) fn config(&self) -> RemoteKeysConfig {
        config(self.address)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).map(str::to_owned);
    *shared.accept_encoding.lock().expect("no panic") = accepted;
    // Decided when the request arrives, however long it then waits.
    let answer = shared.answer.lock().expect("no panic").clone();
    shared.hits.fetch_add(1, Ordering::SeqCst);
    let mut open = shared.open.subscribe();
    open.wait_for(|open| *open).await.expect("the server lives");
    let response = Response::builder().header(CONTENT_TYPE, "application/jwk-set+json");
    match answer {
        Answer::Keys(keys) => response.body(document(keys).into()),
        Answer::KeysFor(keys, lifetime) => response.header(CACHE_CONTROL, lifetime).body(document(keys).into()),
        Answer::Text(text) => response.body(text.into()),
        Answer::Encoded(coding, body) => response.header(CONTENT_ENCODING, coding).body(body.into()),
        Answer::Status(status) => response.status(status).body(Body::empty()),
        Answer::Redirect(to) => {
            response.status(StatusCode::TEMPORARY_REDIRECT).header(LOCATION, to).body(Body::empty())
        }
        Answer::Padded(size, keys) => response.body(format!("{}{}", " ".repeat(size), document(keys)).into()),
    }
    .expect("a response")
}

pub(crate) fn document(keys: Vec<VerifyingKey>) -> String {
    let set = KeySet::new(keys).expect("a set");
    serde_json::to_string(&set.to_jwks()).expect("JSON")
}

pub(crate) fn key() -> VerifyingKey {
    SigningKey::generate().expect("randomness").verifying_key()
}

/// Settings under which nothing happens by itself within a test.
pub(crate) fn config(address: SocketAddr) -> RemoteKeysConfig {
    let url = format!("http://{address}/.well-known/jwks.json");
    RemoteKeysConfig {
        refresh: Duration::from_mins(5),
        min_refetch_interval: INTERVAL,
        timeout: Duration::from_secs(20),
        usual_fetch: Duration::from_secs(20),
        ..RemoteKeysConfig::new(url.parse().expect("an address"))
    }
}

pub(crate) const INTERVAL: Duration = Duration::from_mins(1);

pub(crate) fn remote_keys(config: RemoteKeysConfig) -> Arc<RemoteKeys> {
    Arc::new(RemoteKeys::new(config).expect("the settings are in order"))
}

/// Lets time pass for timers, without waiting. Frozen only for the moment: with time standing still, tokio would run
/// ahead to the next timeout whenever a socket makes it wait.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Waits for a condition, but not for ever.
#[track_caller]
pub(crate) fn eventually(condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(10), "never came true: {caller}");
            sleep(Duration::from_millis(2)).await;
        }
    }
}
