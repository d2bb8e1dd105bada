//! The frontend beside nginx, in front of the same hello: `cargo bench -p e2e --bench edge`.
//!
//! Both have two workers on the same cores and the same client, in alternating rounds. Both log a line of JSON for each
//! request, buffered, to nowhere; both set the same fields on the way. Skipped where there is no nginx;
//! `FLOTILLA_REQUIRE=nginx` makes that a failure.
#![expect(clippy::print_stdout, reason = "a table for a person")]

#[path = "../closed_loop/mod.rs"]
mod closed_loop;
mod nginx;

use std::{io, io::Write as _, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use e2e::{Certificates, Launch, Program, skips};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use closed_loop::{Round, Server, ask, get, median, plain};
use nginx::Nginx;

const STEPS: [usize; 4] = [32, 256, 1024, 4096];
const OVER_TLS: usize = 32;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1500);

fn main() -> ExitCode {
    if !skips::NGINX.is_here() {
        println!("SKIPPED nginx: {}", skips::NGINX.hint);
        return if skips::NGINX.is_required() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).expect("the limit may be raised so far");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    runtime.block_on(compare());
    ExitCode::SUCCESS
}

async fn compare() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let issuer = auth.client().await;
    let token = issuer.logged_in().await.token().to_owned();
    let jwks = format!("{}/.well-known/jwks.json", issuer.origin());
    let hello = Server::service(Program::Hello, &[("JWKS_URL", &jwks)]).await;
    let certificates = Certificates::usual();
    let nginx = Nginx::start(hello.address, &certificates).await;
    let hello_url = format!("http://{}", hello.address);
    let upstreams = [("AUTH_URL", issuer.origin()), ("HELLO_URL", &hello_url)];
    let paths = [("/", get("/", None)), ("/secure", get("/secure", Some(&token)))];

    head();
    let frontend = Server::service(Program::Frontend, &upstreams).await;
    let idle = frontend.most_kib();
    for connections in STEPS {
        for (path, request) in &paths {
            let rounds = alternate(connections, request, [nginx.plain, frontend.address], plain).await;
            tell(&format!("{connections} {path}"), &rounds, &nginx, &frontend);
        }
        let grown = frontend.most_kib() - idle;
        println!("{:>16}{:.1} KiB of the frontend's memory a connection", "", per(grown, connections));
    }
    drop(frontend);

    let (certificate, key) = (certificates.file("cert.pem"), certificates.file("key.pem"));
    let files = [("TLS_CERT_FILE", &certificate), ("TLS_KEY_FILE", &key)];
    let files = files.map(|(setting, file)| (setting, file.to_str().expect("a path that is text")));
    let frontend = Server::service(Program::Frontend, &[&upstreams[..], &files].concat()).await;
    let client = TlsConnector::from(Arc::new(trusting(&certificates)));
    for (path, request) in &paths {
        let client = client.clone();
        let connect = async move |address| encrypted(&client, address).await;
        let rounds = alternate(OVER_TLS, request, [nginx.encrypted, frontend.address], connect).await;
        tell(&format!("{OVER_TLS} {path} TLS"), &rounds, &nginx, &frontend);
    }
}

/// Rounds of nginx and of the frontend.
async fn alternate<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    connections: usize,
    request: &str,
    addresses: [SocketAddr; 2],
    connect: impl AsyncFn(SocketAddr) -> io::Result<S> + Clone + 'static,
) -> Vec<[Round; 2]> {
    let mut rounds = Vec::new();
    for turn in 0..ROUNDS {
        let mut both = [Round::default(), Round::default()];
        // Who goes first changes, too.
        for place in [turn % 2, 1 - turn % 2] {
            let (connect, address) = (connect.clone(), addresses[place]);
            both[place] = ask(connections, ROUND, request, async move || connect(address).await).await;
        }
        rounds.push(both);
        eprint!(".");
        io::stderr().flush().expect("a terminal");
    }
    eprintln!();
    rounds
}

fn head() {
    println!("{ROUNDS} alternating rounds of {} ms, medians; p99 in ms, memory in KiB (VmHWM)", ROUND.as_millis());
    println!(
        "{:<16}{:>9}{:>10}{:>7}{:>11}{:>9}{:>7}{:>8}{:>8}{:>9}{:>9}",
        "", "nginx/s", "frontend", "ratio", "nginx p99", "frontend", "ratio", "failed", "", "memory", ""
    );
}

fn tell(what: &str, rounds: &[[Round; 2]], nginx: &Nginx, frontend: &Server) {
    let of = |place: usize, figure: fn(&Round) -> f64| median(rounds.iter().map(|both| figure(&both[place])));
    let ratio = |figure: fn(&Round) -> f64| median(rounds.iter().map(|both| figure(&both[1]) / figure(&both[0])));
    let failed = |place: usize| rounds.iter().map(|both| both[place].failed).sum::<usize>();
    let rate: fn(&Round) -> f64 = |round| round.rate;
    let p99: fn(&Round) -> f64 = |round| round.p99;
    println!(
        "{what:<16}{:>9.0}{:>10.0}{:>7.2}{:>11.2}{:>9.2}{:>7.2}{:>8}{:>8}{:>9}{:>9}",
        of(0, rate),
        of(1, rate),
        ratio(rate),
        of(0, p99),
        of(1, p99),
        ratio(p99),
        failed(0),
        failed(1),
        nginx.most_kib(),
        frontend.most_kib(),
    );
    for (place, name) in ["nginx", "the frontend"].into_iter().enumerate() {
        if let Some(failure) = rounds.iter().find_map(|both| both[place].first_failure.as_ref()) {
            println!("{:>16}a failure of {name}: {failure}", "");
        }
    }
}

fn per(kib: u64, connections: usize) -> f64 {
    let number = |number: u64| f64::from(u32::try_from(number).expect("a small number"));
    number(kib) / number(connections as u64)
}

fn trusting(certificates: &Certificates) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(certificates.read("ca.pem").as_bytes()).expect("a certificate");
    roots.add(ca).expect("a CA");
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn encrypted(client: &TlsConnector, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
    client.connect(ServerName::try_from("localhost").expect("a name"), plain(address).await?).await
}
