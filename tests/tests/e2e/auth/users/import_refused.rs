//! An import with something wrong in it: every bad line is named, and nothing is imported.
use e2e::{Database, Test};
use serde_json::json;

use super::{BCRYPT, auth_with_ann, imported::import, rows};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        every_bad_line_is_named_and_nothing_is_imported,
        bad_lines_of_json_are_named,
        a_hash_that_would_cost_too_much_is_refused,
        what_is_no_import_is_refused,
        no_hash_is_shown_wherever_it_stands,
    ]
}

const HEADER: &str = "username,email,roles,password_hash";

async fn every_bad_line_is_named_and_nothing_is_imported(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    let before = rows(&store).await;
    let long = "b".repeat(300);
    let bad = [
        ("ann,,,".to_owned() + BCRYPT, "the name is taken"),
        (format!(",,,{BCRYPT}"), "no name"),
        (format!("{long},,,{BCRYPT}"), "a name without end"),
        ("bob,,,secret123".to_owned(), "no hash"),
        ("bob,,,".to_owned(), "no hash at all"),
        ("bob,,".to_owned(), "a column too few"),
        (format!("bob,,,{BCRYPT},x"), "a column too many"),
        (format!("good,,,{BCRYPT}"), "the same name twice"),
        (format!("bob,,pre\u{1}senter,{BCRYPT}"), "no role"),
    ];
    for (line, why) in &bad {
        let said = import(&store, "users.csv", &format!("{HEADER}\ngood,,,{BCRYPT}\n{line}\n")).await;
        assert_eq!(said.code, Some(1), "{why}: {said:?}");
        let text = said.text();
        assert!(text.contains('3'), "{why}: line 3 is named: {said:?}");
        assert!(!text.contains("secret123") && !text.contains(BCRYPT), "{why}: no hash is shown: {said:?}");
        assert_eq!(rows(&store).await, before, "{why}");
    }
    let all: Vec<String> = ["bob,,,nonsense", "good,,,also nonsense", "eve,,,nonsense, too"].map(str::to_owned).into();
    let said = import(&store, "users.csv", &format!("{HEADER}\n{}\n", all.join("\n"))).await.expect(1);
    for line in ["2", "3", "4"] {
        assert!(said.text().contains(line), "all of them at once: {said:?}");
    }
    assert_eq!(rows(&store).await, before);
}

async fn bad_lines_of_json_are_named(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    let before = rows(&store).await;
    let good = json!({"username": "good", "password_hash": BCRYPT});
    for bad in [
        "{",
        "[]",
        "null",
        r#"{"username":"bob"}"#,
        r#"{"username":7,"password_hash":"x"}"#,
        r#"{"username":"bob","password_hash":"nonsense"}"#,
        &json!({"username": "bob", "password_hash": BCRYPT, "password": "a typo of a member"}).to_string(),
    ] {
        let said = import(&store, "users.jsonl", &format!("{good}\n{bad}\n")).await.expect(1);
        assert!(said.text().contains('2'), "line 2 is named: {bad}: {said:?}");
        assert_eq!(rows(&store).await, before, "{bad}");
    }
}

/// Or one login of such an account would use up a pod.
async fn a_hash_that_would_cost_too_much_is_refused(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    let salt_and_hash = "c29tZXNhbHRzb21lc2FsdA$KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio";
    for hash in [
        format!("$argon2id$v=19$m=1048576,t=3,p=1${salt_and_hash}"),
        format!("$argon2id$v=19$m=3072,t=100000,p=1${salt_and_hash}"),
        BCRYPT.replace("$04$", "$31$"),
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1"
            .to_owned(),
        "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
    ] {
        let said = import(&store, "users.csv", &format!("{HEADER}\nbob,,,\"{hash}\"\n")).await.expect(1);
        assert!(said.text().contains('2'), "{hash}: {said:?}");
    }
    assert_eq!(rows(&store).await.len(), 1);
}

/// Without its header, in another order, with another delimiter, cut short, as a name of a member, twice.
async fn no_hash_is_shown_wherever_it_stands(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    let argon2 = "$argon2id$v=19$m=3072,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio";
    for hash in [BCRYPT, argon2, "5f4dcc3b5aa765d61d8327deb882cf99"] {
        for (file, text) in [
            ("users.csv", format!("{hash},bob\n")),
            ("users.csv", format!("bob,{hash}\n")),
            ("users.csv", format!("bob;;;{hash}\n")),
            ("users.csv", format!("{HEADER}\n{hash}\n")),
            ("users.csv", format!("{HEADER}\nbob,,,\"{hash}\n")),
            ("users.csv", format!("{HEADER}\nbob,{hash},,\"{hash}\"\n")),
            ("users.csv", format!("{HEADER}\nbob,,{hash}:,\"{hash}x\"\n")),
            ("users.csv", format!("{HEADER}\n{hash}:,,,{hash}\n{hash}:,,,{hash}\n")),
            ("users.jsonl", hash.to_owned()),
            ("users.jsonl", format!(r#"{{"{hash}":"bob"}}"#)),
            ("users.jsonl", format!(r#"{{"username":"bob","password_hash":"{hash}"#)),
            ("users.jsonl", format!(r#"{{"username":"bob","password_hash":["{hash}"]}}"#)),
            ("users.jsonl", format!(r#"{{"username":"bob:","password_hash":"{hash}","password_hash":"{hash}"}}"#)),
        ] {
            let said = import(&store, file, &text).await.expect(1);
            // Both kinds of hash: what stands in front of the salt would say nothing.
            let part = &hash[hash.len() - 20..];
            assert!(!said.text().contains(part), "{text}: {said:?}");
        }
    }
    assert_eq!(rows(&store).await.len(), 1);
}

async fn what_is_no_import_is_refused(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    let missing = store.command(["user", "import", "/nonexistent/users.csv"]).run().await.expect(1);
    assert!(missing.one_line().contains("/nonexistent/users.csv"), "{missing:?}");
    import(&store, "users.csv", "name;hash\nbob;x\n").await.expect(1);
    import(&store, "users.csv", "\u{0}\u{1}\u{2}").await.expect(1);
    let said = store.command(["user", "import", "-", "--format", "xml"]).stdin("").run().await.expect(2);
    assert!(said.text().contains("csv"), "it says what there is: {said:?}");
    assert_eq!(rows(&store).await.len(), 1);
}
