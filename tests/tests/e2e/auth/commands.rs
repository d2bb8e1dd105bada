//! What every admin command has: help, exit codes, settings from the environment, and one clear line when it fails.
use e2e::{Database, LONG, Launch, Program, Said, Test, eventually};

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![
        every_command_has_help,
        a_command_line_that_makes_no_sense_is_a_usage_error,
        a_configuration_that_is_wrong_is_told_as_at_a_start,
        a_command_says_what_it_lacks,
    ];
    tests.extend(e2e::tests![POSTGRES:
        postgres_without_a_key_encryption_key_is_refused,
        a_command_without_its_database_fails_in_time,
        a_wrong_password_of_the_database_is_not_shown,
    ]);
    tests.extend(on_both![tables_are_made_by_any_command, what_has_expired_is_purged_in_batches]);
    tests
}

const COMMANDS: [&str; 15] = [
    "migrate",
    "user",
    "user add",
    "user list",
    "user disable",
    "user enable",
    "user password",
    "user roles",
    "user import",
    "key",
    "key list",
    "key rotate",
    "key retire",
    "key reseal",
    "purge",
];

fn command(line: &str) -> Launch {
    Launch::bare(Program::Auth).args(line.split_whitespace())
}

async fn every_command_has_help() {
    let overview = command("--help").run().await.expect(0).text();
    for line in COMMANDS {
        for flag in ["--help", "-h"] {
            let said = command(line).args([flag]).run().await.expect(0);
            assert!(said.err.is_empty() && said.out.len() > 3, "{line} {flag}: {said:?}");
            assert!(said.text().contains("Usage"), "{line} {flag}: {said:?}");
        }
        let first = line.split(' ').next().expect("a word");
        assert!(overview.contains(first), "{first} in {overview}");
    }
}

async fn a_command_line_that_makes_no_sense_is_a_usage_error() {
    for line in [
        "user",
        "key",
        "user ad",
        "user add",
        "user disable",
        "user roles",
        "user import",
        "key retire",
        "key rotate --later",
        "key list --output yaml",
        "user list --output",
        "user list bob",
        "migrate now",
        "purge --batch 0",
        "purge --batch many",
        "user import --format csv",
    ] {
        let said: Said = command(line).run().await.expect(2);
        assert!(said.out.is_empty() && !said.err.is_empty(), "{line}: {said:?}");
    }
}

async fn a_configuration_that_is_wrong_is_told_as_at_a_start() {
    for (setting, value) in [
        ("DATABASE_URL", "mysql://user:hunter2@127.0.0.1/accounts"),
        ("DATABASE_URL", "sqlite://relative.db"),
        ("DATABASE_CONNECTIONS", "0"),
        ("DATABASE_TIMEOUT", "1ms"),
        ("KEY_ENCRYPTION_KEY", "hunter2"),
        ("KEY_ENCRYPTION_KEY_PREVIOUS", "hunter2"),
        ("KEY_MAX_AGE", "1s"),
        ("JWKS_MAX_AGE", "2h"),
        ("REFRESH_TTL", "0s"),
        ("PASSWORD_CONCURRENCY", "0"),
        ("LOGIN_QUEUE", "0"),
        ("PEER_FAILURES", "0"),
        ("TRUSTED_PROXIES", "everybody"),
    ] {
        for said in [
            command("user list").set(setting, value).run().await.expect(78),
            Launch::service(Program::Auth).set(setting, value).run().await.expect(78),
        ] {
            let line = said.one_line();
            assert!(line.contains(&format!("AUTH_{setting}")) && !line.contains("hunter2"), "{said:?}");
        }
    }
}

async fn a_command_says_what_it_lacks() {
    let said = command("user list").set("DATA_DIR", "/proc/flotilla").run().await.expect(78);
    assert!(said.one_line().contains("AUTH_DATA_DIR"), "{said:?}");
}

async fn postgres_without_a_key_encryption_key_is_refused() {
    let store = Database::Postgres.fresh().await;
    for launch in [Launch::service(Program::Auth), command("key list"), command("user list")] {
        let said = launch.set("DATABASE_URL", store.database().url()).run().await.expect(78);
        assert!(said.one_line().contains("AUTH_KEY_ENCRYPTION_KEY"), "{said:?}");
    }
}

/// A service waits for its database; a person, a Job or a CronJob wants to know.
async fn a_command_without_its_database_fails_in_time() {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    gate.close().await;
    for line in ["user list", "key rotate", "purge", "migrate"] {
        let mut running = store.command(line.split(' ')).spawn();
        let status = running.wait_exit(LONG).await;
        assert_eq!(status.code(), Some(1), "{line}");
        let said = Said::by(running).await;
        assert!(said.one_line().contains("database"), "{line}: {said:?}");
    }
}

async fn a_wrong_password_of_the_database_is_not_shown() {
    let store = Database::Postgres.fresh().await;
    let url = store.database().url().replace("e2e-database-password", "hunter2");
    let said = store.command(["user", "list"]).set("DATABASE_URL", url).run().await.expect(1);
    assert!(!said.text().contains("hunter2"), "{said:?}");
    assert!(said.text().contains("authentication"), "it says what is wrong: {said:?}");
}

async fn tables_are_made_by_any_command(database: Database) {
    let store = database.fresh().await;
    store.admin("user list").await;
    store.admin("migrate").await;
    store.auth().ready().await.client().await.logged_in().await;
}

async fn what_has_expired_is_purged_in_batches(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().set("REFRESH_TTL", "5s").ready().await;
    let client = auth.client().await;
    for _ in 0..5 {
        let login = client.log_in("user", "password", 200).await;
        client.refresh(&login.refresh_token(), 200).await;
    }
    drop(auth);
    let mut auth = store.auth().ready().await;
    let kept = auth.client().await.log_in("user", "password", 200).await.refresh_token();
    eventually("the first ones have expired", LONG, async || {
        store.admin("purge --batch 2").await;
        (store.dump("refresh_families").await.len() == 1).then_some(())
    })
    .await;
    assert_eq!(store.dump("refresh_tokens").await.len(), 1);
    auth.client().await.refresh(&kept, 200).await;
    let said = store.admin("purge").await;
    assert!(said.events().iter().any(|event| event["event"] == "purged" && event["target"] == "audit"), "{said:?}");
}
