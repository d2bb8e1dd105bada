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
    let path = if liveness { "/healthz" } else { "/readiness" };
    let (address, outcome) = outcome(&reachable(settings.health_addr.address()), path).await;
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

/// Where a service that listens on this address answers: everywhere includes the loopback addresses, of which the kernel may
/// have one only.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let ips: Vec<IpAddr> = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![Ipv4Addr::LOCALHOST.into()],
        IpAddr::V6(ip) if ip.is_unspecified() => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        ip => vec![ip],
    };
    ips.into_iter().map(|ip| SocketAddr::new(ip, address.port())).collect()
}

/// What the first address says that can be connected to, or why the last one cannot.
async fn outcome(addresses: &[SocketAddr], path: &str) -> (SocketAddr, Result<u16, String>) {
    let mut last = (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Err("nowhere to ask".to_owned()));
    for address in addresses {
        let asked = tokio::time::timeout(TIMEOUT, status(*address, path)).await;
        let outcome = asked.unwrap_or_else(|_| Err(format!("no answer within {} s", TIMEOUT.as_secs())));
        last = (*address, outcome);
        if last.1.is_ok() {
            break;
        }
    }
    last
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
