//! The end of a process under load (fault 15): clients that look at readiness, as a load balancer does, notice nothing.
use e2e::{Client, HealthPort, Process, Program, Signal, Suite, Test};

use super::{SOON, draining, load::Load};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        hello_ends_under_load_without_a_failed_request,
        the_monolith_ends_under_load_without_a_failed_request,
        the_edge_ends_under_load_without_a_failed_request,
        all_end_at_once_under_load_without_a_failed_request,
        logins_go_on_through_a_drain,
    ]
}

const CLIENTS: usize = 16;
/// Clients have this long to notice.
const DRAIN_DELAY: (&str, &str) = ("DRAIN_DELAY", "2s");

async fn split() -> Suite {
    Suite::split_with(|launch| launch.set(DRAIN_DELAY.0, DRAIN_DELAY.1)).await
}

/// Ends `ending` while `origin` is under load; `health` is looked at by its clients.
async fn ends_unnoticed(ending: Vec<Process>, holder: &Client, health: &HealthPort) {
    let load = Load::start(CLIENTS, holder.origin(), Some(holder.token()));
    load.answers(CLIENTS * 10).await;
    for process in &ending {
        process.signal(Signal::TERM);
    }
    draining(health).await;
    health.liveness(200).await;
    load.answers(CLIENTS).await;
    assert_eq!(holder.secure(200).await.header("connection"), "close");
    assert_eq!(load.stop().await, Vec::<String>::new());
    for mut process in ending {
        assert!(process.wait_exit(SOON).await.success(), "{}", process.program().name());
        assert!(process.output().event("drained").is_some());
    }
}

async fn hello_ends_under_load_without_a_failed_request() {
    let mut suite = split().await;
    let token = suite.token_holder().await.token().to_owned();
    let mut hello = suite.take(Program::Hello);
    let (client, health) = (hello.client().await.holding(token), hello.health().await);
    ends_unnoticed(vec![hello], &client, &health).await;
}

async fn the_monolith_ends_under_load_without_a_failed_request() {
    let mut suite = Suite::monolith_with(|launch| launch.set(DRAIN_DELAY.0, DRAIN_DELAY.1)).await;
    let (holder, health) = (suite.token_holder().await, suite.health(Program::Monolith).await);
    ends_unnoticed(vec![suite.take(Program::Monolith)], &holder, &health).await;
}

async fn the_edge_ends_under_load_without_a_failed_request() {
    let mut suite = split().await;
    let (holder, health) = (suite.token_holder().await, suite.health(Program::Frontend).await);
    ends_unnoticed(vec![suite.take(Program::Frontend)], &holder, &health).await;
}

/// As when a laptop's owner ends the whole suite, or a namespace is deleted.
async fn all_end_at_once_under_load_without_a_failed_request() {
    let mut suite = split().await;
    let (holder, health) = (suite.token_holder().await, suite.health(Program::Frontend).await);
    let all = [Program::Frontend, Program::Hello, Program::Auth].map(|program| suite.take(program));
    ends_unnoticed(all.into(), &holder, &health).await;
}

async fn logins_go_on_through_a_drain() {
    let mut suite = split().await;
    let client = suite.anonymous();
    let mut auth = suite.take(Program::Auth);
    auth.signal(Signal::TERM);
    draining(&auth.health().await).await;
    let holder = client.logged_in().await;
    assert!(auth.wait_exit(SOON).await.success());
    holder.secure(200).await;
}
