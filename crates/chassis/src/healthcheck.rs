//! `<service> healthcheck`: asks the running service's health port, for compose and exec probes.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use axum::{body::Body, http::Request};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{
    Service,
    config::{Invalid, Reader, Sources},
};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Exit 0 when the probe answers 200, else 1 with one line that says what it answered.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that answers a person")]
pub(crate) async fn ask(service: &Service, sources: &Sources, liveness: bool) -> ExitCode {
    let settings = match Reader::new(service, sources).listeners() {
        Ok(settings) => settings,
        Err(Invalid(problems)) => {
            for problem in problems {
                eprintln!("{}: {problem}", service.name);
            }
            return ExitCode::from(78);
        }
    };
    let address = reachable(settings.health_addr.0);
    let path = if liveness { "/healthz" } else { "/readiness" };
    let outcome = match tokio::time::timeout(TIMEOUT, status(address, path)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    };
    match outcome {
        Ok(200) => {
            println!("{path} on {address}: 200");
            ExitCode::SUCCESS
        }
        Ok(status) => {
            eprintln!("{}: {path} on {address}: {status}", service.name);
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("{}: {path} on {address}: {why}", service.name);
            ExitCode::FAILURE
        }
    }
}

/// A service that listens everywhere is asked on the loopback address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn status(address: SocketAddr, path: &str) -> Result<u16, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header("host", address.to_string())
        .header("user-agent", concat!("flotilla-healthcheck/", env!("CARGO_PKG_VERSION")))
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    Ok(response.status().as_u16())
}
