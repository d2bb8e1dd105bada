//! What the edge answers when a service behind it does not (faults 6, 19, 20): always something, always in time.
use std::time::Duration;

use e2e::{Answer, Client, Gate, Launch, Process, Program, Signal, Suite, Test};
use tokio::time::timeout;

use super::{
    SECRET,
    fake::{Fake, Reply},
    load::Load,
    nobody,
};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        without_auth_a_login_fails_fast_and_nothing_else_does,
        a_slow_upstream_is_given_up_in_time,
        an_upstream_that_refuses_connections_is_a_502,
        a_name_that_does_not_resolve_is_a_503,
        an_answer_that_is_none_is_a_502,
        an_answer_that_is_cut_never_looks_whole,
        an_answer_that_is_cut_is_logged_with_its_request,
        an_upstream_that_is_killed_and_replaced_under_load_is_not_missed,
    ]
}

/// 2 s are promised.
const PROMISED: Duration = Duration::from_secs(2 * 3);

/// A frontend whose hello is at this URL.
async fn edge_of(hello: &str) -> (Process, Client) {
    let launch = Launch::service(Program::Frontend).set("HELLO_URL", hello).set("UPSTREAM_TIMEOUT", "300ms");
    let mut frontend = launch.ready().await;
    let client = frontend.client().await;
    (frontend, client)
}

async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    timeout(PROMISED, answer).await.expect("an answer in time")
}

async fn without_auth_a_login_fails_fast_and_nothing_else_does() {
    let mut suite = Suite::split().await;
    let holder = suite.token_holder().await;
    suite.take(Program::Auth).signal(Signal::KILL);
    for _ in 0..5 {
        let answer: Answer =
            in_time(holder.get("/login").basic("user", "password").try_send()).await.expect("an answer");
        assert!([502, 503].contains(&answer.status), "{answer:?}");
        answer.problem();
        in_time(holder.secure(200)).await;
    }
}

async fn a_slow_upstream_is_given_up_in_time() {
    let slow = Fake::that(Reply::Silence).await;
    let (_frontend, client) = edge_of(&slow.url()).await;
    in_time(client.greeting(504)).await.problem();
    in_time(client.version(200)).await;
}

async fn an_upstream_that_refuses_connections_is_a_502() {
    let (_kept, address) = nobody();
    let (_frontend, client) = edge_of(&format!("http://{address}")).await;
    in_time(client.greeting(502)).await.problem();
}

/// Of a domain that never has a name (RFC 6761).
async fn a_name_that_does_not_resolve_is_a_503() {
    let (_frontend, client) = edge_of("http://nobody.invalid").await;
    let answer = in_time(client.greeting(503)).await;
    answer.problem();
    assert!(answer.has("retry-after"), "{answer:?}");
}

async fn an_answer_that_is_none_is_a_502() {
    for reply in [
        Reply::Reset,
        Reply::Bytes(Vec::new()),
        Reply::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
    ] {
        let broken = Fake::that(reply).await;
        let (_frontend, client) = edge_of(&broken.url()).await;
        in_time(client.greeting(502)).await.problem();
    }
}

async fn an_answer_that_is_cut_never_looks_whole() {
    for half in ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let broken = Fake::that(Reply::Bytes(format!("HTTP/1.1 200 OK\r\n{half}").into_bytes())).await;
        let (_frontend, client) = edge_of(&broken.url()).await;
        let answer = in_time(client.get("/").try_send()).await;
        assert!(answer.as_ref().is_none_or(|answer| answer.status == 502), "{answer:?}");
    }
}

async fn an_answer_that_is_cut_is_logged_with_its_request() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let broken = Fake::that(Reply::Bytes(half)).await;
    let (mut frontend, client) = edge_of(&broken.url()).await;
    in_time(client.get("/").header("x-request-id", "lesson-5.cut").try_send()).await;
    let cut = frontend.event("answer cut").await;
    assert_eq!((cut["request_id"].as_str(), cut["upstream"].as_str()), (Some("lesson-5.cut"), Some("hello")), "{cut}");
}

/// As when one pod of several dies: its connections end, also those with a request on the way, and new ones reach another.
async fn an_upstream_that_is_killed_and_replaced_under_load_is_not_missed() {
    const CLIENTS: usize = 16;
    const DEATHS: usize = 5;
    let hello = || Launch::service(Program::Hello).set("SECRET", SECRET);
    let mut present = hello().spawn();
    let gate = Gate::before(present.ready().await.http).await;
    let (_frontend, client) = edge_of(&format!("http://127.0.0.1:{}", gate.port())).await;
    let load = Load::start(CLIENTS, client.origin(), None);
    for _ in 0..DEATHS {
        load.answers(CLIENTS * 10).await;
        let mut next = hello().spawn();
        gate.lead_to(next.ready().await.http);
        present.signal(Signal::KILL);
        present = next;
    }
    load.answers(CLIENTS * 10).await;
    assert_eq!(load.stop().await, Vec::<String>::new());
}
