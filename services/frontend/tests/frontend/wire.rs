//! One TCP connection, read and written as bytes. Every wait ends by itself.
use std::{future::Future, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than anything here takes; a test that waits for it has failed.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(10), future).await.expect("nothing happened for ten seconds")
}

pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A message's head: its first line, and its fields as (lower-case name, value).
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) line: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// An answer as far as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: String,
    /// Whether the body ended where its framing says.
    pub(crate) whole: bool,
}

impl Head {
    /// The values of a field.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The only value of a field.
    pub(crate) fn one(&self, name: &str) -> &str {
        let values = self.all(name);
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0]
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    pub(crate) fn status(&self) -> u16 {
        self.line.split(' ').nth(1).expect("a status").parse().expect("a number")
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let line = lines.next().expect("a first line").to_owned();
        let fields = lines.map(|line| {
            let (name, value) = line.split_once(':').expect("a field");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Self { line, fields: fields.collect() }
    }

    fn is_chunked(&self) -> bool {
        self.all("transfer-encoding") == ["chunked"]
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status()
    }

    /// The only value of a field.
    pub(crate) fn one(&self, name: &str) -> &str {
        self.head.one(name)
    }
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, unread: Vec::new() }
    }

    pub(crate) async fn write(&mut self, text: impl AsRef<[u8]>) {
        self.try_write(text.as_ref()).await.expect("the other side reads");
    }

    pub(crate) async fn try_write(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(text).await
    }

    /// Reads more; `false` at the end, however it came.
    async fn fill(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let count = soon(self.stream.read(&mut buffer)).await.unwrap_or(0);
        self.unread.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Everything up to and including a marker, or `None` if the connection ends before.
    pub(crate) async fn until(&mut self, marker: &str) -> Option<String> {
        loop {
            let found = self.unread.windows(marker.len()).position(|window| window == marker.as_bytes());
            if let Some(at) = found {
                let rest = self.unread.split_off(at + marker.len());
                let text = std::mem::replace(&mut self.unread, rest);
                return Some(String::from_utf8(text).expect("UTF-8"));
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    pub(crate) async fn exactly(&mut self, count: usize) -> Option<String> {
        while self.unread.len() < count {
            if !self.fill().await {
                return None;
            }
        }
        let rest = self.unread.split_off(count);
        Some(String::from_utf8(std::mem::replace(&mut self.unread, rest)).expect("UTF-8"))
    }

    pub(crate) async fn head(&mut self) -> Option<Head> {
        Some(Head::parse(self.until("\r\n\r\n").await?.trim_end()))
    }

    /// One chunk of a chunked body; empty for the last, with its trailers read.
    pub(crate) async fn chunk(&mut self) -> Option<String> {
        let size = self.until("\r\n").await?;
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk size");
        let data = self.exactly(size).await?;
        self.until("\r\n").await?;
        Some(data)
    }

    /// The body a head announces, and whether it came whole.
    pub(crate) async fn body(&mut self, head: &Head) -> (String, bool) {
        if head.is_chunked() {
            let mut body = String::new();
            while let Some(chunk) = self.chunk().await {
                if chunk.is_empty() {
                    return (body, true);
                }
                body.push_str(&chunk);
            }
            return (body, false);
        }
        let length = head.all("content-length").first().map_or(0, |length| length.parse().expect("a number"));
        while self.unread.len() < length && self.fill().await {}
        let whole = self.unread.len() >= length;
        let rest = self.unread.split_off(length.min(self.unread.len()));
        (String::from_utf8(std::mem::replace(&mut self.unread, rest)).expect("UTF-8"), whole)
    }

    /// The next answer to a request that was not HEAD.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.head().await.expect("an answer");
        let (body, whole) = self.body(&head).await;
        Answer { head, body, whole }
    }

    /// Waits until the other side has closed; what it still sent is dropped.
    pub(crate) async fn closed(&mut self) {
        while self.fill().await {}
    }

    /// Closes by a reset.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().expect("a socket");
    }
}
