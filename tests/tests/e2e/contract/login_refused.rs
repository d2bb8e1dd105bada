//! `/login` that is refused: an unknown user and a wrong password look alike, and take alike.
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use e2e::{
    Suite,
    client::{PASSWORD, USER},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        no_credentials_are_challenged,
        a_post_without_anything_is_challenged,
        unknown_and_wrong_are_the_same_answer,
        unknown_and_wrong_take_the_same_time,
        a_password_is_taken_exactly,
        strange_credentials_are_refused,
        a_body_that_is_no_login_is_a_400,
        a_body_that_is_not_labelled_is_a_415,
        a_large_body_is_a_413,
    ]
}

const WRONG: &str = "correct horse battery staple";

/// A name that nobody has. Failures count by name, known or not, so each is used for a few only.
fn nobody() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    // The process makes it new to a suite that outlives the run.
    format!("nobody-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst))
}

/// A login that succeeds makes an account's failures forgotten: the other checks use it at the same time.
async fn forgiven(suite: &Suite) {
    suite.anonymous().log_in(USER, PASSWORD, 200).await;
}

async fn no_credentials_are_challenged(suite: &Suite) {
    let answer = suite.anonymous().get("/login").send(401).await;
    assert_snapshot!("login_without_credentials", wire(&answer, &[]));
    assert!(answer.header("www-authenticate").starts_with(r#"Basic realm="flotilla""#));
}

async fn a_post_without_anything_is_challenged(suite: &Suite) {
    let answer = suite.anonymous().request("POST", "/login").send(401).await;
    assert!(answer.header("www-authenticate").starts_with("Basic "));
}

async fn unknown_and_wrong_are_the_same_answer(suite: &Suite) {
    let (client, nobody) = (suite.anonymous(), nobody());
    for (user, password) in
        [(USER, WRONG), (&nobody, WRONG), (&nobody, PASSWORD), ("", ""), (USER, ""), ("USER", PASSWORD)]
    {
        for answer in [client.log_in(user, password, 401).await, client.log_in_by_json(user, password, 401).await] {
            assert_snapshot!("login_refused", wire(&answer, &[]));
        }
        forgiven(suite).await;
    }
}

/// A difference would tell who has an account (security 16). Medians of alternating samples; one of three rounds has to
/// agree, for a busy machine disturbs a round, but an account's hash that is left out disturbs them all.
async fn unknown_and_wrong_take_the_same_time(suite: &Suite) {
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            unknown.push(refusal_time(suite, &nobody()).await);
            wrong.push(refusal_time(suite, USER).await);
            forgiven(suite).await;
        }
        let ratio = median(unknown).div_duration_f64(median(wrong));
        if (1.0 / 1.5..=1.5).contains(&ratio) {
            return;
        }
        ratios.push(ratio);
    }
    panic!("an unknown user takes another time than a wrong password: {ratios:?}");
}

async fn refusal_time(suite: &Suite, user: &str) -> Duration {
    let client = suite.anonymous();
    client.version(200).await;
    let start = Instant::now();
    client.log_in(user, WRONG, 401).await;
    start.elapsed()
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

async fn a_password_is_taken_exactly(suite: &Suite) {
    for password in
        ["password ", " password", "PASSWORD", "password\0", "password\n", "pass word", &"password".repeat(8)]
    {
        suite.anonymous().log_in_by_json(USER, password, 401).await;
        forgiven(suite).await;
    }
    suite.anonymous().log_in_by_json("user ", PASSWORD, 401).await;
}

async fn strange_credentials_are_refused(suite: &Suite) {
    for value in ["Basic", "Basic !!!", "Basic dXNlcg==", "Bearer dXNlcjpwYXNzd29yZA==", "Digest username=user"] {
        let answer = suite.anonymous().get("/login").header("authorization", value).send(401).await;
        assert_snapshot!("login_refused", wire(&answer, &[]));
    }
    let long = "x".repeat(5000);
    suite.anonymous().log_in_by_json(USER, &long, 401).await;
    suite.anonymous().log_in_by_json(&long, PASSWORD, 401).await;
    forgiven(suite).await;
}

async fn a_body_that_is_no_login_is_a_400(suite: &Suite) {
    let valid = json!({"username": USER, "password": WRONG}).to_string();
    for body in [
        "{}",
        "[]",
        &json!([USER, WRONG]).to_string(),
        "null",
        "{",
        r#"{"username":"user"}"#,
        r#"{"username":1,"password":"x"}"#,
        &valid[1..],
        &format!("{valid}{valid}"),
    ] {
        let request = suite.anonymous().request("POST", "/login").header("content-type", "application/json");
        let problem = request.body(body).send(400).await.problem();
        assert!(!problem.to_string().contains(WRONG), "{problem}");
    }
}

async fn a_body_that_is_not_labelled_is_a_415(suite: &Suite) {
    let body = json!({"username": USER, "password": PASSWORD}).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let request = suite.anonymous().request("POST", "/login").header("content-type", kind);
        request.body(body.clone()).send(415).await.problem();
    }
    let labelled =
        suite.anonymous().request("POST", "/login").header("content-type", "Application/JSON; charset=utf-8");
    labelled.body(body).send(200).await;
}

async fn a_large_body_is_a_413(suite: &Suite) {
    let padding = "x".repeat(64 * 1024);
    let body: Value = json!({"username": USER, "password": padding});
    suite.anonymous().request("POST", "/login").json(&body).send(413).await.problem();
}
