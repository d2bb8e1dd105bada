//! As much HTTP as these tests need: one request, and a server with one answer.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// `GET` of `http://host:port/path` with these further header lines.
pub(crate) fn get(url: &str, headers: &[String]) -> io::Result<Answer> {
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let path = if path.is_empty() { "/" } else { path };
    let headers: String = headers.iter().flat_map(|header| [header.as_str(), "\r\n"]).collect();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer { status: status.ok_or(io::ErrorKind::InvalidData)?, body: body.to_owned() })
}

/// A server that gives every request the same answer and hands the request's head to the test.
pub(crate) struct Server {
    pub(crate) origin: String,
    pub(crate) requests: Receiver<String>,
}

/// `status` is a code and its reason, such as `200 OK`.
pub(crate) fn serve(status: &'static str, body: String) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    let (seen, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 8 * 1024];
            let length = stream.read(&mut request).unwrap_or_default();
            let _ = seen.send(String::from_utf8_lossy(&request[..length]).into_owned());
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    Server { origin, requests }
}

/// `PUT` of a JSON body; says the status.
pub(crate) fn put(url: &str, body: &str) -> io::Result<u16> {
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let fields = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    write!(stream, "PUT {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{fields}\r\n{body}")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
