//! For those who ask a TLS port in clear: an answer that they can read, instead of a broken connection.
use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The first byte of a TLS connection: a handshake record (RFC 8446 section 5.1).
const HANDSHAKE: u8 = 0x16;

const BODY: &str =
    r#"{"type":"about:blank","status":400,"title":"Bad Request","detail":"this port speaks TLS: ask it by https"}"#;

/// Closing on unread data resets the connection, and the client may never see the answer: so what it still sends is
/// read and dropped, for so long and so much.
const LINGER: Duration = Duration::from_secs(1);
const MOST: usize = 64 * 1024;

/// What a client begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning {
    /// A handshake, or what only TLS can judge.
    Tls,
    /// A method of HTTP, in clear.
    Http,
    /// Nothing: it has gone.
    Nothing,
}

/// Waits for the first byte, and leaves it there.
pub(super) async fn beginning(stream: &TcpStream) -> io::Result<Beginning> {
    let mut first = [0];
    Ok(match (stream.peek(&mut first).await?, first) {
        (0, _) => Beginning::Nothing,
        (_, [HANDSHAKE]) => Beginning::Tls,
        (_, [byte]) if byte.is_ascii_alphabetic() => Beginning::Http,
        _ => Beginning::Tls,
    })
}

/// Says in clear that this port speaks TLS, and ends the connection.
pub(super) async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(format!("{head}{BODY}").as_bytes()).await?;
    stream.shutdown().await?;
    let mut bytes = [0; 1024];
    let mut dropped = 0;
    let dropping = async {
        while dropped < MOST {
            match stream.read(&mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(count) => dropped += count,
            }
        }
    };
    // That it goes on sending is its own business.
    let _ = timeout(LINGER, dropping).await;
    Ok(())
}
