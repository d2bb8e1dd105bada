//! Failed logins by account: counted in the database, so by all replicas together; delays grow and end (security 17).
use std::{collections::BTreeSet, time::Duration};

use e2e::{
    Answer, Client, Database, LONG, Launch, Store, Test,
    client::{PASSWORD, USER},
    eventually,
};

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        after_some_failures_an_account_has_to_wait,
        during_a_delay_the_right_password_is_not_looked_at,
        after_the_delay_the_right_user_gets_in,
        each_further_failure_costs_a_longer_delay,
        attempts_during_a_delay_do_not_prolong_it,
        who_knocks_through_a_delay_is_kept_out_by_his_address,
        a_success_makes_failures_forgotten,
        an_unknown_name_is_throttled_like_a_known_one,
        replicas_count_together,
        a_restart_forgets_no_failure,
        other_accounts_are_not_concerned,
        a_throttled_login_is_a_security_event,
    ]
}

const WRONG: &str = "not the password";
/// More than are free of charge.
const MANY: usize = 12;

/// All tests come from one address, whose own limit is not the subject here.
fn lenient_with_peers(store: &Store) -> Launch {
    store.auth().set("PEER_FAILURES", "1000000")
}

/// Fails until it is told to wait: that answer, and how many failures came before it.
async fn throttled(client: &Client, account: &str) -> (Answer, usize) {
    for failures in 0..MANY {
        let answer = client.get("/login").basic(account, WRONG).try_send().await.expect("an answer");
        match answer.status {
            401 => {}
            429 => return (answer, failures),
            _ => panic!("{answer:?}"),
        }
    }
    panic!("{MANY} failures cost nothing");
}

/// The first answer that is no 429.
async fn after_the_delay(client: &Client, account: &str, password: &str) -> Answer {
    eventually("the delay is over", LONG, async || {
        let answer = client.get("/login").basic(account, password).try_send().await.expect("an answer");
        (answer.status != 429).then_some(answer)
    })
    .await
}

/// Fails until the delay is long enough for a busy machine: it is the third.
async fn throttled_for_long(client: &Client, account: &str) {
    throttled(client, account).await;
    for _ in 0..2 {
        assert_eq!(after_the_delay(client, account, WRONG).await.status, 401);
    }
}

async fn after_some_failures_an_account_has_to_wait(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let (answer, failures) = throttled(&auth.client().await, USER).await;
    answer.problem();
    assert!((3..=10).contains(&failures), "a person mistypes some times: {failures}");
    assert!((1..=5).contains(&answer.retry_after()), "the first delay is short: {answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

async fn during_a_delay_the_right_password_is_not_looked_at(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    throttled_for_long(&client, USER).await;
    let wrong = client.log_in(USER, WRONG, 429).await;
    let right = client.log_in(USER, PASSWORD, 429).await;
    assert_eq!(wrong.body, right.body, "or it would tell the right password");
}

async fn after_the_delay_the_right_user_gets_in(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    throttled(&client, USER).await;
    assert_eq!(after_the_delay(&client, USER, PASSWORD).await.status, 200);
    client.log_in(USER, WRONG, 401).await;
}

async fn each_further_failure_costs_a_longer_delay(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    let mut delays = vec![throttled(&client, USER).await.0.retry_after()];
    for _ in 0..2 {
        assert_eq!(after_the_delay(&client, USER, WRONG).await.status, 401);
        delays.push(client.log_in(USER, WRONG, 429).await.retry_after());
    }
    assert!(delays.is_sorted() && delays[2] > delays[0], "{delays:?}");
    assert!(delays[2] <= 60, "{delays:?}");
}

/// Or a stranger could lock somebody out for good.
async fn attempts_during_a_delay_do_not_prolong_it(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    throttled_for_long(&client, USER).await;
    let promised = Duration::from_secs(client.log_in(USER, WRONG, 429).await.retry_after());
    for _ in 0..20 {
        client.log_in(USER, WRONG, 429).await.retry_after();
    }
    let slack = Duration::from_secs(3);
    let entered = tokio::time::timeout(promised + slack, after_the_delay(&client, USER, PASSWORD)).await;
    assert_eq!(entered.expect("the delay was not prolonged").status, 200);
}

/// Or he would be first again whenever a delay ends.
async fn who_knocks_through_a_delay_is_kept_out_by_his_address(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().set("PEER_FAILURES", "10").ready().await;
    let client = auth.client().await;
    throttled(&client, USER).await;
    for _ in 0..20 {
        client.log_in(USER, WRONG, 429).await;
    }
    client.log_in("somebody else", WRONG, 429).await.retry_after();
}

async fn a_success_makes_failures_forgotten(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    for _ in 0..4 {
        for _ in 0..3 {
            client.log_in(USER, WRONG, 401).await;
        }
        client.log_in(USER, PASSWORD, 200).await;
    }
}

/// The limit must not tell who has an account.
async fn an_unknown_name_is_throttled_like_a_known_one(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    let (known, unknown) = (throttled(&client, USER).await, throttled(&client, "nobody").await);
    // Delays are whole seconds of the clock: the first may be over before it is noticed.
    assert!(known.1.abs_diff(unknown.1) <= 1, "{} and {} failures", known.1, unknown.1);
    assert_eq!(known.0.body, unknown.0.body);
    let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(names(&known.0), names(&unknown.0));
}

async fn replicas_count_together(database: Database) {
    let store = database.fresh().await;
    let mut replicas = [lenient_with_peers(&store).ready().await, lenient_with_peers(&store).ready().await];
    let [one, other] = [replicas[0].client().await, replicas[1].client().await];
    throttled_for_long(&one, USER).await;
    other.log_in(USER, PASSWORD, 429).await.retry_after();
    assert_eq!(after_the_delay(&other, USER, PASSWORD).await.status, 200);
}

async fn a_restart_forgets_no_failure(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    throttled_for_long(&auth.client().await, USER).await;
    drop(auth);
    lenient_with_peers(&store).ready().await.client().await.log_in(USER, PASSWORD, 429).await.retry_after();
}

async fn other_accounts_are_not_concerned(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    let client = auth.client().await;
    throttled(&client, "nobody").await;
    client.log_in(USER, PASSWORD, 200).await;
    client.log_in("Nobody", WRONG, 401).await;
}

async fn a_throttled_login_is_a_security_event(database: Database) {
    let store = database.fresh().await;
    let mut auth = lenient_with_peers(&store).ready().await;
    throttled(&auth.client().await, "my-password-by-mistake").await;
    let event = auth.event("login throttled").await;
    assert_eq!((&event["target"], &event["event"]), (&"audit".into(), &"login.throttled".into()));
    assert!(event["request_id"].is_string() && event["peer"].is_string(), "{event}");
    let log = auth.output().of(e2e::Stream::Out).concat();
    assert!(!log.contains("my-password-by-mistake"), "people type passwords into the wrong field: {log}");
}
