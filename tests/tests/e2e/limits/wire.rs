//! A connection byte by byte: what no client library would send, and the answers as they come.
use std::{io::ErrorKind, net::SocketAddr};

use e2e::{Answer, LONG};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// An open connection, and what came by it.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("a connection"), received: Vec::new() }
    }

    /// Sends. That the other side has heard enough is no error: its answer tells.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Sends; whether the connection could take it.
    pub(crate) async fn takes(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        loop {
            if let Some((answer, length)) = parse(&self.received) {
                self.received.drain(..length);
                return answer;
            }
            assert!(self.more().await, "the connection ended after {:?}", String::from_utf8_lossy(&self.received));
        }
    }

    /// All answers until the other side closes the connection.
    pub(crate) async fn answers_until_closed(&mut self) -> Vec<Answer> {
        while self.more().await {}
        let mut answers = Vec::new();
        while let Some((answer, length)) = parse(&self.received) {
            self.received.drain(..length);
            answers.push(answer);
        }
        assert!(self.received.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.received));
        answers
    }

    /// Whether the other side has closed the connection, right now.
    pub(crate) fn has_ended(&mut self) -> bool {
        let read = self.stream.try_read(&mut [0]);
        !matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Ends the connection by a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("an open connection");
    }

    /// Waits for more; `false` at the end, however it came.
    async fn more(&mut self) -> bool {
        let read = timeout(LONG, self.stream.read_buf(&mut self.received)).await;
        let shown = || String::from_utf8_lossy(&self.received);
        let read = read.unwrap_or_else(|_| panic!("neither more nor the end within {LONG:?} after {:?}", shown()));
        read.is_ok_and(|length| length > 0)
    }
}

/// The first whole answer and its length.
fn parse(received: &[u8]) -> Option<(Answer, usize)> {
    let head_length = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..head_length]);
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
    let headers: HeaderMap = lines.map(field).collect();
    // All our answers have one: a body that ends with the connection could be cut without notice.
    let length: Option<usize> = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    let end = head_length + length.unwrap_or_else(|| panic!("an answer without a length: {head}"));
    let body = String::from_utf8_lossy(received.get(head_length..end)?).into_owned();
    Some((Answer { status, headers, body }, end))
}

fn field(line: &str) -> (HeaderName, HeaderValue) {
    let (name, value) = line.split_once(": ").expect("a header field");
    (name.parse().expect("a field name"), value.parse().expect("a field value"))
}
