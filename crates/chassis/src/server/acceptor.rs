//! What is between an accepted connection and HTTP: nothing, or what a service brings along, such as TLS.
use std::{future::Future, io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// How clients speak to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As anybody on the way can read it.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Makes a connection one that HTTP is spoken on. Cheap to clone.
///
/// Whatever time it takes counts against the limit of a request's head, and the connection has its place meanwhile: a
/// client that does not go on is a slow client like any other.
pub trait Acceptor: Clone + Send + Sync + 'static {
    /// What HTTP is spoken on.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// What clients write before the host.
    const SCHEME: Scheme;

    /// Memory of a connection's own, in bytes.
    const MEMORY: u64;

    /// Makes the connection ready; an error ends it.
    fn accept(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// How long browsers are to insist on TLS for this host (RFC 6797); `None` tells them nothing.
    fn strict_transport(&self) -> Option<Duration> {
        None
    }
}

/// Nothing in between.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Acceptor for Plain {
    type Stream = TcpStream;

    const SCHEME: Scheme = Scheme::Http;
    const MEMORY: u64 = 0;

    async fn accept(&self, stream: TcpStream, _: SocketAddr) -> io::Result<TcpStream> {
        Ok(stream)
    }
}
