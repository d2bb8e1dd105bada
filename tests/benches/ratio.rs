//! How much of a bare hyper server's throughput hello keeps with the whole stack on: `cargo bench -p e2e`.
//!
//! Both serve in processes of their own with two workers and the same client: 32 connections, closed loop, alternating
//! rounds on the same cores. A machine's speed moves between rounds; the ratio within a round hardly does. hello logs a
//! JSON line for each request, to nowhere.
#![expect(clippy::print_stdout, reason = "a table for a person")]

use std::{
    convert::Infallible,
    io::Write as _,
    net::{SocketAddr, TcpListener as StdListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use e2e::{Client, Launch, Program, eventually};
use http_body_util::Full;
use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1200);
const BARE: &str = "--bare-hyper";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = |workers| tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    if let Some(at) = arguments.iter().position(|argument| argument == BARE) {
        let address = arguments[at + 1].parse().expect("an address");
        runtime(2).expect("threads").block_on(serve_bare(address));
    } else {
        runtime(1).expect("threads").block_on(compare());
    }
}

/// The least that answers the same body.
async fn serve_bare(address: SocketAddr) {
    let listener = TcpListener::bind(address).await.expect("the address is free");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("an option");
        let service = service_fn(|_| async {
            let body = Full::new(Bytes::from_static(br#"{"message":"Hello"}"#));
            Response::builder()
                .header("content-type", "application/json")
                .body(body)
                .map_err(|_| ())
                .map_or_else(|()| unreachable!("a constant answer"), Ok::<_, Infallible>)
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// A child that ends with this process's interest in it.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(mut command: Command, address: SocketAddr) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        Self { child, address }
    }

    fn resident_kib(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
        line.trim_start_matches("VmHWM:").trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    StdListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

async fn compare() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let issuer = auth.client().await;
    let token = issuer.logged_in().await.token().to_owned();
    let bare = start_bare();
    let hello = start_hello(issuer.origin()).await;
    let root = "GET / HTTP/1.1\r\nhost: bench\r\n\r\n".to_owned();
    let secure = format!("GET /secure HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n");
    let contestants = [(&bare, &root), (&hello, &root), (&hello, &secure)];
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut rates = [0.0; 3];
        for (rate, (server, request)) in rates.iter_mut().zip(contestants) {
            *rate = load(server.address, request.as_bytes()).await;
        }
        rounds.push(rates);
        print!(".");
        std::io::stdout().flush().expect("a terminal");
    }
    report(&rounds, &hello);
}

fn report(rounds: &[[f64; 3]], hello: &Server) {
    println!("\n{CONNECTIONS} connections, {ROUNDS} alternating rounds of {} ms, medians", ROUND.as_millis());
    println!("{:<16}{:>12}{:>10}", "", "requests/s", "ratio");
    for (index, name) in ["bare hyper /", "hello /", "hello /secure"].into_iter().enumerate() {
        let rate = median(rounds.iter().map(|round| round[index]).collect());
        let ratio = median(rounds.iter().map(|round| round[index] / round[0]).collect());
        println!("{name:<16}{rate:>12.0}{ratio:>10.2}");
    }
    println!("hello's largest resident set: {}", hello.resident_kib());
}

fn start_bare() -> Server {
    let address = free_address();
    let mut command = Command::new(std::env::current_exe().expect("this file"));
    command.args([BARE, &address.to_string()]);
    Server::start(command, address)
}

async fn start_hello(issuer: &str) -> Server {
    let (address, health) = (free_address(), free_address());
    let mut command = Command::new(Program::Hello.path());
    command
        .env("HELLO_HTTP_ADDR", address.to_string())
        .env("HELLO_HEALTH_ADDR", health.to_string())
        .env("HELLO_JWKS_URL", format!("{issuer}/.well-known/jwks.json"));
    let server = Server::start(command, address);
    let probe = Client::new(format!("http://{health}"));
    eventually("hello is ready", Duration::from_secs(10), async || {
        probe.get("/readiness").try_send().await.filter(|answer| answer.status == 200).map(drop)
    })
    .await;
    server
}

/// Requests answered each second by a closed loop over all connections.
async fn load(address: SocketAddr, request: &[u8]) -> f64 {
    let started = Instant::now();
    let end = started + ROUND;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let request = request.to_vec();
        clients.spawn(async move { one_connection(address, &request, end).await });
    }
    let answered: u32 = clients.join_all().await.into_iter().sum();
    f64::from(answered) / started.elapsed().as_secs_f64()
}

async fn one_connection(address: SocketAddr, request: &[u8], end: Instant) -> u32 {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.set_nodelay(true).expect("an option");
    let (mut answered, mut buffer) = (0, [0; 4096]);
    while Instant::now() < end {
        stream.write_all(request).await.expect("it reads");
        let mut have = 0;
        loop {
            let read = stream.read(&mut buffer[have..]).await.expect("it answers");
            assert!(read > 0, "the connection ended within an answer");
            have += read;
            if is_whole(&buffer[..have]) {
                break;
            }
        }
        assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..have]));
        answered += 1;
    }
    answered
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
