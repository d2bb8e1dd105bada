//! Accounts are added and listed.
use e2e::{Database, Jws, Suite, Test};
use serde_json::json;

use super::{OTHER, PASSWORD, auth_with_ann, hash, listed, row, rows};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        who_was_added_can_log_in_at_once,
        roles_are_in_the_token_and_open_what_needs_them,
        a_password_from_stdin_is_taken_exactly,
        a_weak_password_is_refused,
        a_password_is_never_an_argument,
        without_a_terminal_and_stdin_nothing_is_asked,
        a_name_that_is_taken_is_refused,
        a_name_that_is_none_is_refused,
        accounts_are_listed_for_programs_and_for_people,
        an_added_account_is_told_in_the_audit_trail,
        a_password_lies_hashed_in_the_database,
    ]
}

async fn who_was_added_can_log_in_at_once(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    store.add_user("bob", OTHER, "").await;
    let claims = |answer: e2e::Answer| Jws::parse(&answer.token()).claims;
    let ann = claims(client.log_in("ann", PASSWORD, 200).await);
    assert_eq!((&ann["sub"], &ann["email"]), (&json!("ann"), &json!("ann@example.com")));
    assert!(ann["roles"].is_null(), "{ann}");
    let bob = claims(client.log_in("bob", OTHER, 200).await);
    assert_eq!((&bob["sub"], &bob["email"]), (&json!("bob"), &json!(null)));
    client.log_in("bob", PASSWORD, 401).await;
}

async fn roles_are_in_the_token_and_open_what_needs_them(database: Database) {
    let store = database.fresh().await;
    store.add_user("ann", PASSWORD, "--role presenter --role author").await;
    let suite = Suite::split_on(store).await;
    let client = suite.anonymous();
    let token = client.log_in("ann", PASSWORD, 200).await.token();
    assert_eq!(Jws::parse(&token).claims["roles"], json!(["presenter", "author"]));
    assert_eq!(client.holding(&token).secure(200).await.json()["roles"], json!(["presenter", "author"]));
    assert_eq!(client.get("/admin").bearer(&token).send(200).await.json()["user"], "ann");
}

/// But for one line break at its end, which an editor or echo puts there.
async fn a_password_from_stdin_is_taken_exactly(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    for (name, typed, password) in [
        ("a", "  spaces around  \n", "  spaces around  "),
        ("b", "Größe im März 🦀\n", "Größe im März 🦀"),
        ("c", "no line break here", "no line break here"),
        ("d", "a windows line break\r\n", "a windows line break"),
        ("e", &format!("{}\n", "long ".repeat(40)), &"long ".repeat(40)),
    ] {
        store.command(["user", "add", name, "--password-stdin"]).password(typed).run().await.expect(0);
        client.log_in_by_json(name, password, 200).await;
        client.log_in_by_json(name, &format!("{password}x"), 401).await;
    }
}

/// ASVS 5.0, 6.2: length, and what everybody tries first. Nothing about digits and signs.
async fn a_weak_password_is_refused(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    for weak in ["", "\n", "short", "1234567", "password", "12345678", "iloveyou", &"x".repeat(2000)] {
        let said = store.command(["user", "add", "bob", "--password-stdin"]).password(weak).run().await.expect(1);
        let line = said.one_line();
        assert!(line.contains("password") && !line.contains("1234567"), "{weak}: {said:?}");
    }
    assert_eq!(listed(&store).await, ["ann"]);
    store.add_user("bob", "only letters", "").await;
}

/// Everybody on the machine sees arguments.
async fn a_password_is_never_an_argument(database: Database) {
    const SEEN: &str = "seen by everybody";
    let (store, _auth, _client) = auth_with_ann(database).await;
    for words in [
        vec!["user", "add", "bob", "--password", SEEN],
        vec!["user", "add", "bob", SEEN],
        vec!["user", "password", "ann", SEEN],
        vec!["user", "password", "ann", "--password-stdin", SEEN],
    ] {
        store.command(words).run().await.expect(2);
    }
    assert_eq!(listed(&store).await, ["ann"]);
}

