//! `auth user import`: all accounts of a file or none, and what becomes of their hashes.
use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use auth::password::{Memory, hash_now};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    Auth,
    command::{Said, command, ended, listed, names, run, run_with, value},
};

const HASH: &str = "$2b$04$W2lBNBdnSBqsG0.lQZnKwOi.iQZRlLg.IeEqEvXGPPxwnOYHt3ICC";
/// It asks for 95 GiB.
const DEAR: &str = "$argon2id$v=19$m=99999999,t=1,p=1$Zmxvb3RpbGxh$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const HEADER: &str = "username,email,roles,password_hash";

fn data() -> TempDir {
    TempDir::new().expect("a directory")
}

/// Imports a file of this name.
fn import(data: &TempDir, name: &str, text: &str) -> Said {
    let directory = TempDir::new().expect("a directory");
    let file = directory.path().join(name);
    fs::write(&file, text).expect("written");
    run(data.path(), &["user", "import", file.to_str().expect("UTF-8")])
}

/// A file with so many good accounts.
fn many(accounts: usize) -> String {
    (0..accounts).fold(format!("{HEADER}\n"), |mut file, number| {
        let _ = writeln!(file, "user-{number},user-{number}@example.com,presenter,{HASH}");
        file
    })
}

async fn hash_of_ann(data: &Path) -> String {
    value(data, "SELECT password_hash FROM accounts WHERE username = 'ann'").await
}

#[tokio::test]
async fn an_imported_bcrypt_hash_and_one_of_argon2_with_other_parameters_log_in_and_become_ours() {
    let bcrypt = bcrypt::hash("correct horse", 4).expect("hashed");
    let memory = Memory::kib(1024).expect("allowed");
    let argon2 = hash_now(memory, &"correct horse".into(), &mut Vec::new()).expect("hashed");
    for imported in [bcrypt, argon2] {
        let data = data();
        let line =
            json!({"username": "ann", "email": "ann@example.com", "roles": ["presenter"], "password_hash": imported});
        import(&data, "a.jsonl", &line.to_string()).expect(0);
        let auth = Auth::start_in(data, &[]).await;
        assert_eq!(auth.login("ann", "wrong horse").await.status, 401);
        assert_eq!(hash_of_ann(auth.data.path()).await, imported, "a wrong password changes nothing");
        let claims = auth.login("ann", "correct horse").await.part(1);
        assert_eq!((&claims["email"], &claims["roles"]), (&json!("ann@example.com"), &json!(["presenter"])));
        let ours = hash_of_ann(auth.data.path()).await;
        assert!(ours.starts_with("$argon2id$v=19$m=3072,t=12,p=1$"), "{imported} became {ours}");
        assert_eq!(auth.login("ann", "correct horse").await.status, 200);
        assert_eq!(hash_of_ann(auth.data.path()).await, ours, "and stays so");
    }
}

#[test]
fn csv_and_json_lines_say_the_same() {
    let csv = format!(
        "\u{feff}password_hash,roles,username,email\r\n{HASH},a  b,ann,\"ann@example.com\"\r\n\r\n{HASH},,\"bob \"\"x\"\"\",\r\n"
    );
    let jsonl = format!(
        "{}\n\n{}",
        json!({"username": "ann", "email": "ann@example.com", "roles": ["a", "b"], "password_hash": HASH}),
        json!({"username": "bob \"x\"", "password_hash": HASH}),
    );
    let imported = [("a.csv", csv), ("a.jsonl", jsonl)].map(|(name, text)| {
        let data = data();
        let said = import(&data, name, &text).expect(0);
        assert_eq!(said.out, "accounts imported: 2\n");
        let [audited] = &said.audit()[..] else { panic!("one event: {said:?}") };
        assert_eq!((&audited["event"], &audited["accounts"]), (&json!("account.imported"), &json!(2)));
        listed(data.path())
            .iter()
            .map(|account| [account["username"].clone(), account["email"].clone(), account["roles"].clone()])
            .collect::<Vec<_>>()
    });
    assert_eq!(
        imported[0],
        [[json!("ann"), json!("ann@example.com"), json!(["a", "b"])], [json!("bob \"x\""), json!(null), json!([])]]
    );
    assert_eq!(imported[0], imported[1]);
}

