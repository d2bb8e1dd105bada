//! Clients that take their time (security 21, fault 21): each clock ends what it is for, and nothing else.
use std::{net::SocketAddr, time::Duration};

use e2e::{Program, Shared, Target, Test};
use tokio::time::interval;

use super::{READERS, SERVICES, Wire, address_in, own};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_connection_without_a_request_is_closed,
        a_connection_that_falls_idle_is_closed,
        a_head_that_stops_coming_ends_its_connection,
        a_head_that_drips_ends_its_connection_and_no_other,
        a_body_that_stops_coming_is_a_408,
        a_body_that_stops_coming_is_a_408_on_the_health_port_too,
        a_body_with_a_broken_chunk_is_a_400,
    ]
}

const VERSION: &str = "GET /version HTTP/1.1\r\nHost: a\r\n\r\n";
const SHORT: &str = "300ms";

async fn a_connection_without_a_request_is_closed() {
    for program in SERVICES {
        let (_process, address) = own(program, &[("IDLE_TIMEOUT", SHORT)]).await;
        assert_eq!(Wire::to(address).await.answers_until_closed().await.len(), 0);
    }
}

async fn a_connection_that_falls_idle_is_closed() {
    for program in SERVICES {
        let (_process, address) = own(program, &[("IDLE_TIMEOUT", SHORT)]).await;
        let mut wire = Wire::to(address).await;
        wire.send(VERSION).await;
        assert_eq!(wire.answer().await.status, 200);
        assert_eq!(wire.answers_until_closed().await.len(), 0);
    }
}

async fn a_head_that_stops_coming_ends_its_connection() {
    for program in SERVICES {
        for clock in ["IDLE_TIMEOUT", "HEADER_TIMEOUT"] {
            let (_process, address) = own(program, &[(clock, SHORT)]).await;
            let mut wire = Wire::to(address).await;
            wire.send("GET /version HT").await;
            assert_eq!(wire.answers_until_closed().await.len(), 0, "{clock}");
        }
    }
}

async fn a_head_that_drips_ends_its_connection_and_no_other() {
    for program in SERVICES {
        let (_process, address) = own(program, &[("HEADER_TIMEOUT", SHORT)]).await;
        let mut idle = Wire::to(address).await;
        idle.send(VERSION).await;
        assert_eq!(idle.answer().await.status, 200, "{}", program.name());
        drips_until_closed(address).await;
        idle.send(VERSION).await;
        assert_eq!(idle.answer().await.status, 200, "{}", program.name());
    }
}

/// Sends a head byte by byte, never pausing as long as the clock allows.
async fn drips_until_closed(address: SocketAddr) {
    let mut wire = Wire::to(address).await;
    wire.send("GET /version HTTP/1.1\r\nHost: a\r\nX: ").await;
    let mut beat = interval(Duration::from_millis(20));
    // A head of a minute would still be within all sizes.
    for _ in 0..3000 {
        beat.tick().await;
        wire.send("x").await;
        if wire.has_ended() {
            return;
        }
    }
    panic!("the connection is still open");
}

async fn a_body_that_stops_coming_is_a_408() {
    let suite = Shared::of(Target::Split).await;
    let auth = format!("http://{}", address_in(&suite, Program::Auth).await);
    for program in READERS {
        let upstream = (program == Program::Frontend).then_some(("AUTH_URL", &*auth));
        let settings: Vec<_> = upstream.into_iter().chain([("BODY_TIMEOUT", SHORT)]).collect();
        let (_process, address) = own(program, &settings).await;
        let mut wire = Wire::to(address).await;
        wire.send("POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            .await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, 408, "{answer:?}");
        answer.problem();
        assert!(answer.has("x-request-id"));
        assert_eq!(wire.answers_until_closed().await.len(), 0);
    }
}

async fn a_body_with_a_broken_chunk_is_a_400() {
    let suite = Shared::of(Target::Split).await;
    let auth = format!("http://{}", address_in(&suite, Program::Auth).await);
    for program in READERS {
        let upstream = (program == Program::Frontend).then_some(("AUTH_URL", &*auth));
        let (_process, address) = own(program, &upstream.into_iter().collect::<Vec<_>>()).await;
        for path in ["/login", "/refresh", "/logout"] {
            for chunks in ["zz\r\n", "-1\r\n", "ffffffffffffffff1\r\n", "1\r\n{\r\nzz\r\n"] {
                let head = "Host: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
                let mut wire = Wire::to(address).await;
                wire.send(format!("POST {path} HTTP/1.1\r\n{head}\r\n\r\n{chunks}")).await;
                let answer = wire.answer().await;
                assert_eq!(answer.status, 400, "{} {path} {chunks:?}: {answer:?}", program.name());
                answer.problem();
            }
        }
    }
}

async fn a_body_that_stops_coming_is_a_408_on_the_health_port_too() {
    let (mut process, _) = own(Program::Auth, &[("BODY_TIMEOUT", SHORT), ("LAB", "true")]).await;
    let health = process.listening().await.health;
    for path in ["/healthz/status", "/readiness/status", "/faults"] {
        let head = format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n");
        let mut wire = Wire::to(health).await;
        wire.send(format!("{head}{{")).await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, 408, "{path}: {answer:?}");
        answer.problem();
        assert_eq!(wire.answers_until_closed().await.len(), 0);
        let mut whole = Wire::to(health).await;
        whole.send(format!("{head}{{\"fail_next\": 1 ")).await;
        assert_eq!(whole.answer().await.status, 400, "{path}: a body that came and makes no sense");
    }
}
