//! How much of a bare hyper server's throughput hello keeps with the whole stack on: `cargo bench -p e2e`.
//!
//! Both serve in processes of their own with two workers and the same client: 32 connections, closed loop, alternating
//! rounds on the same cores. A machine's speed moves between rounds; the ratio within a round hardly does. hello logs a
//! JSON line for each request, to nowhere.
#![expect(clippy::print_stdout, reason = "a table for a person")]

mod closed_loop;

use std::{convert::Infallible, io::Write as _, net::SocketAddr, process::Command, time::Duration};

use e2e::{Launch, Program};
use http_body_util::Full;
use hyper::{Response, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use closed_loop::{Round, Server, ask, free_address, get, median, plain};

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

async fn compare() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let issuer = auth.client().await;
    let token = issuer.logged_in().await.token().to_owned();
    let bare = start_bare();
    let jwks = format!("{}/.well-known/jwks.json", issuer.origin());
    let hello = Server::service(Program::Hello, &[("JWKS_URL", &jwks)]).await;
    let (root, secure) = (get("/", None), get("/secure", Some(&token)));
    let contestants = [(&bare, &root), (&hello, &root), (&hello, &secure)];
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Vec::new();
        for (server, request) in contestants {
            let address = server.address;
            round.push(ask(CONNECTIONS, ROUND, request, async move || plain(address).await).await);
        }
        rounds.push(round);
        print!(".");
        std::io::stdout().flush().expect("a terminal");
    }
    report(&rounds, &hello);
}

fn report(rounds: &[Vec<Round>], hello: &Server) {
    println!("\n{CONNECTIONS} connections, {ROUNDS} alternating rounds of {} ms, medians", ROUND.as_millis());
    println!("{:<16}{:>12}{:>10}{:>10}{:>10}", "", "requests/s", "ratio", "p99 ms", "failed");
    for (index, name) in ["bare hyper /", "hello /", "hello /secure"].into_iter().enumerate() {
        let rate = median(rounds.iter().map(|round| round[index].rate));
        let ratio = median(rounds.iter().map(|round| round[index].rate / round[0].rate));
        let p99 = median(rounds.iter().map(|round| round[index].p99));
        let failed: usize = rounds.iter().map(|round| round[index].failed).sum();
        println!("{name:<16}{rate:>12.0}{ratio:>10.2}{p99:>10.2}{failed:>10}");
    }
    if let Some(failure) = rounds.iter().flatten().find_map(|round| round.first_failure.as_ref()) {
        println!("a failure: {failure}");
    }
    println!("hello's largest resident set: {} KiB", hello.most_kib());
}

fn start_bare() -> Server {
    let address = free_address();
    let mut command = Command::new(std::env::current_exe().expect("this file"));
    command.args([BARE, &address.to_string()]);
    Server::start(command, address)
}
