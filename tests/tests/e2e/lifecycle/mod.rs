//! The life of a process, from a start that is refused to an end that nobody notices; and what it survives meanwhile.
//! Rows of the fault matrix (security.md) are named at each test.
mod commands;
mod crashes;
mod descriptors;
mod drain;
pub(crate) mod fake;
mod hanging;
mod in_flight;
mod key_sets;
pub(crate) mod load;
mod ports;
mod settings;
mod signals;
mod starts;
mod stdout;
mod upstreams;
mod written;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use e2e::{HealthPort, Launch, Program, Stream, Test, eventually};
use tokio::net::TcpSocket;

pub(crate) fn tests() -> Vec<Test> {
    [
        commands::tests(),
        crashes::tests(),
        descriptors::tests(),
        drain::tests(),
        hanging::tests(),
        in_flight::tests(),
        key_sets::tests(),
        ports::tests(),
        settings::tests(),
        signals::tests(),
        starts::tests(),
        stdout::tests(),
        upstreams::tests(),
        written::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What ends "at once" ends within a second; three are allowed on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Well below the 20 s that a drain may take before connections are cut.
const SOON: Duration = Duration::from_secs(10);

const SECRET: &str = "a-shared-secret-of-32-bytes-or-more";

/// A service that is ready without the others.
fn alone(program: Program) -> Launch {
    let launch = Launch::service(program);
    if program == Program::Hello { launch.set("SECRET", SECRET) } else { launch }
}

/// An address that refuses connections, as long as the socket is kept.
fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// Waits until the process says that it is draining.
async fn draining(health: &HealthPort) {
    let report = eventually("it is not ready", AT_ONCE, async || {
        health.get("/readiness").try_send().await.filter(|answer| answer.status == 503)
    })
    .await;
    assert_eq!(report.json()["draining"], true, "{report:?}");
}

/// Starts something that must end with this code, having logged nothing; what it says on stderr, line by line.
pub(crate) async fn last_words(launch: Launch, code: i32) -> Vec<String> {
    let mut process = launch.spawn();
    let status = process.wait_exit(SOON).await;
    let words = process.output().of(Stream::Err);
    assert_eq!(status.code(), Some(code), "{words:?}");
    assert_eq!(process.output().of(Stream::Out), Vec::<String>::new(), "nothing is served, so nothing is logged");
    words
}

/// The same, for something that must say one line.
pub(crate) async fn last_word(launch: Launch, code: i32) -> String {
    let words = last_words(launch, code).await;
    let [word] = &words[..] else { panic!("one line is expected: {words:?}") };
    word.clone()
}
