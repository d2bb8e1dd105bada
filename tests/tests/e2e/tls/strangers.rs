//! What strangers can do to a TLS port: dawdle, come in clear, speak versions of another age. It hurts nobody else.
use std::{net::SocketAddr, time::Duration};

use e2e::{Certificates, LONG, Process, Signal, Test, eventually};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{VERSION, frontend, metric, shake::Shaken};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        versions_of_another_age_are_refused,
        http_in_clear_gets_an_answer_that_can_be_read,
        a_handshake_that_stops_ends_its_connection,
        a_handshake_that_stops_takes_a_place_and_gives_it_back,
        a_crowd_of_half_handshakes_is_in_nobodys_way,
        a_half_handshake_does_not_hold_up_the_end,
        a_head_that_drips_over_tls_ends_its_connection,
        a_storm_of_resets_in_handshakes_leaves_nothing_open,
    ]
}

const SHORT: &str = "300ms";
const CROWD: usize = 200;

/// A ClientHello (RFC 5246 section 7.4.1.2) of this version, in a record. Only the version can be objected to: one of its
/// cipher suites is of today, and so are its curve and signatures.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]); // random
    body.push(0); // no session
    body.extend([0, 6, 0xc0, 0x13, 0x00, 0x2f, 0xc0, 0x2b]);
    body.extend([1, 0]); // no compression
    body.extend([0, 24]);
    body.extend([0, 10, 0, 4, 0, 2, 0, 23]); // supported groups: P-256
    body.extend([0, 11, 0, 2, 1, 0]); // points: uncompressed
    body.extend([0, 13, 0, 6, 0, 4, 4, 3, 8, 4]); // signatures: ECDSA and RSA-PSS with SHA-256
    let handshake = [&[1, 0, 0, u8::try_from(body.len()).expect("short")], body.as_slice()].concat();
    [&[0x16, 3, 1, 0, u8::try_from(handshake.len()).expect("short")], handshake.as_slice()].concat()
}

async fn said_until_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // Some ends are resets.
    let _ = timeout(LONG, stream.read_to_end(&mut said)).await.expect("the end of the connection");
    said
}

async fn is_answered(address: SocketAddr, certificates: &Certificates) {
    let asked = async {
        let mut shaken = Shaken::with(address, certificates).await.expect("shaken");
        assert!(shaken.ask(VERSION).await.starts_with("HTTP/1.1 200 "));
    };
    timeout(LONG / 5, asked).await.expect("an answer within 2 s × 3");
}

async fn eventually_open(process: &mut Process, expected: usize) {
    let expected = f64::from(u32::try_from(expected).expect("few"));
    eventually("so many connections are open", LONG, async || {
        ((metric(process, "http_connections").await - expected).abs() < 0.5).then_some(())
    })
    .await;
}

async fn versions_of_another_age_are_refused() {
    const PROTOCOL_VERSION: u8 = 70;
    let certificates = Certificates::usual();
    let (_process, address) = frontend(&certificates, &[]).await;
    for version in [[3, 0], [3, 1], [3, 2]] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(&client_hello(version)).await.expect("written");
        let said = said_until_the_end(&mut stream).await;
        let [0x15, _, _, 0, 2, 2, PROTOCOL_VERSION] = said[..] else { panic!("{version:?}: {said:?}") };
    }
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(&client_hello([3, 3])).await.expect("written");
    assert_eq!(stream.read_u8().await.expect("a handshake"), 0x16, "with TLS 1.2 the same would be welcome");
    is_answered(address, &certificates).await;
}

async fn http_in_clear_gets_an_answer_that_can_be_read() {
    let certificates = Certificates::usual();
    let (mut process, address) = frontend(&certificates, &[]).await;
    let mut open = Shaken::with(address, &certificates).await.expect("shaken");
    for request in [VERSION, "POST /login HTTP/1.0\r\ncontent-length: 10\r\n\r\n", "G"] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("written");
        stream.shutdown().await.expect("half closed");
        let said = String::from_utf8(said_until_the_end(&mut stream).await).expect("text");
        assert!(said.starts_with("HTTP/1.1 400 Bad Request\r\n") && said.contains("this port speaks TLS"), "{said}");
    }
    assert!(open.ask(VERSION).await.starts_with("HTTP/1.1 200 "));
    assert!((metric(&mut process, "tls_handshakes_total{outcome=\"plain_http\"}").await - 3.0).abs() < 0.5);
}

