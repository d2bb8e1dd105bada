//! Passwords and roles change while auth runs.
use e2e::{Database, Jws, Test};
use serde_json::{Value, json};

use super::{OTHER, PASSWORD, auth_with_ann, hash, refresh, row, rows};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        a_new_password_counts_at_once_and_the_old_one_no_more,
        a_new_password_ends_sessions_that_the_old_one_began,
        a_weak_new_password_changes_nothing,
        new_roles_are_in_the_next_token,
        somebody_unknown_cannot_be_changed,
        a_hash_of_another_time_is_made_anew_at_the_next_login,
    ]
}

async fn a_new_password_counts_at_once_and_the_old_one_no_more(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let said = store.command(["user", "password", "ann", "--password-stdin"]).password(OTHER).run().await.expect(0);
    client.log_in("ann", OTHER, 200).await;
    client.log_in("ann", PASSWORD, 401).await;
    let event = said.events().into_iter().find(|event| event["event"] == "account.password_changed");
    assert_eq!(event.expect("an audit event")["account"], "ann");
}

/// Whoever changes it may do so because somebody else knew the old one (ASVS 5.0, 7.4.3).
async fn a_new_password_ends_sessions_that_the_old_one_began(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let token = client.log_in("ann", PASSWORD, 200).await.refresh_token();
    store.command(["user", "password", "ann", "--password-stdin"]).password(OTHER).run().await.expect(0);
    assert_eq!(refresh(&client, &token).await.status, 401);
}

async fn a_weak_new_password_changes_nothing(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let before = hash(&store, "ann").await;
    for weak in ["", "short", "password"] {
        let said = store.command(["user", "password", "ann", "--password-stdin"]).password(weak).run().await.expect(1);
        assert!(said.one_line().contains("password"), "{said:?}");
    }
    assert_eq!(hash(&store, "ann").await, before);
    client.log_in("ann", PASSWORD, 200).await;
}

async fn new_roles_are_in_the_next_token(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let roles = |answer: &e2e::Answer| Jws::parse(&answer.token()).claims["roles"].clone();
    let login = client.log_in("ann", PASSWORD, 200).await;
    assert_eq!(roles(&login), Value::Null);
    let said = store.admin("user roles ann presenter author").await;
    let event = said.events().into_iter().find(|event| event["event"] == "account.roles_changed");
    assert_eq!(event.expect("an audit event")["account"], "ann");
    let next = client.refresh(&login.refresh_token(), 200).await;
    assert_eq!(roles(&next), json!(["presenter", "author"]), "a refresh is enough");
    assert_eq!(row(&store, "ann").await["roles"], json!(["presenter", "author"]));
    store.admin("user roles ann").await;
    assert_eq!(roles(&client.refresh(&next.refresh_token(), 200).await), Value::Null);
    let said = store.command(["user", "roles", "ann", "two words"]).run().await;
    assert!([Some(1), Some(2)].contains(&said.code), "{said:?}");
}

async fn somebody_unknown_cannot_be_changed(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    let before = rows(&store).await;
    for line in
        ["user disable bob", "user enable bob", "user password bob --password-stdin", "user roles bob presenter"]
    {
        let said = store.command(line.split(' ')).password(OTHER).run().await.expect(1);
        assert!(said.one_line().contains("bob"), "{line}: {said:?}");
    }
    assert_eq!(rows(&store).await, before);
}

async fn a_hash_of_another_time_is_made_anew_at_the_next_login(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let add = store.command(["user", "add", "bob", "--password-stdin"]).set("PASSWORD_MEMORY_KIB", "7168");
    add.password(OTHER).run().await.expect(0);
    assert!(hash(&store, "bob").await.contains("m=7168,"));
    client.log_in("bob", "wrong", 401).await;
    assert!(hash(&store, "bob").await.contains("m=7168,"), "only now the password is known");
    client.log_in("bob", OTHER, 200).await;
    let anew = hash(&store, "bob").await;
    assert!(anew.contains("m=3072,"), "{anew}");
    client.log_in("bob", OTHER, 200).await;
    assert_eq!(hash(&store, "bob").await, anew, "once is enough");
}
