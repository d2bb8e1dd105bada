//! What the benches over HTTP share: servers in processes of their own, and a closed loop over kept connections that counts
//! what is answered, how late, and what is not.
//!
//! The load comes from one thread of the bench itself, on the cores that the servers have, too: a part of what is measured
//! is always the measuring, and the same part for all who are compared in a run.
use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use e2e::{Client, Program, eventually};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

/// Not counted, at the beginning of a round: all connections ask at once then.
const WARM_UP: Duration = Duration::from_millis(300);
/// A request that is not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A child that ends with this process's interest in it. It logs to nowhere.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(mut command: Command, address: SocketAddr) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        Self { child, address }
    }

    /// A service that is ready. It takes more connections than any bench has.
    pub(crate) async fn service(program: Program, settings: &[(&str, &str)]) -> Self {
        let (address, health) = (free_address(), free_address());
        let mut command = Command::new(program.path());
        let addresses = [("HTTP_ADDR", address.to_string()), ("HEALTH_ADDR", health.to_string())];
        command.envs(addresses.map(|(setting, value)| (program.variable(setting), value)));
        command.env(program.variable("MAX_CONNECTIONS"), "16384");
        command.envs(settings.iter().map(|(setting, value)| (program.variable(setting), value)));
        let server = Self::start(command, address);
        let probe = Client::new(format!("http://{health}"));
        eventually("it is ready", Duration::from_secs(10), async || {
            probe.get("/readiness").try_send().await.filter(|answer| answer.status == 200).map(drop)
        })
        .await;
        server
    }

    /// Its largest resident set so far.
    pub(crate) fn most_kib(&self) -> u64 {
        most_kib(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The largest resident set of a process so far.
pub(crate) fn most_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs, on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line of that name");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

pub(crate) fn get(path: &str, token: Option<&str>) -> String {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{authorization}\r\n")
}

/// What became of a round.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Answers each second with status 200.
    pub(crate) rate: f64,
    /// In milliseconds.
    pub(crate) p99: f64,
    /// Requests without such an answer, and what happened to the first of them.
    pub(crate) failed: usize,
    pub(crate) first_failure: Option<String>,
}

/// Makes all connections, then asks on all of them for this long, each as soon as it has its answer.
pub(crate) async fn ask<S>(
    connections: usize,
    time: Duration,
    request: &str,
    connect: impl AsyncFn() -> io::Result<S> + Clone + 'static,
) -> Round
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        streams.push(connect().await.expect("it accepts"));
    }
    let begin = Instant::now() + WARM_UP;
    let tasks = tokio::task::LocalSet::new();
    let mut asking = JoinSet::new();
    for stream in streams {
        let (request, connect) = (request.as_bytes().to_vec(), connect.clone());
        asking.spawn_local_on(one_connection(stream, request, connect, begin, begin + time), &tasks);
    }
    let tallies = tasks.run_until(asking.join_all()).await;
    summed(tallies, time)
}

fn summed(tallies: Vec<Tally>, time: Duration) -> Round {
    let mut latencies: Vec<u32> = tallies.iter().flat_map(|tally| &tally.latencies).copied().collect();
    latencies.sort_unstable();
    let at = |share: usize| latencies.get(latencies.len() * share / 100).copied().unwrap_or(u32::MAX);
    let answered = u32::try_from(latencies.len()).expect("fewer than four milliards");
    Round {
        rate: f64::from(answered) / time.as_secs_f64(),
        p99: f64::from(at(99)) / 1000.0,
        failed: tallies.iter().map(|tally| tally.failed).sum(),
        first_failure: tallies.into_iter().find_map(|tally| tally.first_failure),
    }
}

#[derive(Default)]
struct Tally {
    /// In microseconds.
    latencies: Vec<u32>,
    failed: usize,
    first_failure: Option<String>,
}

async fn one_connection<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    request: Vec<u8>,
    connect: impl AsyncFn() -> io::Result<S>,
    begin: Instant,
    end: Instant,
) -> Tally {
    let (mut tally, mut buffer) = (Tally::default(), vec![0; 2048]);
    loop {
        let sent = Instant::now();
        if sent >= end {
            return tally;
        }
        let outcome = timeout(PATIENCE, one_request(&mut stream, &request, &mut buffer)).await;
        let failure = match outcome {
            Ok(Ok(())) => {
                let now = Instant::now();
                if sent >= begin && now <= end {
                    tally.latencies.push(u32::try_from((now - sent).as_micros()).unwrap_or(u32::MAX));
                }
                continue;
            }
            Ok(Err(failure)) => failure,
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        tally.failed += 1;
        tally.first_failure.get_or_insert(failure);
        match connect().await {
            Ok(another) => stream = another,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn one_request(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    buffer: &mut [u8],
) -> Result<(), String> {
    stream.write_all(request).await.map_err(|error| error.to_string())?;
    let mut have = 0;
    while !is_whole(&buffer[..have]) {
        let read = stream.read(&mut buffer[have..]).await.map_err(|error| error.to_string())?;
        if read == 0 {
            return Err("the connection ended before the answer did".to_owned());
        }
        have += read;
    }
    if buffer.starts_with(b"HTTP/1.1 200") {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&buffer[..have]).lines().next().unwrap_or_default().to_owned())
}

/// Head and `content-length` bytes after it.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let name = b"content-length: ";
    let Some(at) = answer[..head].windows(name.len()).position(|window| window.eq_ignore_ascii_case(name)) else {
        return false;
    };
    let digits = answer[at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    answer.len() >= head + 4 + length
}

/// A connection without TLS.
pub(crate) async fn plain(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
