//! A listener on one address, on every address of the machine, or on both loopback addresses.
use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::config::ListenAddr;

/// Connections that wait in the kernel until they are accepted; the system can allow fewer (Linux, `net.core.somaxconn`).
/// A client that finds no place tries again only after a second.
const BACKLOG: u32 = 4096;
/// Tries to find a port that is free on both loopback addresses.
const TRIES: usize = 20;

/// One or two bound sockets.
#[derive(Debug)]
pub struct Listener {
    first: TcpListener,
    second: Option<TcpListener>,
}

/// Binds, naming address and setting when it fails.
pub async fn bind(address: ListenAddr, setting: &str) -> Result<Listener, String> {
    Listener::bind(address).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AddrInUse => "the address is already in use".to_owned(),
            ErrorKind::PermissionDenied => "permission denied (ports below 1024 need a privilege)".to_owned(),
            ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        format!("cannot listen on {address}: {why}; {setting} chooses another")
    })
}

impl Listener {
    fn bind(address: ListenAddr) -> io::Result<Self> {
        match address {
            ListenAddr::One(address) if address == unspecified(address.port()) => {
                Ok(dual_stack(address.port())?.into())
            }
            ListenAddr::One(address) => Ok(listen(address)?.into()),
            ListenAddr::Everywhere(port) => match dual_stack(port) {
                Err(error) if is_without_ipv6(&error) => Ok(listen((Ipv4Addr::UNSPECIFIED, port).into())?.into()),
                bound => Ok(bound?.into()),
            },
            ListenAddr::Localhost(port) => both_loopbacks(port),
        }
    }

    /// The next connection, and who is at its other end.
    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = match &self.second {
            None => self.first.accept().await?,
            Some(second) => tokio::select! {
                accepted = self.first.accept() => accepted?,
                accepted = second.accept() => accepted?,
            },
        };
        // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.7.
        Ok((stream, SocketAddr::new(peer.ip().to_canonical(), peer.port())))
    }

    /// Where it listens, for logs.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.first.local_addr()
    }
}

impl From<TcpListener> for Listener {
    fn from(first: TcpListener) -> Self {
        Self { first, second: None }
    }
}

fn unspecified(port: u16) -> SocketAddr {
    (Ipv6Addr::UNSPECIFIED, port).into()
}

/// One address.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    // A restart does not wait for the connections of the process before it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Every IPv6 and every IPv4 address, whatever the system's default for IPv6 sockets is.
fn dual_stack(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v6()?;
    set_ipv6_v6only(&socket, false)?;
    socket.set_reuseaddr(true)?;
    socket.bind(unspecified(port))?;
    socket.listen(BACKLOG)
}

/// 127.0.0.1 and, where there is one, ::1, on the same port.
fn both_loopbacks(port: u16) -> io::Result<Listener> {
    let mut tries = 0;
    loop {
        tries += 1;
        let first = listen((Ipv4Addr::LOCALHOST, port).into())?;
        let same = (Ipv6Addr::LOCALHOST, first.local_addr()?.port());
        match listen(same.into()) {
            Ok(second) => return Ok(Listener { first, second: Some(second) }),
            Err(error) if is_without_ipv6(&error) => return Ok(first.into()),
            // Any free port was asked for, and this one is free on one of the two only.
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// The kernel has no IPv6, or the machine has no such address.
fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn accepted_from(listener: &Listener, host: &str) -> std::net::IpAddr {
        let port = listener.local_addr().expect("bound").port();
        let connecting = TcpStream::connect((host, port));
        let (client, accepted) = tokio::join!(connecting, listener.accept());
        client.expect("connected");
        accepted.expect("accepted").1.ip()
    }

    /// Go's `:80`, and the names that browsers try for localhost.
    #[tokio::test]
    async fn both_families_are_answered_and_clients_are_called_by_their_own_address() {
        for address in [ListenAddr::Everywhere(0), ListenAddr::Localhost(0), ListenAddr::One(unspecified(0))] {
            let listener = bind(address, "X").await.expect("bound");
            for host in ["127.0.0.1", "::1"] {
                if host == "::1" && TcpListener::bind((host, 0)).await.is_err() {
                    continue;
                }
                assert_eq!(accepted_from(&listener, host).await.to_string(), host, "{address}");
            }
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_on_one_loopback_address_is_taken() {
        let Ok(taken) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else { return };
        let port = taken.local_addr().expect("bound").port();
        let why = bind(ListenAddr::Localhost(port), "X_HTTP_ADDR").await.expect_err("taken");
        assert!(why.contains("already in use") && why.contains("X_HTTP_ADDR"), "{why}");
    }
}
