//! The second port, which sends everybody who comes in clear to TLS.
use std::net::SocketAddr;

use e2e::{Certificates, Client, Launch, Process, Program, Signal, Test};

use super::frontend;
use crate::{lifecycle::last_word, limits::Wire};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        plain_http_is_sent_to_the_same_target_by_tls,
        nobody_is_sent_to_a_host_that_the_certificate_is_not_for,
        the_port_that_it_names_can_be_set,
        it_has_the_limits_of_every_port_and_is_counted_by_none,
        it_ends_with_the_process,
        a_port_that_is_taken_is_named,
    ]
}

async fn redirecting(certificates: &Certificates, settings: &[(&str, &str)]) -> (Process, SocketAddr, SocketAddr) {
    let settings = [settings, &[("REDIRECT_ADDR", "127.0.0.1:0")]].concat();
    let (mut process, address) = frontend(certificates, &settings).await;
    let event = process.event("also listening").await;
    assert_eq!(event["port"], "redirect");
    let redirect = event["address"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    (process, address, redirect)
}

async fn plain_http_is_sent_to_the_same_target_by_tls() {
    let certificates = Certificates::usual();
    let (_process, address, redirect) = redirecting(&certificates, &[]).await;
    let client = Client::new(format!("http://{redirect}"));
    for (method, target) in [("GET", "/"), ("POST", "/login"), ("GET", "/version?a=b&c=%2F"), ("GET", "/nope")] {
        let answer = client.request(method, target).send(308).await;
        assert_eq!(answer.header("location"), format!("https://127.0.0.1:{}{target}", address.port()));
        assert_eq!(answer.header("connection"), "close");
        assert!(!answer.has("strict-transport-security"), "it would mean nothing in clear (RFC 6797 section 7.2)");
    }
    let location = client.get("/version").send(308).await.header("location").to_owned();
    let origin = location.strip_suffix("/version").expect("the same target");
    Client::trusting(&certificates.read("ca.pem"), origin).version(200).await;
}

async fn nobody_is_sent_to_a_host_that_the_certificate_is_not_for() {
    let certificates = Certificates::usual();
    let (_process, _, redirect) = redirecting(&certificates, &[]).await;
    let client = Client::new(format!("http://{redirect}"));
    for (host, status) in [
        ("evil.test", 421),
        ("localhost.evil.test", 421),
        ("a.b.example.com", 421),
        ("localhost@evil.test", 400),
        ("", 400),
    ] {
        let answer = client.get("/").header("host", host).send(status).await;
        answer.problem();
        assert!(!answer.has("location"), "{answer:?}");
    }
    let shop = client.get("/").header("host", "shop.example.com").send(308).await;
    assert!(shop.header("location").starts_with("https://shop.example.com:"), "{shop:?}");
}

/// As behind a Service or a published port, where clients do not see the port that we listen on.
async fn the_port_that_it_names_can_be_set() {
    let certificates = Certificates::usual();
    for (port, origin) in [("443", "https://127.0.0.1/"), ("30443", "https://127.0.0.1:30443/")] {
        let (_process, _, redirect) = redirecting(&certificates, &[("REDIRECT_PORT", port)]).await;
        let answer = Client::new(format!("http://{redirect}")).get("/").send(308).await;
        assert_eq!(answer.header("location"), origin);
    }
}

async fn it_has_the_limits_of_every_port_and_is_counted_by_none() {
    let certificates = Certificates::usual();
    let (mut process, _, redirect) = redirecting(&certificates, &[("HEADER_TIMEOUT", "300ms")]).await;
    let mut wire = Wire::to(redirect).await;
    wire.send("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(wire.answer().await.status, 400);
    let mut slow = Wire::to(redirect).await;
    slow.send("GET / HT").await;
    assert_eq!(slow.answers_until_closed().await.len(), 0);
    let metrics = process.health().await.get("/metrics").send(200).await.body;
    assert!(!metrics.contains("http_requests_total{"), "{metrics}");
    let lines = process.output().events();
    assert!(lines.iter().any(|line| line["target"] == "access" && line["port"] == "redirect" && line["status"] == 400));
}

async fn it_ends_with_the_process() {
    let certificates = Certificates::usual();
    let (mut process, _, redirect) = redirecting(&certificates, &[]).await;
    let _idle = Wire::to(redirect).await;
    process.signal(Signal::TERM);
    assert!(process.wait_exit(std::time::Duration::from_secs(10)).await.success());
    assert!(tokio::net::TcpStream::connect(redirect).await.is_err());
}

async fn a_port_that_is_taken_is_named() {
    let certificates = Certificates::usual();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let launch = Launch::service(Program::Frontend).encrypted(&certificates).set("REDIRECT_ADDR", &address);
    let word = last_word(launch, 1).await;
    assert!(word.contains(&address) && word.contains("FRONTEND_REDIRECT_ADDR chooses another"), "{word}");
}
