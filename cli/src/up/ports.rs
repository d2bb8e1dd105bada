//! Free ports, on both loopback addresses.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::ops::Range;

use anyhow::{Context as _, anyhow};

use crate::invocation;

/// Ports one after another, beginning with the suite's own; 0 means any.
pub(super) struct Ports {
    entry: u16,
    next: Option<u16>,
}

impl Ports {
    pub(super) const fn from(entry: u16) -> Self {
        Self { entry, next: if entry == 0 { None } else { entry.checked_add(1) } }
    }

    /// The port that people type. Another one in its place would not be what they asked for.
    pub(super) fn entry(&self) -> anyhow::Result<Held> {
        let port = self.entry;
        if port == 0 {
            return any();
        }
        Held::bind(port).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => taken(port),
            ErrorKind::PermissionDenied => anyhow!("port {port} is not for everybody: choose one above 1023 by --port"),
            _ => anyhow!(error).context(format!("cannot listen on port {port}: choose another by --port")),
        })
    }

    /// The port after the last one if it is free, so that addresses are the same from run to run; else any.
    pub(super) fn next(&mut self) -> anyhow::Result<Held> {
        if let Some(port) = self.next {
            self.next = port.checked_add(1);
            if let Ok(held) = Held::bind(port) {
                return Ok(held);
            }
        }
        any()
    }
}

/// A port of 127.0.0.1 and, where there is one, the same of ::1.
#[derive(Debug)]
pub(super) struct Held {
    first: TcpListener,
    _second: Option<TcpListener>,
}

impl Held {
    fn bind(port: u16) -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let second = match TcpListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
            // Without IPv6 nobody else can sit there.
            second => second.ok(),
        };
        Ok(Self { first, _second: second })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.first.local_addr()
    }
}

fn taken(port: u16) -> anyhow::Error {
    anyhow!(
        "port {port} is taken: choose another by --port, for example {}, or any free one by --port 0",
        invocation::example("up --port 9000")
    )
}

/// Any free port, but not from the range that the system gives to outgoing connections: one of those could sit on a
/// service's port just when the service is started again.
pub(super) fn any() -> anyhow::Result<Held> {
    const OURS: Range<u16> = 10_000..32_768;
    let tries = std::iter::repeat_with(|| Held::bind(rand::random_range(OURS))).take(100);
    let found = tries.flatten().next();
    found.map_or_else(|| Held::bind(0), Ok).context("cannot find a free port")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_ports_follow_the_first_where_they_can() {
        let mut ports = Ports { entry: 1, next: None };
        let taken = ports.next().unwrap();
        let port = taken.address().unwrap().port();
        ports.next = Some(port);
        assert_ne!(ports.next().unwrap().address().unwrap().port(), port);
        assert_eq!(ports.next, port.checked_add(1));
    }

    #[test]
    fn any_port_is_none_of_an_outgoing_connection() {
        let port = any().unwrap().address().unwrap().port();
        assert!((10_000..32_768).contains(&port), "{port}");
    }
}
