//! One connection: made, asked over, watched while it is idle. The task that asks also drives it, so that an exchange
//! costs no switch between tasks.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::deadline::Deadline;
use super::failure::{Failure, Kind};
use super::resolver::Resolver;
use super::target::Target;
use super::tls::{self, Trust};

/// Makes connections to one target.
pub(super) struct Connector {
    resolver: Resolver,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    pub(super) fn new(target: &Target, resolver: Resolver, trust: &Trust) -> anyhow::Result<Self> {
        let tls = if target.is_https() {
            let host = target.host().to_string();
            let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
            Some((TlsConnector::from(Arc::clone(&tls::config(trust)?)), name))
        } else {
            None
        };
        Ok(Self { resolver, tls })
    }

    /// Makes a connection until `by`, which is `limit` after the attempt began.
    pub(super) async fn connect(&self, by: Instant, limit: Duration) -> Result<Link, Failure> {
        let limit = humantime::format_duration(limit);
        let late = |_| Err(Failure::new(Kind::TimedOut, format_args!("no connection within {limit}")));
        let stream = timeout_at(by, self.reach()).await.unwrap_or_else(late)?;
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some((connector, name)) => {
                let secured = timeout_at(by, connector.connect(name.clone(), stream)).await.map_err(|_| {
                    let what = "the server took the connection and did not finish the TLS handshake";
                    Failure::new(Kind::HandshakeTimedOut, format_args!("{what} within {limit}"))
                })?;
                Stream::Tls(Box::new(secured.map_err(|error| Failure::of_tls(&error))?))
            }
        };
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| Failure::of_exchange(&error, false))?;
        Ok(Link { sender, driver: Some(driver) })
    }

    /// The first address that takes a connection.
    async fn reach(&self) -> Result<TcpStream, Failure> {
        let mut failure = None;
        for address in self.resolver.addresses().await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without it a body would wait for the acknowledgement of its head.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => {
                    self.resolver.avoid(address).await;
                    let one = Failure::of_connect(&error);
                    failure = Some(Failure { detail: format!("{address}: {}", one.detail), ..one });
                }
            }
        }
        Err(failure.expect("there is at least one address"))
    }
}

/// An open connection.
pub(super) struct Link {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
}

/// What moves the bytes. It is gone once the connection has ended; that tells whoever waits for an answer.
type Driver = Option<Connection<TokioIo<Stream>, Full<Bytes>>>;

/// Why something did not finish.
#[derive(Debug)]
pub(super) struct TimedOut;

impl Link {
    /// Whether it takes a request: one that the other side has closed does not, and nothing is lost by that.
    pub(super) async fn is_ready(&mut self, deadline: &mut Deadline) -> bool {
        let Self { sender, driver } = self;
        // First of all, so that an end that has arrived is seen before something is sent after it.
        poll_fn(|cx| {
            advance(driver, cx);
            Poll::Ready(())
        })
        .await;
        let ready = drive(driver, Some(deadline), poll_fn(|cx| sender.poll_ready(cx))).await;
        matches!(ready, Ok(Ok(())))
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn ask(
        &mut self,
        request: Request<Full<Bytes>>,
        deadline: &mut Deadline,
    ) -> Result<hyper::Result<Response<Incoming>>, TimedOut> {
        let answer = self.sender.send_request(request);
        drive(&mut self.driver, Some(deadline), answer).await
    }

    /// Reads an answer's body to its end and says its length; what fits goes to `kept`.
    pub(super) async fn read(
        &mut self,
        body: &mut Incoming,
        deadline: &mut Deadline,
        kept: &mut Vec<u8>,
        most: usize,
    ) -> Result<hyper::Result<u64>, TimedOut> {
        let mut length = 0;
        loop {
            match drive(&mut self.driver, Some(deadline), body.frame()).await? {
                None => return Ok(Ok(length)),
                Some(Err(error)) => return Ok(Err(error)),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        length += data.len() as u64;
                        let room = most.saturating_sub(kept.len()).min(data.len());
                        kept.extend_from_slice(&data[..room]);
                    }
                }
            }
        }
    }

    /// Waits for something else, and notices meanwhile when the other side closes.
    pub(super) async fn idle<F: Future>(&mut self, until: F) -> F::Output {
        match drive(&mut self.driver, None, until).await {
            Ok(output) => output,
            Err(TimedOut) => unreachable!("without a deadline"),
        }
    }
}

/// Polls `work` and, because that is what moves bytes, the connection.
async fn drive<F: Future>(
    driver: &mut Driver,
    mut deadline: Option<&mut Deadline>,
    work: F,
) -> Result<F::Output, TimedOut> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        advance(driver, cx);
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        match &mut deadline {
            Some(deadline) => deadline.poll(cx).map(|()| Err(TimedOut)),
            None => Poll::Pending,
        }
    })
    .await
}

/// Moves what can be moved.
fn advance(driver: &mut Driver, cx: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(cx).is_ready()) {
        *driver = None;
    }
}

/// With or without TLS.
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