async fn a_handshake_that_stops_ends_its_connection() {
    let certificates = Certificates::usual();
    let (_process, address) = frontend(&certificates, &[("HEADER_TIMEOUT", SHORT)]).await;
    let hello = client_hello([3, 3]);
    for beginning in [&[][..], &hello[..1], &hello[..hello.len() - 1]] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(beginning).await.expect("written");
        assert_eq!(said_until_the_end(&mut stream).await, [0; 0], "{} bytes", beginning.len());
    }
    is_answered(address, &certificates).await;
}

async fn a_handshake_that_stops_takes_a_place_and_gives_it_back() {
    let certificates = Certificates::usual();
    let (mut process, address) = frontend(&certificates, &[("MAX_CONNECTIONS", "2"), ("HEADER_TIMEOUT", "3s")]).await;
    let mut crowd = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(&client_hello([3, 3])[..5]).await.expect("written");
        crowd.push(stream);
    }
    eventually_open(&mut process, 2).await;
    // A third one waits for a moment, and then takes the place of one of them.
    let waiting = Shaken::over(TcpStream::connect(address).await.expect("a connection"), &certificates);
    assert!(waiting.await.expect("shaken").ask(VERSION).await.starts_with("HTTP/1.1 200 "));
    for mut stream in crowd {
        assert_eq!(said_until_the_end(&mut stream).await, [0; 0]);
    }
}

async fn a_crowd_of_half_handshakes_is_in_nobodys_way() {
    let certificates = Certificates::usual();
    let (mut process, address) = frontend(&certificates, &[]).await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(&client_hello([3, 3])[..20]).await.expect("written");
        crowd.push(stream);
    }
    eventually_open(&mut process, CROWD).await;
    is_answered(address, &certificates).await;
    drop(crowd);
    eventually_open(&mut process, 0).await;
}

async fn a_half_handshake_does_not_hold_up_the_end() {
    let certificates = Certificates::usual();
    let settings = [("HEADER_TIMEOUT", "60s"), ("REQUEST_TIMEOUT", "15s"), ("SHUTDOWN_TIMEOUT", "60s")];
    let (mut process, address) = frontend(&certificates, &settings).await;
    let mut half = TcpStream::connect(address).await.expect("a connection");
    half.write_all(&client_hello([3, 3])[..20]).await.expect("written");
    let _idle = Shaken::with(address, &certificates).await.expect("shaken");
    eventually_open(&mut process, 2).await;
    process.signal(Signal::TERM);
    assert!(process.wait_exit(Duration::from_secs(10)).await.success());
    assert!(process.output().event("drained").is_some());
}

async fn a_head_that_drips_over_tls_ends_its_connection() {
    let certificates = Certificates::usual();
    let (_process, address) = frontend(&certificates, &[("HEADER_TIMEOUT", SHORT)]).await;
    let mut idle = Shaken::with(address, &certificates).await.expect("shaken");
    assert!(idle.ask(VERSION).await.starts_with("HTTP/1.1 200 "));
    let mut dripping = Shaken::with(address, &certificates).await.expect("shaken");
    dripping.send("GET /version HTTP/1.1\r\nHost: localhost\r\nX: ").await;
    let drip = async {
        loop {
            dripping.send("x").await;
            tokio::time::sleep(Duration::from_millis(20)).await; // the pace of the drip, not a wait for a result
        }
    };
    let is_open = async {
        // Another connection sees how long it takes.
        timeout(Duration::from_secs(2), drip).await
    };
    assert!(is_open.await.is_err());
    assert_eq!(dripping.rest().await, "");
    assert!(idle.ask(VERSION).await.starts_with("HTTP/1.1 200 "));
}

async fn a_storm_of_resets_in_handshakes_leaves_nothing_open() {
    let certificates = Certificates::usual();
    let (mut process, address) = frontend(&certificates, &[]).await;
    for number in 0..CROWD {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let hello = client_hello([3, 3]);
        stream.write_all(&hello[..number % hello.len()]).await.expect("written");
        stream.set_zero_linger().expect("an open connection");
    }
    is_answered(address, &certificates).await;
    eventually_open(&mut process, 0).await;
}
