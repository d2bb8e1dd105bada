//! Signals at any moment of a process's life (fault 16).
use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use e2e::{Launch, Program, Signal, Test};
use tokio::time::sleep;

use super::{
    AT_ONCE, SOON, alone, draining,
    fake::{Fake, Reply},
};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_start_that_waits_for_keys_ends_when_asked,
        a_start_ends_when_asked_as_soon_as_it_listens,
        a_start_ends_when_asked_at_any_moment,
        an_interrupt_is_as_good_as_a_termination,
        a_second_signal_ends_a_drain_at_once,
    ]
}

async fn a_start_that_waits_for_keys_ends_when_asked() {
    let issuer = Fake::that(Reply::Silence).await;
    for signal in [Signal::TERM, Signal::INT] {
        let before = issuer.asked();
        let mut hello = Launch::service(Program::Hello).set("JWKS_URL", issuer.url()).spawn();
        hello.health().await.readiness(503).await;
        issuer.is_asked_after(before).await;
        hello.signal(signal);
        assert_eq!(hello.wait_exit(AT_ONCE).await.code(), Some(0));
    }
}

async fn a_start_ends_when_asked_as_soon_as_it_listens() {
    for program in Program::SERVICES {
        let mut process = alone(program).spawn();
        process.listening().await;
        process.signal(Signal::TERM);
        assert_eq!(process.wait_exit(AT_ONCE).await.code(), Some(0), "{}", program.name());
    }
}

/// Before the process can listen for signals the kernel ends it, which is as good; later it ends itself.
async fn a_start_ends_when_asked_at_any_moment() {
    for program in Program::SERVICES {
        for moment in [0, 1, 2, 4, 8, 16, 32, 64] {
            let mut process = alone(program).spawn();
            sleep(Duration::from_millis(moment)).await;
            process.signal(Signal::TERM);
            let status = process.wait_exit(AT_ONCE).await;
            let listened = process.output().event("listening").is_some();
            let by_the_kernel = !listened && status.signal() == Some(Signal::TERM.as_raw());
            assert!(status.success() || by_the_kernel, "{} after {moment} ms: {status}", program.name());
        }
    }
}

async fn an_interrupt_is_as_good_as_a_termination() {
    let mut hello = alone(Program::Hello).set("DRAIN_DELAY", "2s").ready().await;
    let (client, health) = (hello.client().await, hello.health().await);
    hello.signal(Signal::INT);
    draining(&health).await;
    assert_eq!(client.version(200).await.header("connection"), "close");
    assert!(hello.wait_exit(SOON).await.success());
    assert!(hello.output().event("drained").is_some());
}

async fn a_second_signal_ends_a_drain_at_once() {
    let (term, int) = (Signal::TERM, Signal::INT);
    for (first, second, code) in [(term, term, 143), (int, int, 130), (term, int, 130), (int, term, 143)] {
        let mut hello = alone(Program::Hello).set("DRAIN_DELAY", "60s").ready().await;
        let health = hello.health().await;
        hello.signal(first);
        draining(&health).await;
        hello.signal(second);
        assert_eq!(hello.wait_exit(AT_ONCE).await.code(), Some(code), "{first:?}, then {second:?}");
    }
}
