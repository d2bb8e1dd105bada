//! How a request can fail: kinds, so that they can be counted, and the first of each in full.

use std::fmt;
use std::io;
use std::time::Duration;

use super::resolver::Unresolved;
use crate::web;

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// An answer with a status that is not among the good ones.
    Status(u16),
    /// The name has no address.
    Unresolved,
    /// The name has no address that may be loaded.
    Foreign,
    /// No connection.
    Refused,
    /// No local port or descriptor is left.
    Exhausted,
    /// No connection, for another reason.
    Unreachable,
    /// No agreement on TLS.
    Tls,
    /// The other side took the connection and did not finish the TLS handshake within the timeout.
    HandshakeTimedOut,
    /// Not within the timeout.
    TimedOut,
    /// The connection ended before an answer began.
    Closed,
    /// The connection ended within an answer.
    Cut,
    /// What came is no HTTP.
    Malformed,
    /// Due, but no connection was free to send it until the end (open loop).
    Unsent,
    /// In flight when the run was stopped.
    Abandoned,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Status(status) => return write!(f, "status {status}"),
            Self::Unresolved => "name not resolved",
            Self::Foreign => "address not allowed",
            Self::Refused => "connection refused",
            Self::Exhausted => "out of local ports or files",
            Self::Unreachable => "not reachable",
            Self::Tls => "TLS failed",
            Self::HandshakeTimedOut => "TLS handshake timed out",
            Self::TimedOut => "timed out",
            Self::Closed => "closed before an answer",
            Self::Cut => "answer cut short",
            Self::Malformed => "answer is not HTTP",
            Self::Unsent => "due but not sent",
            Self::Abandoned => "unanswered when stopped",
        };
        f.write_str(text)
    }
}

/// A failure: its kind, and what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) detail: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, detail: impl fmt::Display) -> Self {
        Self { kind, detail: detail.to_string() }
    }

    pub(super) fn timed_out(after: Duration) -> Self {
        Self::new(Kind::TimedOut, format_args!("no complete answer within {}", humantime::format_duration(after)))
    }

    /// A connection that did not come about.
    pub(super) fn of_connect(error: &io::Error) -> Self {
        use io::ErrorKind;
        const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();
        let kind = match error.kind() {
            ErrorKind::ConnectionRefused => Kind::Refused,
            ErrorKind::AddrNotAvailable => Kind::Exhausted,
            _ if error.raw_os_error() == Some(EMFILE) => Kind::Exhausted,
            _ => Kind::Unreachable,
        };
        Self::new(kind, error)
    }

    /// A handshake that did not come about.
    pub(super) fn of_tls(error: &io::Error) -> Self {
        Self::new(Kind::Tls, certificates::explain(error).unwrap_or_else(|| error.to_string()))
    }

    /// A request that got no whole answer; `begun` once its head was there.
    pub(super) fn of_exchange(error: &hyper::Error, begun: bool) -> Self {
        let kind = if error.is_parse() {
            Kind::Malformed
        } else if begun {
            Kind::Cut
        } else {
            Kind::Closed
        };
        Self::new(kind, web::innermost(error))
    }
}

impl From<Unresolved> for Failure {
    fn from(why: Unresolved) -> Self {
        let kind = if matches!(why, Unresolved::Foreign(_)) { Kind::Foreign } else { Kind::Unresolved };
        Self::new(kind, why)
    }
}

/// The first failure of a kind, in full.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// Since the start of the run.
    pub(crate) at: Duration,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request_id: String,
    /// Who answered, if there was an answer that says so.
    pub(crate) served_by: Option<String>,
    /// The problem's title and detail, or what the system said.
    pub(crate) detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_has_a_kind() {
        for (error, kind) in [
            (io::ErrorKind::ConnectionRefused, Kind::Refused),
            (io::ErrorKind::AddrNotAvailable, Kind::Exhausted),
            (io::ErrorKind::HostUnreachable, Kind::Unreachable),
        ] {
            assert_eq!(Failure::of_connect(&error.into()).kind, kind);
        }
        let too_many = io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
        assert_eq!(Failure::of_connect(&too_many).kind, Kind::Exhausted);
    }
}
