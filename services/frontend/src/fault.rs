//! What can go wrong between the client and an upstream, and what the client is told of it.
use std::{error::Error, fmt, io};

use axum::{
    BoxError,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::Problem;
use http_body_util::LengthLimitError;

use crate::dns::Unresolved;

/// How soon it is worth trying again when a name does not resolve: a Service or pod is being replaced.
const RETRY_AFTER: u32 = 2;

/// Why a request was not answered by its upstream. The cause is for the log; the client learns which upstream it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// 503 with `Retry-After`: the upstream's name has no address just now.
    #[error("name does not resolve")]
    Unresolved(#[source] BoxError),
    /// 502: no connection within the deadline, or refused.
    #[error("no connection")]
    Unreachable(#[source] BoxError),
    /// 502: the connection ended before the answer's head, or what came is not HTTP.
    #[error("no valid answer")]
    Broken(#[source] hyper::Error),
    /// 502: neither a length nor chunks, so its end could not be told from a cut.
    #[error("an answer without framing")]
    Unframed,
    /// 502: a switch of protocols nobody asked for.
    #[error("an unasked switch of protocols")]
    Switched,
    /// 504: no head within the deadline.
    #[error("no answer in time")]
    Late,
    /// 413: the request's body is longer than the edge takes.
    #[error("request body too large")]
    TooLarge,
    /// 408: the request's body stopped coming.
    #[error("request body stopped coming")]
    Stalled,
    /// 400: the request's body broke off.
    #[error("request body broke off")]
    Incomplete(#[source] hyper::Error),
    /// 508: the request has passed this edge, or another of its name, before.
    #[error("a loop of proxies")]
    Loop,
    /// 501: a transfer coding other than chunked (RFC 9112 section 6.1).
    #[error("unknown transfer coding")]
    TransferCoding,
}

impl Fault {
    /// Why there is no connection.
    pub(crate) fn from_connector(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        if find::<Unresolved>(&*error).is_some() { Self::Unresolved(error) } else { Self::Unreachable(error) }
    }

    /// Why there is no answer on a connection.
    pub(crate) fn from_connection(error: hyper::Error) -> Self {
        if error.is_user() { Self::from_body(error) } else { Self::Broken(error) }
    }

    /// The body's own error: a limit of the layers around us, or the client's connection.
    fn from_body(error: hyper::Error) -> Self {
        let from_the_wire =
            sources(&error).filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(|cause| !cause.is_user());
        if find::<LengthLimitError>(&error).is_some() {
            Self::TooLarge
        } else if from_the_wire {
            Self::Incomplete(error)
        } else {
            Self::Stalled // the only other thing that ends a body is the body timeout
        }
    }

    /// Whether the connection closed before a head came, as a kept connection may at any moment (RFC 9112 section 9.3.1).
    pub(crate) fn is_closed_early(&self) -> bool {
        let Self::Broken(error) = self else { return false };
        sources(error).any(|cause| {
            cause
                .downcast_ref::<hyper::Error>()
                .is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
                || cause.is::<io::Error>()
        })
    }

    /// Whether somebody said at once that there is nobody to connect to: another address of the same name may have.
    pub(crate) fn is_refusal(&self) -> bool {
        let Self::Unreachable(error) = self else { return false };
        find::<io::Error>(&**error).is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
    }

    fn is_the_clients(&self) -> bool {
        match self {
            Self::TooLarge | Self::Stalled | Self::Incomplete(_) | Self::TransferCoding => true,
            Self::Loop
            | Self::Unresolved(_)
            | Self::Unreachable(_)
            | Self::Broken(_)
            | Self::Unframed
            | Self::Switched
            | Self::Late => false,
        }
    }

    /// Logs the cause and tells the client what it may know.
    pub(crate) fn answer(&self, upstream: &'static str) -> Response {
        if self.is_the_clients() {
            tracing::debug!(upstream, error = %Chain(self), "request not forwarded");
        } else {
            tracing::warn!(upstream, error = %Chain(self), "upstream failed");
        }
        self.problem(upstream).into_response()
    }

    fn problem(&self, upstream: &'static str) -> Problem {
        match self {
            Self::Unresolved(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail(format!("{upstream} cannot be found at the moment"))
                .retry_after(RETRY_AFTER),
            Self::Unreachable(_) => {
                Problem::new(StatusCode::BAD_GATEWAY).detail(format!("{upstream} cannot be reached"))
            }
            Self::Broken(_) | Self::Unframed | Self::Switched => {
                Problem::new(StatusCode::BAD_GATEWAY).detail(format!("{upstream} gave no valid answer"))
            }
            Self::Late => {
                Problem::new(StatusCode::GATEWAY_TIMEOUT).detail(format!("{upstream} did not answer in time"))
            }
            Self::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Stalled => Problem::new(StatusCode::REQUEST_TIMEOUT).detail("the request's body stopped coming"),
            Self::Incomplete(_) => Problem::new(StatusCode::BAD_REQUEST).detail("the request's body broke off"),
            Self::Loop => {
                Problem::new(StatusCode::LOOP_DETECTED).detail(format!("{upstream} leads back to this service"))
            }
            Self::TransferCoding => {
                Problem::new(StatusCode::NOT_IMPLEMENTED).detail("the only transfer coding understood is chunked")
            }
        }
    }
}

/// An error and its causes in one line.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        sources(self.0).skip(1).try_for_each(|cause| write!(f, ": {cause}"))
    }
}

fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    sources(error).find_map(|cause| cause.downcast_ref())
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;
    use crate::{
        concurrency::QuickLimit,
        crowd::{crowd_before, small_listener},
    };

    #[test]
    fn the_status_says_whose_fault_it_was() {
        for (fault, status) in [
            (Fault::Unframed, StatusCode::BAD_GATEWAY),
            (Fault::Switched, StatusCode::BAD_GATEWAY),
            (Fault::Late, StatusCode::GATEWAY_TIMEOUT),
            (Fault::Loop, StatusCode::LOOP_DETECTED),
            (Fault::TooLarge, StatusCode::PAYLOAD_TOO_LARGE),
            (Fault::Stalled, StatusCode::REQUEST_TIMEOUT),
            (Fault::TransferCoding, StatusCode::NOT_IMPLEMENTED),
        ] {
            assert_eq!(fault.answer("auth").status(), status, "{fault}");
        }
    }

    async fn fault_of(address: &str) -> Fault {
        let deadlines = crate::Deadlines { connect: std::time::Duration::from_millis(50), ..Default::default() };
        let upstream = crate::upstream::Upstream::new(
            "hello",
            address.parse().expect("a URL"),
            deadlines,
            crate::Spread::default(),
        );
        let mut request = axum::http::Request::new(crate::upload::Upload::empty());
        *request.uri_mut() = axum::http::Uri::from_static("/");
        upstream.send(&QuickLimit::default(), request).await.map(drop).expect_err("nobody is there")
    }

    #[tokio::test]
    async fn a_refusal_is_told_from_a_wait_in_vain() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let refused = fault_of(&format!("http://127.0.0.1:{port}")).await;
        assert!(matches!(refused, Fault::Unreachable(_)) && refused.is_refusal() && !refused.is_closed_early());
        let full = small_listener();
        let address = full.local_addr().expect("bound");
        let _crowd = crowd_before(&full).await;
        let late = fault_of(&format!("http://{address}")).await;
        assert!(matches!(late, Fault::Unreachable(_)) && !late.is_refusal(), "{late:?}");
    }

    #[test]
    fn a_fault_is_never_kept_by_a_cache() {
        assert_eq!(Fault::Late.answer("auth").headers()[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        let error = Unresolved::Failed(std::io::Error::other("name server away"));
        assert_eq!(Chain(&error).to_string(), "the name does not resolve: name server away");
    }
}