#[test]
fn one_bad_line_keeps_all_out_and_each_is_named_with_its_reason() {
    let data = data();
    import(&data, "a.csv", &format!("{HEADER}\nann,,,{HASH}\n")).expect(0);
    let lines = [
        HEADER.to_owned(),
        format!("good,,,{HASH}"),
        format!("a:b,,,{HASH}"),
        format!("cid,nowhere,,{HASH}"),
        format!("dan,,{},{HASH}", "x".repeat(65)),
        "eve,,,hunter2".to_owned(),
        format!("fay,,,\"{DEAR}\""),
        "gil,,,$2b$31$W2lBNBdnSBqsG0.lQZnKwOi.iQZRlLg.IeEqEvXGPPxwnOYHt3ICC".to_owned(),
        "hal,,".to_owned(),
        String::new(),
        format!("ann,,,{HASH}"),
        format!("good,,,{HASH}"),
        "x".repeat(70_000),
        format!("\"ida,,,{HASH}"),
        format!("joe,,,{DEAR}"),
    ];
    let said = import(&data, "b.csv", &lines.join("\n")).expect(1);
    let told = said.told();
    let told: Vec<&str> = told.lines().collect();
    assert!(told[0].ends_with("b.csv: 12 lines are bad; nothing was imported"), "{told:?}");
    for (told, expected) in told[1..].iter().zip([
        "line 3: username: has a colon",
        "line 4: email: no mail address",
        "line 5: roles: empty or too long",
        "line 6: password_hash: no hash of argon2 or bcrypt",
        "line 7: password_hash: no hash of argon2 or bcrypt, or one that asks for more than 64 MiB",
        "line 8: password_hash: no bcrypt hash, or its cost is above 14",
        "line 9: has 3 fields, and the header has 4",
        "line 11: username: there is an account of this name already",
        "line 12: username: the same as in line 2",
        "line 13: longer than 64 KiB",
        "line 14: a quote is not closed",
        "line 15: has 6 fields, and the header has 4; a field with a comma must be in quotes",
    ]) {
        assert!(told.trim_start().starts_with(expected), "{told} instead of {expected}");
    }
    assert!(!said.err.contains("hunter2") && said.out.is_empty() && said.audit().is_empty(), "{said:?}");
    assert_eq!(names(data.path()), ["ann"]);
}

#[test]
fn of_many_bad_lines_the_first_twenty_are_named_and_the_others_counted() {
    let data = data();
    let said = import(&data, "a.jsonl", &"{}\n".repeat(1500)).expect(1);
    let told = said.told();
    assert_eq!(told.lines().count(), 22, "{told}");
    assert!(told.lines().nth(20).is_some_and(|line| line == "  line 20: username: missing"), "{told}");
    assert!(told.ends_with("\n  and 1480 more"), "{told}");
}

