//! `auth user …`: each command, and each refusal, which leaves everything as it was.
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Answer, Auth,
    command::{Said, change, listed, names, run, run_with, value},
};

const PASSWORD: &str = "correct horse";

fn data() -> TempDir {
    TempDir::new().expect("a directory")
}

/// ann, a presenter with a mail address.
fn add_ann(data: &TempDir) -> Said {
    let arguments = [
        "user",
        "add",
        "ann",
        "--email",
        "ann@example.com",
        "--role",
        "presenter",
        "--role",
        "auditor",
        "--password-stdin",
    ];
    run_with(data.path(), &arguments, format!("{PASSWORD}\n").as_bytes())
}

async fn refresh(auth: &Auth, session: &Answer) -> Answer {
    let body = json!({"refresh_token": session.body["refresh_token"]}).to_string();
    let request = Request::post("/refresh").header("content-type", "application/json");
    auth.ask(request.body(Body::from(body)).expect("a request")).await
}

#[tokio::test]
async fn an_added_account_logs_in_and_its_token_carries_address_and_roles() {
    let data = data();
    let said = add_ann(&data).expect(0);
    assert_eq!(said.out, "ann may log in\n");
    let auth = Auth::start_in(data, &[]).await;
    let claims = auth.login("ann", PASSWORD).await.part(1);
    assert_eq!((&claims["sub"], &claims["email"]), (&json!("ann"), &json!("ann@example.com")));
    assert_eq!(claims["roles"], json!(["presenter", "auditor"]));
    assert_eq!(auth.login("ann", "correct horse\n").await.status, 401, "the line break is not part of it");
}

