//! A key is taken out of use before its time.
use std::time::Duration;

use e2e::{Database, Suite, Test, eventually};
use serde_json::{Value, json};

use super::{AGE, aged, kid, listed, order, published, signs};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        a_compromised_key_is_refused_within_the_key_sets_age,
        a_key_that_was_never_needed_can_be_withdrawn,
        a_key_without_an_end_is_always_left,
        a_retirement_that_makes_no_sense_is_refused,
    ]
}

async fn a_compromised_key_is_refused_within_the_key_sets_age(database: Database) {
    const SLACK: Duration = Duration::from_secs(2);
    let store = database.fresh().await;
    let suite = Suite::split_with(|launch| aged(store.under(launch))).await;
    let (client, holder) = (suite.anonymous(), suite.token_holder().await);
    let compromised = kid(&store, "signing").await;
    let said = order(&store, &format!("key retire {compromised} --now")).await.expect(0);
    assert!(said.out.concat().contains(&compromised), "{said:?}");
    eventually("its tokens are refused", AGE + SLACK, async || {
        let answer = holder.get("/secure").bearer(holder.token()).try_send().await.expect("an answer");
        (answer.status == 401).then_some(())
    })
    .await;
    assert!(!published(&client).await.contains(&compromised));
    client.logged_in().await.secure(200).await;
    assert_eq!(kid(&store, "retired").await, compromised);
    let event = said.events().into_iter().find(|event| event["event"] == "key.retired").expect("an audit event");
    assert_eq!((&event["target"], &event["kid"]), (&json!("audit"), &json!(compromised)));
}

async fn a_key_that_was_never_needed_can_be_withdrawn(database: Database) {
    let store = database.fresh().await;
    let mut auth = aged(store.auth()).ready().await;
    let client = auth.client().await;
    let old = signs(&client).await;
    order(&store, "key rotate").await.expect(0);
    let next = kid(&store, "next").await;
    order(&store, &format!("key retire {next} --now")).await.expect(0);
    assert_eq!((kid(&store, "signing").await, kid(&store, "retired").await), (old.clone(), next.clone()));
    eventually("it is not published", AGE, async || (!published(&client).await.contains(&next)).then_some(())).await;
    assert_eq!(signs(&client).await, old);
    let listed = listed(&store).await;
    let signing = listed.iter().find(|key| key["kid"] == old.as_str()).expect("the old key");
    assert_eq!(signing["retires_at"], Value::Null, "it goes on: {listed:?}");
}

/// Or a time comes at which nothing signs any more. Whether an order is carried out or refused does not matter here.
async fn a_key_without_an_end_is_always_left(database: Database) {
    let store = database.fresh().await;
    aged(store.auth()).ready().await;
    for state in ["next", "signing", "retiring"] {
        order(&store, "key rotate").await;
        for now in ["", "--now"] {
            let keys = listed(&store).await;
            let Some(key) = keys.iter().find(|key| key["state"] == state) else { continue };
            let line = format!("key retire {} {now}", key["kid"].as_str().expect("a kid"));
            order(&store, &line).await;
            let left = listed(&store).await;
            assert!(left.iter().any(|key| key["retires_at"].is_null()), "after {line} of a {state} key: {left:#?}");
        }
    }
}

async fn a_retirement_that_makes_no_sense_is_refused(database: Database) {
    let store = database.fresh().await;
    aged(store.auth()).ready().await;
    order(&store, "key rotate --now").await.expect(0);
    let (signing, retiring) = (kid(&store, "signing").await, kid(&store, "retiring").await);
    order(&store, &format!("key retire {retiring} --now")).await.expect(0);
    let before = listed(&store).await;
    for (line, told) in [
        ("key retire nobody --now".to_owned(), "nobody"),
        ("key retire nobody".to_owned(), "nobody"),
        (format!("key retire {signing}"), "signs"),
        (format!("key retire {retiring}"), "retired"),
        (format!("key retire {retiring} --now"), "retired"),
    ] {
        let said = order(&store, &line).await.expect(1);
        assert!(said.one_line().contains(told), "{line}: {said:?}");
    }
    order(&store, "key retire").await.expect(2);
    assert_eq!(listed(&store).await, before);
}
