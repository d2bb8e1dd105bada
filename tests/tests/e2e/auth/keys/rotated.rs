//! A key is replaced: by order, or by its age.
use e2e::{Database, Jws, LONG, Said, Suite, Test, eventually};
use serde_json::{Value, json};

use super::{AGE, aged, is_published, kid, listed, order, published, signs, signs_with};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        the_first_key_is_listed_as_it_is_published,
        the_list_for_people_is_a_table,
        a_new_key_is_published_before_it_signs,
        what_was_signed_before_a_rotation_stays_good,
        a_rotation_under_way_is_not_overtaken,
        of_two_rotations_at_once_one_is_refused,
        replicas_rotate_together,
        a_rotation_at_once_signs_at_once,
        a_key_is_rotated_by_its_age_once,
    ]
}

async fn the_first_key_is_listed_as_it_is_published(database: Database) {
    let store = database.fresh().await;
    let mut auth = aged(store.auth()).ready().await;
    let client = auth.client().await;
    let keys = listed(&store).await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    let key = &keys[0];
    assert_eq!(published(&client).await, [key["kid"].as_str().expect("a kid")]);
    assert_eq!(signs(&client).await, key["kid"].as_str().expect("a kid"));
    for (member, expected) in
        [("state", json!("signing")), ("retires_at", Value::Null), ("sealed_with", json!("current"))]
    {
        assert_eq!(key[member], expected, "{key}");
    }
    for time in ["created_at", "signs_at"] {
        assert!(key[time].as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z')), "{time}: {key}");
    }
}

async fn the_list_for_people_is_a_table(database: Database) {
    let store = database.fresh().await;
    aged(store.auth()).ready().await;
    order(&store, "key rotate").await.expect(0);
    let (signing, next) = (kid(&store, "signing").await, kid(&store, "next").await);
    for line in ["key list", "key list --output table"] {
        let said = order(&store, line).await.expect(0);
        let [header, first, second] = &said.out[..] else { panic!("three lines are expected: {said:?}") };
        for title in ["KID", "STATE", "CREATED", "SIGNS", "RETIRES"] {
            assert!(header.contains(title), "{title}: {said:?}");
        }
        assert!(first.contains(&signing) && first.contains("signing"), "{said:?}");
        assert!(second.contains(&next) && second.contains("next"), "{said:?}");
    }
}

async fn a_new_key_is_published_before_it_signs(database: Database) {
    let store = database.fresh().await;
    let mut auth = aged(store.auth()).ready().await;
    let client = auth.client().await;
    let old = signs(&client).await;
    let said = order(&store, "key rotate").await.expect(0);
    let new = kid(&store, "next").await;
    assert!(said.out.concat().contains(&new), "{said:?}");
    is_published(&client, &new).await;
    assert_eq!(signs(&client).await, old, "nobody may have seen the new one yet");
    signs_with(&client, &new).await;
    let kids = published(&client).await;
    assert!(kids.contains(&old) && kids.contains(&new), "{kids:?}");
    assert_eq!((kid(&store, "signing").await, kid(&store, "retiring").await), (new, old));
    assert_eq!(auth.event("another key signs").await["event"], "key.signing");
}

async fn what_was_signed_before_a_rotation_stays_good(database: Database) {
    let store = database.fresh().await;
    let suite = Suite::split_with(|launch| aged(store.under(launch))).await;
    let (client, holder) = (suite.anonymous(), suite.token_holder().await);
    order(&store, "key rotate").await.expect(0);
    let new = kid(&store, "next").await;
    eventually("the new key signs", LONG, async || {
        holder.secure(200).await;
        let fresh = client.logged_in().await;
        fresh.secure(200).await;
        (Jws::parse(fresh.token()).header["kid"] == new.as_str()).then_some(())
    })
    .await;
    holder.secure(200).await;
}

async fn a_rotation_under_way_is_not_overtaken(database: Database) {
    let store = database.fresh().await;
    aged(store.auth()).ready().await;
    order(&store, "key rotate").await.expect(0);
    let before = listed(&store).await;
    let said = order(&store, "key rotate").await.expect(1);
    assert!(said.one_line().contains(&kid(&store, "next").await), "{said:?}");
    assert_eq!(listed(&store).await, before);
}

async fn of_two_rotations_at_once_one_is_refused(database: Database) {
    let store = database.fresh().await;
    aged(store.auth()).ready().await;
    let rotations = [0; 4].map(|_| aged(store.command(["key", "rotate"])).spawn());
    let mut codes = Vec::new();
    for rotation in rotations {
        codes.push(Said::by(rotation).await.code);
    }
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(1), Some(1), Some(1)]);
    assert_eq!(listed(&store).await.len(), 2);
}

async fn replicas_rotate_together(database: Database) {
    let store = database.fresh().await;
    let mut replicas = [aged(store.auth()).ready().await, aged(store.auth()).ready().await];
    let clients = [replicas[0].client().await, replicas[1].client().await];
    order(&store, "key rotate").await.expect(0);
    let new = kid(&store, "next").await;
    for client in &clients {
        is_published(client, &new).await;
    }
    for client in &clients {
        signs_with(client, &new).await;
    }
    assert_eq!(published(&clients[0]).await, published(&clients[1]).await);
}

async fn a_rotation_at_once_signs_at_once(database: Database) {
    let store = database.fresh().await;
    let suite = Suite::split_with(|launch| aged(store.under(launch))).await;
    let (client, holder) = (suite.anonymous(), suite.token_holder().await);
    order(&store, "key rotate --now").await.expect(0);
    let new = kid(&store, "signing").await;
    eventually("the new key signs", AGE, async || (signs(&client).await == new).then_some(())).await;
    // hello asks for the key that it does not know.
    client.logged_in().await.secure(200).await;
    holder.secure(200).await;
}

/// Several replicas notice it at about the same time.
async fn a_key_is_rotated_by_its_age_once(database: Database) {
    let store = database.fresh().await;
    aged(store.auth()).ready().await;
    store.execute("UPDATE signing_keys SET created_at = created_at - 7200, signs_at = signs_at - 7200").await;
    let old = kid(&store, "signing").await;
    let mut replicas = [0; 3].map(|_| aged(store.auth()).set("KEY_MAX_AGE", "1h").spawn());
    for replica in &mut replicas {
        replica.ready().await;
    }
    for replica in &mut replicas {
        let client = replica.client().await;
        eventually("there is a next key", LONG, async || (published(&client).await.len() == 2).then_some(())).await;
    }
    let new = kid(&store, "next").await;
    for replica in &mut replicas {
        signs_with(&replica.client().await, &new).await;
    }
    assert_eq!((kid(&store, "signing").await, kid(&store, "retiring").await), (new, old));
    assert_eq!(listed(&store).await.len(), 2, "each replica has looked several times");
}