#[tokio::test]
async fn a_password_is_taken_exactly_but_for_one_line_break_at_its_end() {
    let data = data();
    run_with(data.path(), &["user", "add", "ann", "--password-stdin"], b"  two words \n\n").expect(0);
    let auth = Auth::start_in(data, &[]).await;
    assert_eq!(auth.login_by_json(r#"{"username":"ann","password":"  two words \n"}"#).await.status, 200);
    assert_eq!(auth.login("ann", "two words").await.status, 401);
}

#[test]
fn a_taken_name_is_refused_and_its_account_stays_as_it_was() {
    let data = data();
    add_ann(&data).expect(0);
    let before = listed(data.path());
    let said = run_with(data.path(), &["user", "add", "ann", "--password-stdin"], b"another one\n").expect(1);
    assert_eq!((said.told().as_str(), said.out.as_str()), ("auth: the name ann is taken", ""));
    assert_eq!(listed(data.path()), before);
}

#[test]
fn an_account_that_is_added_again_just_as_it_is_there_is_no_failure() {
    let data = data();
    add_ann(&data).expect(0);
    let before = listed(data.path());
    let again = add_ann(&data).expect(0);
    assert_eq!(again.out, "ann may log in\n", "as after a commit that was not answered");
    assert!(again.audit().is_empty(), "{again:?}");
    let stdin = format!("{PASSWORD}\n");
    let other_roles = ["user", "add", "ann", "--email", "ann@example.com", "--role", "auditor", "--password-stdin"];
    run_with(data.path(), &other_roles, stdin.as_bytes()).expect(1);
    assert_eq!(listed(data.path()), before);
    run(data.path(), &["user", "disable", "ann"]).expect(0);
    add_ann(&data).expect(1);
}

#[tokio::test]
async fn a_password_against_the_rules_is_refused_by_add_and_by_password_and_changes_nothing() {
    let data = data();
    add_ann(&data).expect(0);
    for (password, why) in [
        ("seven77", "fewer than 8 characters"),
        ("", "fewer than 8 characters"),
        ("Password", "3000 most common"),
        ("josephine", "the account's name"),
        (&"x".repeat(1025), "more than 1024 bytes"),
    ] {
        for arguments in [["user", "add", "josephine"], ["user", "add", "Josephine"]] {
            let said = run_with(data.path(), &[&arguments[..], &["--password-stdin"]].concat(), password.as_bytes());
            assert!(said.told().contains(why) && said.code == Some(1), "{password}: {said:?}");
        }
    }
    let before = value(data.path(), "SELECT password_hash FROM accounts").await;
    let said = run_with(data.path(), &["user", "password", "ann", "--password-stdin"], b"1234567890\n").expect(1);
    assert!(said.told().contains("3000 most common") && !said.err.contains("1234567890"), "{said:?}");
    assert_eq!(names(data.path()), ["ann"]);
    assert_eq!(value(data.path(), "SELECT password_hash FROM accounts").await, before);
}

#[test]
fn a_password_comes_from_a_terminal_or_from_stdin_and_never_as_an_argument() {
    let data = data();
    for command in ["add", "password"] {
        let said = run(data.path(), &["user", command, "ann"]).expect(2);
        assert_eq!(said.told(), "auth: there is no terminal to ask for the password; use --password-stdin");
        run(data.path(), &["user", command, "ann", "--password", PASSWORD]).expect(2);
        run(data.path(), &["user", command, "ann", PASSWORD]).expect(2);
    }
    assert_eq!(std::fs::read_dir(data.path()).expect("readable").count(), 0, "nothing was even opened");
}

#[test]
fn names_addresses_and_roles_that_cannot_be_are_usage_errors_with_what_is_allowed() {
    let data = data();
    let (long_name, long_role) = ("x".repeat(257), "x".repeat(65));
    let many: Vec<String> = (0..65).map(|number| format!("--role=r{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (arguments, why) in [
        (vec!["a:b"], "colon"),
        (vec![""], "1 to 256 bytes"),
        (vec!["a\nb"], "control character"),
        (vec![long_name.as_str()], "1 to 256 bytes"),
        (vec!["ann", "--email", "ann"], "NAME@DOMAIN"),
        (vec!["ann", "--email", "a@b@c"], "one @"),
        (vec!["ann", "--role", "a b"], "one word"),
        (vec!["ann", "--role", ""], "1 to 64 bytes"),
        (vec!["ann", "--role", &long_role], "1 to 64 bytes"),
        ([&["ann"][..], &many[..]].concat(), "at most 64"),
    ] {
        let all = [&["user", "add", "--password-stdin"][..], &arguments[..]].concat();
        let said = run_with(data.path(), &all, PASSWORD.as_bytes()).expect(2);
        assert!(said.told().contains(why), "{arguments:?}: {said:?}");
    }
    assert_eq!(names(data.path()), [""; 0]);
}

#[tokio::test]
async fn a_disabled_account_neither_logs_in_nor_refreshes_and_enabling_it_brings_no_old_session_back() {
    let data = data();
    add_ann(&data).expect(0);
    let auth = Auth::start_in(data, &[]).await;
    let (session, other) = (auth.login("ann", PASSWORD).await, auth.login("user", "password").await);
    run(auth.data.path(), &["user", "disable", "ann"]).expect(0);
    assert_eq!(
        value(auth.data.path(), "SELECT count(*) || '' FROM refresh_families WHERE revoked_at IS NOT NULL").await,
        "1"
    );
    assert_eq!(auth.login("ann", PASSWORD).await.status, 401);
    assert_eq!(refresh(&auth, &session).await.status, 401);
    let since = listed(auth.data.path())[0]["disabled_at"].clone();
    assert!(since.is_string(), "{since}");
    run(auth.data.path(), &["user", "disable", "ann"]).expect(0);
    assert_eq!(listed(auth.data.path())[0]["disabled_at"], since, "the first time stays");
    // As if a login had been on its way when the account was disabled.
    change(auth.data.path(), "UPDATE refresh_families SET revoked_at = NULL").await;
    change(auth.data.path(), "UPDATE refresh_tokens SET used_at = NULL").await;
    run(auth.data.path(), &["user", "enable", "ann"]).expect(0);
    assert_eq!(refresh(&auth, &session).await.status, 401);
    assert_eq!(auth.login("ann", PASSWORD).await.status, 200);
    assert_eq!(refresh(&auth, &other).await.status, 200, "others go on");
}

#[tokio::test]
async fn a_changed_password_ends_the_old_one_and_every_session() {
    let data = data();
    add_ann(&data).expect(0);
    let auth = Auth::start_in(data, &[]).await;
    let sessions = [auth.login("ann", PASSWORD).await, auth.login("ann", PASSWORD).await];
    run_with(auth.data.path(), &["user", "password", "ann", "--password-stdin"], b"battery staple\r\n").expect(0);
    for session in &sessions {
        assert_eq!(refresh(&auth, session).await.status, 401);
    }
    assert_eq!(auth.login("ann", PASSWORD).await.status, 401);
    assert_eq!(auth.login("ann", "battery staple").await.status, 200);
}

#[tokio::test]
async fn roles_are_replaced_and_the_next_token_has_them() {
    let data = data();
    add_ann(&data).expect(0);
    let auth = Auth::start_in(data, &[]).await;
    let session = auth.login("ann", PASSWORD).await;
    run(auth.data.path(), &["user", "roles", "ann", "editor", "editor"]).expect(0);
    let session = refresh(&auth, &session).await;
    assert_eq!(session.part(1)["roles"], json!(["editor"]));
    run(auth.data.path(), &["user", "roles", "ann"]).expect(0);
    assert_eq!(refresh(&auth, &session).await.part(1)["roles"], Value::Null);
    run(auth.data.path(), &["user", "roles", "ann", "two words"]).expect(2);
}

#[test]
fn an_unknown_name_is_one_line() {
    let data = data();
    add_ann(&data).expect(0);
    for command in
        [&["disable", "Ann"][..], &["enable", "Ann"], &["roles", "Ann", "x"], &["password", "Ann", "--password-stdin"]]
    {
        let said = run_with(data.path(), &[&["user"], command].concat(), PASSWORD.as_bytes()).expect(1);
        assert_eq!((said.told().as_str(), said.out.as_str()), ("auth: there is no account Ann", ""), "{command:?}");
        assert!(said.audit().is_empty(), "{said:?}");
    }
}

#[tokio::test]
async fn the_demo_account_is_managed_like_others() {
    let auth = Auth::start().await;
    run(auth.data.path(), &["user", "roles", "user", "presenter"]).expect(0);
    assert_eq!(auth.login("user", "password").await.part(1)["roles"], json!(["presenter"]));
    assert_eq!(listed(auth.data.path())[0]["demo"], true);
    run(auth.data.path(), &["user", "disable", "user"]).expect(0);
    let auth = auth.restarted_with(&[]).await;
    assert_eq!(auth.login("user", "password").await.status, 401, "a restart does not enable it");
}

#[test]
fn the_list_is_by_name_without_hashes_and_goes_on_after_a_page() {
    let data = data();
    assert_eq!(run(data.path(), &["user", "list", "-o", "json"]).expect(0).out, "[]\n");
    add_ann(&data).expect(0);
    let said = run(data.path(), &["user", "list"]).expect(0);
    let rows: Vec<Vec<&str>> = said.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["NAME", "EMAIL", "ROLES", "CREATED", "DISABLED", "DEMO"]);
    assert_eq!(rows[1][..4], ["ann", "ann@example.com", "presenter", "auditor"]);
    assert!(!said.out.contains("argon2"), "{said:?}");

    let hash = "$2b$04$W2lBNBdnSBqsG0.lQZnKwOi.iQZRlLg.IeEqEvXGPPxwnOYHt3ICC";
    let lines =
        (0..2500).map(|number| json!({"username": format!("many-{number:04}"), "password_hash": hash}).to_string());
    let file = lines.collect::<Vec<_>>().join("\n");
    run_with(data.path(), &["user", "import", "-", "--format", "jsonl"], file.as_bytes()).expect(0);
    let names = names(data.path());
    assert_eq!((names.len(), names[0].as_str(), names[2500].as_str()), (2501, "ann", "many-2499"));
    assert!(names.is_sorted());
    let table = run(data.path(), &["user", "list"]).expect(0).out;
    assert_eq!(table.lines().count(), 2502, "one header");
}

#[test]
fn every_command_tells_how_it_is_used() {
    let data = data();
    for (command, words) in [
        (&["user"][..], &["add", "list", "disable", "enable", "password", "roles", "import"][..]),
        (&["user", "add"], &["NAME", "--email", "--role", "--password-stdin"]),
        (&["user", "list"], &["--output", "table", "json"]),
        (&["user", "disable"], &["NAME"]),
        (&["user", "enable"], &["NAME"]),
        (&["user", "password"], &["NAME", "--password-stdin"]),
        (&["user", "roles"], &["NAME", "[ROLE]..."]),
        (&["user", "import"], &["FILE", "--format", "csv", "jsonl", "password_hash", "argon2", "bcrypt"]),
    ] {
        let help = run(data.path(), &[command, &["--help"]].concat()).expect(0).out;
        assert!(words.iter().all(|word| help.contains(word)), "{command:?}: {help}");
    }
    run(data.path(), &["user"]).expect(2);
    run(data.path(), &["user", "remove", "ann"]).expect(2);
}

#[test]
fn what_is_done_is_in_the_audit_trail_by_event_and_account_and_no_password_is() {
    let data = data();
    let stdin = format!("{PASSWORD}\n");
    for (command, event) in [
        (&["add", "ann", "--role", "a", "--password-stdin"][..], "account.added"),
        (&["disable", "ann"], "account.disabled"),
        (&["enable", "ann"], "account.enabled"),
        (&["password", "ann", "--password-stdin"], "account.password_changed"),
        (&["roles", "ann", "b"], "account.roles_changed"),
    ] {
        let said = run_with(data.path(), &[&["user"], command].concat(), stdin.as_bytes()).expect(0);
        let [audited] = &said.audit()[..] else { panic!("one event: {said:?}") };
        assert_eq!((&audited["event"], &audited["account"]), (&json!(event), &json!("ann")));
        assert!(![said.out, said.err].concat().contains(PASSWORD));
    }
    assert!(run(data.path(), &["user", "list"]).expect(0).audit().is_empty());
}

#[test]
fn a_bad_setting_is_78_and_a_database_that_is_none_is_1() {
    let data = data();
    let said = crate::command::command(data.path(), &["user", "list"]).env("AUTH_TOKEN_TTL", "soon").spawn();
    assert!(crate::command::ended(said.expect("auth starts")).expect(78).told().contains("AUTH_TOKEN_TTL"));
    run(data.path(), &["user", "list"]).expect(0);
    for file in ["auth.db-wal", "auth.db-shm"] {
        let _ = std::fs::remove_file(data.path().join(file));
    }
    std::fs::write(data.path().join("auth.db"), "no database at all, whatever its name says").expect("written");
    let said = run(data.path(), &["user", "list"]).expect(1);
    assert!(said.told().contains("auth.db") && said.told().lines().count() == 1, "{said:?}");
}
