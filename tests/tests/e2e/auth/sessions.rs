//! Refresh tokens over time, over restarts and over replicas.
use e2e::{Answer, Client, Database, LONG, Process, Signal, Store, Test, client, eventually};
use serde_json::Value;
use tokio::task::JoinSet;

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        a_login_ends_when_its_time_is_over,
        a_refresh_token_survives_a_restart,
        a_refresh_token_of_one_replica_works_at_another,
        a_reuse_at_another_replica_ends_the_login,
        a_reuse_is_a_security_event,
        of_racing_refreshes_exactly_one_wins,
        of_refreshes_that_are_repeated_at_once_one_token_lives,
        no_refresh_token_lies_in_the_database,
    ]
}

async fn refresh_token(client: &Client) -> String {
    client.log_in(client::USER, client::PASSWORD, 200).await.refresh_token()
}

/// Refreshing does not help: the end is absolute.
async fn a_login_ends_when_its_time_is_over(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().set("REFRESH_TTL", "3s").ready().await;
    let client = auth.client().await;
    let mut answer = client.log_in(client::USER, client::PASSWORD, 200).await;
    assert_eq!(answer.json()["refresh_expires_in"], 3);
    let refused = eventually("the login is over", LONG, async || {
        let body = serde_json::json!({"refresh_token": answer.refresh_token()});
        let next = client.request("POST", "/refresh").json(&body).try_send().await.expect("an answer");
        if next.status == 401 {
            return Some(next);
        }
        answer = next;
        None
    })
    .await;
    refused.problem();
    let event = auth.event("refresh failed").await;
    assert_eq!(
        (&event["target"], &event["event"], &event["reason"]),
        (&"audit".into(), &"refresh.failed".into(), &"expired".into())
    );
}

async fn a_refresh_token_survives_a_restart(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let token = refresh_token(&auth.client().await).await;
    auth.signal(Signal::KILL);
    auth.wait_exit(LONG).await;
    store.auth().ready().await.client().await.refresh(&token, 200).await;
}

async fn a_refresh_token_of_one_replica_works_at_another(database: Database) {
    let store = database.fresh().await;
    let mut replicas = store.replicas(2).await;
    let [one, other] = [replicas[0].client().await, replicas[1].client().await];
    let mut token = refresh_token(&one).await;
    for client in [&other, &one, &other] {
        token = client.refresh(&token, 200).await.refresh_token();
    }
    one.log_out(&token, 204).await;
    other.refresh(&token, 401).await;
}

async fn a_reuse_at_another_replica_ends_the_login(database: Database) {
    let store = database.fresh().await;
    let mut replicas = store.replicas(2).await;
    let [one, other] = [replicas[0].client().await, replicas[1].client().await];
    let used = refresh_token(&one).await;
    let next = one.refresh(&used, 200).await.refresh_token();
    let last = one.refresh(&next, 200).await.refresh_token();
    other.refresh(&used, 401).await;
    one.refresh(&last, 401).await;
}

async fn a_reuse_is_a_security_event(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let token = refresh_token(&client).await;
    let next = client.refresh(&token, 200).await.refresh_token();
    client.refresh(&next, 200).await;
    let body = serde_json::json!({"refresh_token": token});
    let reuse = client.request("POST", "/refresh").json(&body).header("x-request-id", "a-reuse");
    reuse.send(401).await;
    let output = auth.output().clone();
    let event = eventually("the reuse is logged", LONG, async || {
        output.events().into_iter().find(|event| event["event"] == "refresh.reused")
    })
    .await;
    let expected = [("target", "audit"), ("level", "WARN"), ("account", client::USER), ("request_id", "a-reuse")];
    for (field, expected) in expected {
        assert_eq!(event[field], expected, "{event}");
    }
    assert!(event["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1")), "{event}");
}

/// Sends the same token several times at once, to both replicas.
async fn race(clients: &[Client; 2], token: &str) -> Vec<Answer> {
    const RACERS: usize = 4;
    let body = serde_json::json!({"refresh_token": token});
    let race = (0..RACERS).map(|racer| {
        let request = clients[racer % 2].request("POST", "/refresh").json(&body);
        async move { request.try_send().await.expect("an answer") }
    });
    race.collect::<JoinSet<_>>().join_all().await
}

/// Two replicas, and connections that are made beforehand, so that requests meet.
async fn racecourse(store: &Store, grace: &str) -> ([Process; 2], [Client; 2]) {
    let launch = || store.auth().set("REFRESH_GRACE", grace);
    let mut replicas = [launch().ready().await, launch().ready().await];
    let clients = [replicas[0].client().await, replicas[1].client().await];
    for client in &clients {
        client.version(200).await;
    }
    (replicas, clients)
}

/// Two that come with one token, at two replicas, at the same moment, where no refresh may be repeated: one gets a pair,
/// the other is a reuse, which ends the login for both.
async fn of_racing_refreshes_exactly_one_wins(database: Database) {
    const ROUNDS: usize = 40;
    let store = database.fresh().await;
    let (_replicas, clients) = racecourse(&store, "0s").await;
    for round in 0..ROUNDS {
        let answers = race(&clients, &refresh_token(&clients[round % 2]).await).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401], "round {round}");
        let won = answers.iter().find(|answer| answer.status == 200).expect("a winner");
        clients[0].refresh(&won.refresh_token(), 401).await;
    }
}

/// A refresh holds the row of its token: of those that come at once each waits for the one before, and uses its token up.
async fn of_refreshes_that_are_repeated_at_once_one_token_lives(database: Database) {
    const ROUNDS: usize = 20;
    let store = database.fresh().await;
    let (_replicas, clients) = racecourse(&store, "60s").await;
    for round in 0..ROUNDS {
        let answers = race(&clients, &refresh_token(&clients[round % 2]).await).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "round {round}: {answers:?}");
        let live = "SELECT count(*) FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id \
                    WHERE t.used_at IS NULL AND f.revoked_at IS NULL";
        assert_eq!(store.number(live).await, 1, "round {round}");
        // Whichever of them lives: one that was replaced ends the login, so the next round has one live token again.
        let mut refreshed = 0;
        for answer in &answers {
            let body = serde_json::json!({"refresh_token": answer.refresh_token()});
            let next = clients[0].request("POST", "/refresh").json(&body).try_send().await.expect("an answer");
            refreshed += usize::from(next.status == 200);
        }
        assert!(refreshed <= 1, "round {round}: {refreshed} tokens were good");
    }
}

/// Whoever reads the database cannot refresh.
async fn no_refresh_token_lies_in_the_database(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let used = refresh_token(&client).await;
    let next = client.refresh(&used, 200).await.refresh_token();
    let rows = store.dump("refresh_tokens").await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    let dump = Value::from(rows).to_string();
    assert!(!dump.contains(&used) && !dump.contains(&next), "{dump}");
}