async fn without_a_terminal_and_stdin_nothing_is_asked(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    for line in ["user add bob", "user password ann"] {
        let said = store.command(line.split(' ')).run().await;
        assert!([Some(1), Some(2)].contains(&said.code), "{said:?}");
        assert!(said.text().contains("--password-stdin"), "{said:?}");
    }
    assert_eq!(listed(&store).await, ["ann"]);
}

async fn a_name_that_is_taken_is_refused(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let before = rows(&store).await;
    let add = store.command(["user", "add", "ann", "--password-stdin", "--role", "presenter"]);
    let said = add.password(OTHER).run().await.expect(1);
    assert!(said.one_line().contains("ann"), "{said:?}");
    assert_eq!(rows(&store).await, before);
    client.log_in("ann", PASSWORD, 200).await;
    store.add_user("Ann", OTHER, "").await;
}

async fn a_name_that_is_none_is_refused(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    // Basic credentials cannot carry a colon, and a log no line break.
    for name in ["", "bo:b", "bo\nb", "bo\tb", &"b".repeat(257)] {
        let said = store.command(["user", "add", name, "--password-stdin"]).password(OTHER).run().await;
        assert!([Some(1), Some(2)].contains(&said.code), "{name:?}: {said:?}");
        assert!(!said.err.is_empty(), "{name:?}");
    }
    for role in ["", "two words", "pre\u{1}senter"] {
        let words = ["user", "add", "bob", "--password-stdin", "--role", role];
        let said = store.command(words).password(OTHER).run().await;
        assert!([Some(1), Some(2)].contains(&said.code), "{role:?}: {said:?}");
    }
    assert_eq!(listed(&store).await, ["ann"]);
}

async fn accounts_are_listed_for_programs_and_for_people(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    store.add_user("bob", OTHER, "--role presenter").await;
    store.admin("user disable bob").await;
    let (ann, bob) = (row(&store, "ann").await, row(&store, "bob").await);
    assert_eq!((&ann["email"], &ann["roles"]), (&json!("ann@example.com"), &json!([])));
    assert_eq!((&bob["email"], &bob["roles"]), (&json!(null), &json!(["presenter"])));
    assert_ne!(ann["disabled_at"].is_null(), bob["disabled_at"].is_null(), "{ann} {bob}");
    for line in ["user list", "user list --output table"] {
        let table = store.admin(line).await.out;
        assert_eq!(table.len(), 3, "a header and two accounts: {table:?}");
        assert!(table[1].contains("ann") && table[1].contains("ann@example.com"), "{table:?}");
        assert!(table[2].contains("bob") && table[2].contains("presenter"), "{table:?}");
    }
    let everything =
        [store.admin("user list").await.text(), store.admin("user list --output json").await.text()].concat();
    assert!(!everything.contains("argon2"), "no hash is shown: {everything}");
}

async fn an_added_account_is_told_in_the_audit_trail(database: Database) {
    let store = database.fresh().await;
    let said = store.add_user("ann", PASSWORD, "").await;
    let event = said.events().into_iter().find(|event| event["event"] == "account.added").expect("an audit event");
    assert_eq!((&event["target"], &event["account"]), (&json!("audit"), &json!("ann")));
    assert!(!said.text().contains(PASSWORD));
}

async fn a_password_lies_hashed_in_the_database(database: Database) {
    let store = database.fresh().await;
    store.add_user("ann", PASSWORD, "").await;
    store.add_user("bob", PASSWORD, "").await;
    let [ann, bob] = [hash(&store, "ann").await, hash(&store, "bob").await];
    assert!(ann.starts_with("$argon2id$v=19$") && ann != bob, "{ann} {bob}");
}
