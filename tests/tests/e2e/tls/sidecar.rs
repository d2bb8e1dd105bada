//! The frontend as what the classic walkthrough has nginx for: TLS before a monolith, in the same pod.
use std::net::SocketAddr;

use e2e::{
    Certificates, Client, LONG, Launch, Process, Program, Signal, Test,
    client::{PASSWORD, USER},
    eventually,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::frontend;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        both_urls_may_name_the_monolith,
        the_classic_monolith_is_reached_by_tls,
        the_monolith_may_come_later_and_go_earlier,
        the_monolith_sees_who_its_clients_are,
    ]
}

/// A frontend over TLS with one upstream.
async fn before(certificates: &Certificates, upstream: &str) -> (Process, SocketAddr, Client) {
    let (process, address) = frontend(certificates, &[("AUTH_URL", upstream), ("HELLO_URL", upstream)]).await;
    let client = Client::trusting(&certificates.read("ca.pem"), format!("https://{address}"));
    (process, address, client)
}

async fn both_urls_may_name_the_monolith() {
    let certificates = Certificates::usual();
    let mut monolith = Launch::service(Program::Monolith).ready().await;
    let (_frontend, _, client) = before(&certificates, monolith.client().await.origin()).await;
    let holder = client.logged_in().await;
    assert_eq!(holder.secure(200).await.json()["user"], USER);
    let pair = client.log_in(USER, PASSWORD, 200).await;
    let next = client.refresh(&pair.refresh_token(), 200).await;
    client.log_out(&next.refresh_token(), 204).await;
    client.key_set(200).await;
    assert_eq!(client.greeting(200).await.json()["message"], "Hello");
    for path in ["/auth/openapi.json", "/hello/openapi.json"] {
        assert_eq!(client.get(path).send(200).await.json()["info"]["title"], "monolith");
    }
    client.secure(401).await.problem();
}

async fn the_classic_monolith_is_reached_by_tls() {
    let certificates = Certificates::usual();
    let flags = ["-http=127.0.0.1:0", "-health=127.0.0.1:0", "-secret=secret"];
    let mut monolith = Launch::bare(Program::Monolith).args(flags).ready().await;
    let (_frontend, _, client) = before(&certificates, monolith.client().await.origin()).await;
    client.logged_in().await.secure(200).await;
}

/// Containers of a pod start and end in no order.
async fn the_monolith_may_come_later_and_go_earlier() {
    let certificates = Certificates::usual();
    let monolith = Launch::service(Program::Monolith);
    let mut first = monolith.clone().ready().await;
    let address = first.listening().await.http.to_string();
    let (mut frontend, _, client) = before(&certificates, &format!("http://{address}")).await;
    client.greeting(200).await;
    first.signal(Signal::TERM);
    assert!(first.wait_exit(LONG).await.success());
    client.greeting(502).await.problem();
    frontend.health().await.readiness(200).await;
    let _second = monolith.set("HTTP_ADDR", &address).ready().await;
    eventually("it is found again", LONG, async || {
        client.get("/").try_send().await.filter(|answer| answer.status == 200)
    })
    .await;
}

async fn the_monolith_sees_who_its_clients_are() {
    let certificates = Certificates::usual();
    let mut monolith = Launch::service(Program::Monolith).set("TRUSTED_PROXIES", "127.0.0.1").ready().await;
    let upstream = monolith.client().await.origin().to_owned();
    let settings = [("AUTH_URL", &*upstream), ("HELLO_URL", &*upstream), ("TRUSTED_PROXIES", "127.0.0.1")];
    let (_frontend, address) = frontend(&certificates, &settings).await;
    let client = Client::trusting(&certificates.read("ca.pem"), format!("https://{address}"));
    client.get("/login").basic("nobody", "x").header("x-forwarded-for", "203.0.113.7").send(401).await;
    assert_eq!(monolith.event("login failed").await["peer"], "203.0.113.7");
}

/// An upstream whose answer is the head that it was sent.
pub(super) struct Echo {
    pub(super) url: String,
}

impl Echo {
    pub(super) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(echo(stream));
            }
        });
        Self { url }
    }
}

async fn echo(mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.map_or(true, |length| length == 0) {
            return;
        }
    }
    let answer = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", head.len());
    // Whoever does not want all of it closes first.
    let _ = stream.write_all(&[answer.as_bytes(), &head].concat()).await;
}
