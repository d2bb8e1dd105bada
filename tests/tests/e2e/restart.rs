//! What survives the end of a process, and what goes on without it.
use std::time::Duration;

use e2e::{Jws, LONG, Launch, Process, Program, Signal, Suite, Test, eventually};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        hello_knows_whom_it_greets_without_auth,
        a_token_survives_a_restart_of_auth,
        a_token_survives_a_crash_of_the_monolith,
        other_data_is_another_issuer,
        two_that_start_at_once_on_the_same_data_have_the_same_key,
        a_token_dies,
    ]
}

async fn stop(mut process: Process) {
    process.signal(Signal::TERM);
    assert!(process.wait_exit(LONG).await.success());
}

/// Fault 6.
async fn hello_knows_whom_it_greets_without_auth() {
    let mut suite = Suite::split().await;
    let holder = suite.token_holder().await;
    stop(suite.take(Program::Auth)).await;
    assert_eq!(holder.secure(200).await.json()["user"], "user");
    holder.greeting(200).await;
}

async fn a_token_survives_a_restart_of_auth() {
    let mut first = Launch::service(Program::Auth).ready().await;
    let token = first.client().await.logged_in().await.token().to_owned();
    let home = first.home();
    stop(first).await;
    let mut second = Launch::service(Program::Auth).home(home).ready().await;
    let jwks = format!("{}/.well-known/jwks.json", second.client().await.origin());
    let mut hello = Launch::service(Program::Hello).set("JWKS_URL", jwks).ready().await;
    hello.client().await.holding(token).secure(200).await;
    second.client().await.logged_in().await;
}

/// Fault 14, once: what was acknowledged is there.
async fn a_token_survives_a_crash_of_the_monolith() {
    let mut first = Launch::service(Program::Monolith).ready().await;
    let token = first.client().await.logged_in().await.token().to_owned();
    let home = first.home();
    first.signal(Signal::KILL);
    first.wait_exit(LONG).await;
    let mut second = Launch::service(Program::Monolith).home(home).ready().await;
    second.client().await.holding(token).secure(200).await;
}

async fn other_data_is_another_issuer() {
    let token = Launch::service(Program::Monolith).ready().await.client().await.logged_in().await.token().to_owned();
    Launch::service(Program::Monolith).ready().await.client().await.holding(token).secure(401).await;
}

async fn two_that_start_at_once_on_the_same_data_have_the_same_key() {
    let mut first = Launch::service(Program::Auth).spawn();
    let mut second = Launch::service(Program::Auth).home(first.home()).spawn();
    first.ready().await;
    second.ready().await;
    let [first, second] = [first.client().await, second.client().await];
    assert_eq!(first.key_set(200).await.json(), second.key_set(200).await.json());
    let kid = |token: &str| Jws::parse(token).header["kid"].clone();
    assert_eq!(kid(first.logged_in().await.token()), kid(second.logged_in().await.token()));
}

async fn a_token_dies() {
    let suite = Suite::split_with(|launch| match launch.program() {
        Program::Auth => launch.set("TOKEN_TTL", "2s"),
        Program::Hello => launch.set("LEEWAY", "0s"),
        _ => launch,
    })
    .await;
    let holder = suite.token_holder().await;
    holder.secure(200).await;
    let refused = eventually("the token has expired", Duration::from_secs(10), async || {
        holder.get("/secure").bearer(holder.token()).try_send().await.filter(|answer| answer.status == 401)
    })
    .await;
    assert!(refused.header("www-authenticate").contains("invalid_token"));
}
