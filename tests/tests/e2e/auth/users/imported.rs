//! Accounts come from another system, with their hashes.
use std::fs;

use e2e::{Database, Jws, Said, Store, Test, environment};
use serde_json::{Value, json};

use super::{BCRYPT, OTHER, PASSWORD, auth_with_ann, hash, listed, row};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        a_spreadsheet_is_imported,
        lines_of_json_are_imported,
        an_import_may_come_from_stdin,
        an_imported_hash_is_made_anew_at_the_first_login,
        an_import_is_told_in_the_audit_trail,
        an_empty_import_is_done_already,
    ]
}

const HEADER: &str = "username,email,roles,password_hash\n";

/// Imports a file of this name and content.
pub(super) async fn import(store: &Store, name: &str, content: &str) -> Said {
    let directory = environment::temporary_directory();
    let file = directory.path().join(name);
    fs::write(&file, content).expect("written");
    store.command(["user", "import", file.to_str().expect("text")]).run().await
}

async fn a_spreadsheet_is_imported(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let argon2 = hash(&store, "ann").await;
    let lines = format!("{HEADER}bob,bob@example.com,presenter author,{BCRYPT}\n\"o'neil, c\",,,\"{argon2}\"\r\n");
    import(&store, "users.csv", &lines).await.expect(0);
    assert_eq!(listed(&store).await.len(), 3);
    let bob = row(&store, "bob").await;
    assert_eq!((&bob["email"], &bob["roles"]), (&json!("bob@example.com"), &json!(["presenter", "author"])));
    let token = client.log_in("bob", PASSWORD, 200).await.token();
    assert_eq!(Jws::parse(&token).claims["roles"], json!(["presenter", "author"]));
    client.log_in("o'neil, c", PASSWORD, 200).await;
    assert_eq!(row(&store, "o'neil, c").await["email"], Value::Null);
    client.log_in("bob", OTHER, 401).await;
}

async fn lines_of_json_are_imported(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let bob = json!({"username": "bob", "email": "b@example.com", "roles": ["presenter"], "password_hash": BCRYPT});
    let eve = json!({"username": "eve", "password_hash": BCRYPT});
    import(&store, "users.jsonl", &format!("{bob}\n{eve}\n")).await.expect(0);
    for name in ["bob", "eve"] {
        client.log_in(name, PASSWORD, 200).await;
    }
    assert_eq!(row(&store, "bob").await["roles"], json!(["presenter"]));
}

async fn an_import_may_come_from_stdin(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let csv = format!("{HEADER}bob,,,{BCRYPT}\n");
    let json = json!({"username": "eve", "password_hash": BCRYPT}).to_string();
    for (format, text) in [("csv", csv), ("jsonl", json)] {
        let import = store.command(["user", "import", "-", "--format", format]);
        import.stdin(text).run().await.expect(0);
    }
    for name in ["bob", "eve"] {
        client.log_in(name, PASSWORD, 200).await;
    }
}

/// Then its password is known for the first time.
async fn an_imported_hash_is_made_anew_at_the_first_login(database: Database) {
    let (store, mut auth, client) = auth_with_ann(database).await;
    import(&store, "users.csv", &format!("{HEADER}bob,,,{BCRYPT}\n")).await.expect(0);
    client.log_in("bob", OTHER, 401).await;
    assert_eq!(hash(&store, "bob").await, BCRYPT);
    client.log_in("bob", PASSWORD, 200).await;
    assert!(hash(&store, "bob").await.starts_with("$argon2id$"));
    client.log_in("bob", PASSWORD, 200).await;
    let event = auth.event("password rehashed").await;
    assert_eq!((&event["event"], &event["account"]), (&json!("password.rehashed"), &json!("bob")));
}

async fn an_import_is_told_in_the_audit_trail(database: Database) {
    let store = database.fresh().await;
    let said = import(&store, "users.csv", &format!("{HEADER}ann,,,{BCRYPT}\nbob,,,{BCRYPT}\n")).await.expect(0);
    let event = said.events().into_iter().find(|event| event["event"] == "account.imported");
    assert_eq!(event.expect("an audit event")["target"], "audit");
    assert!(said.out.concat().contains('2'), "it says how many: {said:?}");
    assert!(!said.text().contains("$2b$") && !said.text().contains('\u{1b}'), "no hash, no bar: {said:?}");
}

async fn an_empty_import_is_done_already(database: Database) {
    let store = database.fresh().await;
    store.admin("migrate").await;
    import(&store, "users.csv", HEADER).await.expect(0);
    assert_eq!(listed(&store).await, Vec::<String>::new());
}
