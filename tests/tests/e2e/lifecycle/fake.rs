//! A server that answers whatever a test wants, for what real services never say.
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use e2e::{LONG, eventually};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// How it answers a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Not at all; the connection stays open.
    Silence,
    /// By a reset.
    Reset,
    /// By these bytes and the end of the connection.
    Bytes(Vec<u8>),
}

impl Reply {
    /// A whole answer.
    pub(crate) fn whole(status: u16, body: &str) -> Self {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        Self::Bytes([head.as_bytes(), body.as_bytes()].concat())
    }
}

/// A server on a free port, gone with the test that made it.
pub(crate) struct Fake {
    address: SocketAddr,
    reply: Arc<Mutex<Reply>>,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    pub(crate) async fn that(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (reply, asked) = (Arc::new(Mutex::new(reply)), Arc::new(AtomicUsize::new(0)));
        let (replies, count) = (Arc::clone(&reply), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&replies), Arc::clone(&count)));
            }
        });
        Self { address, reply, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers so.
    pub(crate) fn replies(&self, reply: Reply) {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = reply;
    }

    /// How often it was asked, answers included.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked more often than that.
    pub(crate) async fn is_asked_after(&self, count: usize) {
        eventually("it is asked", LONG, async || (self.asked() > count).then_some(())).await;
    }
}

async fn answer(mut stream: TcpStream, reply: Arc<Mutex<Reply>>, asked: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.map_or(true, |length| length == 0) {
            return;
        }
    }
    let reply = reply.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match reply {
        Reply::Silence => {
            asked.fetch_add(1, Ordering::SeqCst);
            // Until the other side has had enough.
            let _ = stream.read(&mut [0]).await;
        }
        Reply::Reset => {
            let _ = stream.set_zero_linger();
            asked.fetch_add(1, Ordering::SeqCst);
        }
        Reply::Bytes(bytes) => {
            // Whoever does not want all of it closes first.
            let _ = stream.write_all(&bytes).await;
            asked.fetch_add(1, Ordering::SeqCst);
            let _ = stream.shutdown().await;
        }
    }
}
