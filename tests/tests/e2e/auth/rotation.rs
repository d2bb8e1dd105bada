//! Row 9 of the fault matrix: keys are rotated under load, and no good token is refused.
use std::time::Duration;

use e2e::{
    Answer, Client, Database, Jws, LONG, Launch, Program, Store, Suite, Test,
    client::{PASSWORD, USER},
    environment, eventually,
};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![fault_9_a_rotation_under_load_refuses_no_good_token, fault_9_a_new_key_is_fetched_once]
}

/// 20 requests a second, whatever the answers take …
const PERIOD: Duration = Duration::from_millis(50);
/// … and with every fifth of them somebody who logs in: hashing is what a login costs, and the machine may be busy.
const NEWCOMER_EVERY: usize = 5;

fn aged(launch: Launch) -> Launch {
    if launch.program() == Program::Auth { launch.set("JWKS_MAX_AGE", "6s") } else { launch }
}

/// What became of a request; none is an answer that is as it should be.
type Failure = Option<String>;

fn judged(what: &str, answer: Option<&Answer>) -> Failure {
    match answer {
        Some(answer) if answer.status == 200 => None,
        Some(answer) => Some(format!("{what}: {} {}", answer.status, answer.body)),
        None => Some(format!("{what}: no answer")),
    }
}

/// Logs in, and is greeted at once and again with the new token.
async fn newcomer(client: Client) -> Failure {
    let login = client.get("/login").basic(USER, PASSWORD).try_send().await;
    if let Some(failure) = judged("login", login.as_ref()) {
        return Some(failure);
    }
    let token = login?.token();
    judged("a new token", client.get("/secure").bearer(&token).try_send().await.as_ref())
}

async fn regular(client: Client, token: String) -> Failure {
    judged("an old token", client.get("/secure").bearer(&token).try_send().await.as_ref())
}

/// At a fixed rate until the deadline: what failed, of how many.
async fn load(suite: &Suite, until: Instant) -> (Vec<String>, usize) {
    let (client, token) = (suite.anonymous(), suite.token_holder().await.token().to_owned());
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut requests, mut count) = (JoinSet::new(), 0);
    while Instant::now() < until {
        ticks.tick().await;
        if count % NEWCOMER_EVERY == 0 {
            requests.spawn(newcomer(client.clone()));
        }
        requests.spawn(regular(client.clone(), token.clone()));
        count += 1;
    }
    (requests.join_all().await.into_iter().flatten().collect(), count)
}

async fn signing(store: &Store) -> String {
    let said = aged(store.command(["key", "list", "--output", "json"])).run().await.expect(0);
    let keys = said.json();
    let key = keys.as_array().expect("a list").iter().find(|key| key["state"] == "signing").cloned();
    key.expect("a signing key")["kid"].as_str().expect("a kid").to_owned()
}

/// One rotation after the other; how many were completed. The last one is completed, too.
async fn rotate(store: &Store, client: &Client, until: Instant) -> usize {
    let mut rotations = 0;
    loop {
        let before = signing(store).await;
        aged(store.command(["key", "rotate"])).run().await.expect(0);
        eventually("the new key signs", LONG, async || {
            let kid = Jws::parse(client.logged_in().await.token()).header["kid"].clone();
            (kid != before.as_str()).then_some(())
        })
        .await;
        rotations += 1;
        if Instant::now() > until {
            return rotations;
        }
    }
}

async fn fault_9_a_rotation_under_load_refuses_no_good_token(database: Database) {
    let store = database.fresh().await;
    let suite = Suite::split_with(|launch| aged(store.under(launch))).await;
    let until = Instant::now() + environment::rotation_under_load();
    // A rotation takes longer than the short load: the load goes on until one is over.
    let client = suite.anonymous();
    let rotations = rotate(&store, &client, until);
    let least = until.max(Instant::now() + Duration::from_secs(9));
    let ((failures, requests), rotations) = tokio::join!(load(&suite, least), rotations);
    assert!(rotations > 0 && requests > 100, "{rotations} rotations, {requests} requests");
    let some: Vec<_> = failures.iter().take(3).collect();
    assert!(failures.is_empty(), "{} of {requests} failed in {rotations} rotations: {some:?}", failures.len());
}

/// However many tokens with the new key come at once.
async fn fault_9_a_new_key_is_fetched_once(database: Database) {
    let store = database.fresh().await;
    let mut suite = Suite::split_with(|launch| store.under(launch)).await;
    let client = suite.anonymous();
    let before = signing(&store).await;
    store.admin("key rotate --now").await;
    let fresh = eventually("the new key signs", LONG, async || {
        let fresh = client.logged_in().await;
        (Jws::parse(fresh.token()).header["kid"] != before.as_str()).then_some(fresh)
    })
    .await;
    let auth = suite.process(Program::Auth).output().clone();
    let fetches = || {
        let events = auth.events();
        events.iter().filter(|event| event["route"] == "/.well-known/jwks.json").count()
    };
    let known = fetches();
    let crowd = (0..32).map(|_| regular(client.clone(), fresh.token().to_owned())).collect::<JoinSet<_>>();
    assert_eq!(crowd.join_all().await.into_iter().flatten().collect::<Vec<_>>(), Vec::<String>::new());
    eventually("the fetch is logged", LONG, async || (fetches() > known).then_some(())).await;
    assert_eq!(fetches() - known, 1);
}
