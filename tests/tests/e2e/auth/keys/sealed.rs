//! What seals the keys is replaced, lost, or another's.
use e2e::{Database, LONG, Launch, Stream, Test, store::new_key};
use serde_json::Value;

use super::{aged, order, published};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![keys_are_sealed_anew, a_foreign_key_opens_nothing]
}

/// A new key-encryption key: both are accepted, then everything is sealed with the new one, then the old one is nothing.
async fn keys_are_sealed_anew(database: Database) {
    let mut store = database.fresh().await;
    let set = aged(store.auth()).ready().await.client().await.key_set(200).await.json();
    order(&store, "key rotate").await.expect(0);
    let (old, new) = (store.key().to_owned(), new_key());
    store.set_key(new);
    let both = |launch: Launch| aged(launch).set("KEY_ENCRYPTION_KEY_PREVIOUS", &old);
    let mut auth = both(store.auth()).ready().await;
    let first = set["keys"][0]["kid"].as_str().expect("a kid");
    assert!(published(&auth.client().await).await.iter().any(|kid| kid == first));
    drop(auth);
    let sealed_with = async || -> Vec<Value> {
        let said = both(store.command(["key", "list", "--output", "json"])).run().await.expect(0);
        said.json().as_array().expect("a list").iter().map(|key| key["sealed_with"].clone()).collect()
    };
    assert_eq!(sealed_with().await, ["previous", "previous"]);
    let said = both(store.command(["key", "reseal"])).run().await.expect(0);
    assert!(said.out.concat().contains('2'), "{said:?}");
    assert_eq!(sealed_with().await, ["current", "current"]);
    both(store.command(["key", "reseal"])).run().await.expect(0);
    let mut auth = aged(store.auth()).ready().await;
    auth.client().await.logged_in().await;
    drop(auth);
    store.set_key(old);
    let mut auth = aged(store.auth()).spawn();
    assert_eq!(auth.wait_exit(LONG).await.code(), Some(1), "the old key opens nothing any more");
}

async fn a_foreign_key_opens_nothing(database: Database) {
    let mut store = database.fresh().await;
    aged(store.auth()).ready().await;
    let before = store.dump("signing_keys").await;
    let own = store.key().to_owned();
    store.set_key(new_key());
    let mut auth = aged(store.auth()).spawn();
    assert_eq!(auth.wait_exit(LONG).await.code(), Some(1));
    assert!(auth.output().of(Stream::Err).concat().contains("KEY_ENCRYPTION_KEY"));
    order(&store, "key reseal").await.expect(1).one_line();
    assert_eq!(store.dump("signing_keys").await, before);
    store.set_key(own);
    aged(store.auth()).ready().await;
}