#[test]
fn a_file_that_is_none_of_ours_is_refused_by_what_is_wrong_with_it() {
    let data = data();
    for (name, text, code, why) in [
        (
            "a.csv",
            "username,password\nann,hunter2\n",
            1,
            "line 1: unknown column password; allowed: username,email,roles,password_hash",
        ),
        ("a.csv", "ann,hunter2\n", 1, "line 1: unknown column ann"),
        ("a.csv", "", 1, "line 1: no header"),
        ("a.jsonl", r#"{"username":"ann","hash":"hunter2"}"#, 1, "line 1: unknown field `hash`"),
        ("a.json", "[]", 2, "say --format csv or --format jsonl"),
        ("a", "", 2, "say --format csv or --format jsonl"),
    ] {
        let said = import(&data, name, text).expect(code);
        assert!(said.told().contains(why) && !said.err.contains("hunter2"), "{name}: {said:?}");
    }
    assert!(run(data.path(), &["user", "import", "-"]).expect(2).told().contains("stdin"));
    assert!(run(data.path(), &["user", "import", "nowhere.csv"]).expect(1).told().contains("cannot read nowhere.csv"));
    assert!(run(data.path(), &["user", "import", "/", "--format", "csv"]).expect(1).told().contains("is a directory"));
    run(data.path(), &["user", "import", "a.csv", "--format", "xml"]).expect(2);
    assert!(names(data.path()).is_empty());
}

#[test]
fn a_file_without_accounts_imports_none() {
    let data = data();
    assert_eq!(import(&data, "a.csv", &format!("{HEADER}\n")).expect(0).out, "accounts imported: 0\n");
    assert_eq!(import(&data, "a.jsonl", "\n\n").expect(0).out, "accounts imported: 0\n");
}

#[test]
fn stdin_is_read_like_a_file_and_leaves_none_behind() {
    let data = data();
    let before = |data: &TempDir| {
        let entries = fs::read_dir(data.path()).expect("readable").map(|entry| entry.expect("an entry").file_name());
        entries.filter(|name| !name.to_string_lossy().starts_with("auth.db")).count()
    };
    let arguments = ["user", "import", "-", "--format", "csv"];
    run_with(data.path(), &arguments, many(1200).as_bytes()).expect(0);
    assert_eq!((names(data.path()).len(), before(&data)), (1200, 1), "only the key beside the database");
    let said = run_with(data.path(), &arguments, many(1).as_bytes()).expect(1);
    assert!(said.told().starts_with("auth: stdin: 1 line is bad"), "{said:?}");
    let nowhere = data.path().join("nowhere");
    let mut unkept = command(data.path(), &arguments);
    let said = ended(unkept.env("TMPDIR", &nowhere).spawn().expect("auth starts")).expect(1);
    assert!(said.told().contains("cannot keep stdin in"), "{said:?}");
    // A database made by an import is as private as one made by a start.
    let mode = fs::metadata(data.path().join("auth.db")).expect("exists").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[test]
fn interrupted_in_the_middle_of_writing_it_leaves_nothing() {
    for signal in ["INT", "TERM", "KILL"] {
        let data = data();
        import(&data, "a.csv", &format!("{HEADER}\nann,,,{HASH}\n")).expect(0);
        fs::write(data.path().join("many.csv"), many(30_000)).expect("written");
        let mut child = command(data.path(), &["user", "import", "many.csv"])
            .current_dir(data.path())
            .spawn()
            .expect("auth starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        // The first line about the second pass: thousands of accounts are written, and thousands are not.
        assert!(lines.any(|line| line.expect("a line").contains(r#""message":"written""#)), "it was written");
        let kill = format!("kill -{signal} {}", child.id());
        assert!(std::process::Command::new("/bin/sh").args(["-c", &kill]).status().expect("a shell").success());
        let status = child.wait().expect("it ends");
        assert!(!status.success(), "{signal}: {status}");
        assert_eq!(names(data.path()), ["ann"], "{signal}");
        // Nor is anything in the way of the next attempt.
        let again = ended(
            command(data.path(), &["user", "import", "many.csv"])
                .current_dir(data.path())
                .spawn()
                .expect("auth starts"),
        );
        assert_eq!(again.expect(0).out, "accounts imported: 30000\n", "{signal}");
    }
}

#[tokio::test]
async fn bytes_that_bcrypt_does_not_read_are_refused_and_never_become_the_password() {
    let (whole, long) = ("p".repeat(72), "p".repeat(73));
    for (password, others) in [(whole.as_str(), [long.as_str(), "p"]), ("secret", ["secret\0", "secret\0secret"])] {
        let data = data();
        let imported = bcrypt::hash(password, 4).expect("hashed");
        import(&data, "a.jsonl", &json!({"username": "ann", "password_hash": imported}).to_string()).expect(0);
        let auth = Auth::start_in(data, &[]).await;
        for other in others {
            let body = json!({"username": "ann", "password": other}).to_string();
            assert_eq!(auth.login_by_json(&body).await.status, 401, "{other:?}");
            assert_eq!(hash_of_ann(auth.data.path()).await, imported, "{other:?} was pinned");
        }
        assert_eq!(auth.login("ann", password).await.status, 200);
    }
}
