//! A server that does to each request what the test says: answers, stands still, hangs up.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// 200, with these further header lines.
    Answer(&'static str),
    /// These bytes as they are.
    Bytes(String),
    /// The same, and then the end of the connection.
    Last(String),
    /// 200 after this time.
    After(Duration),
    /// The end of the connection, without a byte.
    HangUp,
    /// Nothing at all.
    Silence,
}

/// The server. It counts requests and connections; its threads end with the test.
pub(crate) struct Fake {
    pub(crate) origin: String,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    /// `act` gets the number of the request, from 0.
    pub(crate) fn serve(act: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        Self::serve_by_head(move |number, _| act(number))
    }

    /// `act` gets the head of the request, too.
    pub(crate) fn serve_by_head(act: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let (requests, connections, act) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default(), Arc::new(act));
        let fake = Self { origin, requests: Arc::clone(&requests), connections: Arc::clone(&connections) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (act, requests) = (Arc::clone(&act), Arc::clone(&requests));
                thread::spawn(move || converse(stream, |head| act(requests.fetch_add(1, Ordering::SeqCst), head)));
            }
        });
        fake
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// One connection, kept as long as the acts keep it.
pub(crate) fn converse(mut stream: impl Read + Write, act: impl Fn(&str) -> Act) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        while let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = seen.drain(..end + 4).collect();
            let goes_on = match act(&String::from_utf8_lossy(&head)) {
                Act::Answer(fields) => answer(&mut stream, fields),
                Act::After(time) => {
                    thread::sleep(time);
                    answer(&mut stream, "")
                }
                Act::Bytes(text) => write(&mut stream, &text),
                Act::Last(text) => {
                    write(&mut stream, &text);
                    false
                }
                Act::HangUp => false,
                Act::Silence => true,
            };
            if !goes_on {
                return;
            }
        }
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => seen.extend_from_slice(&buffer[..length]),
            _ => return,
        }
    }
}

fn answer(stream: &mut impl Write, fields: &str) -> bool {
    write(stream, &format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n{fields}\r\nok"))
}

fn write(stream: &mut impl Write, text: &str) -> bool {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_ok()
}
