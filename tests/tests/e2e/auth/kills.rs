//! Row 14 of the fault matrix: killed without warning in the middle of writes, the database opens, what was acknowledged
//! is there, and nothing is half written. `FLOTILLA_KILLS=100` kills more often.
use std::time::Duration;

use e2e::{
    Client, Database, LONG, Launch, Process, Signal, Store, Test,
    client::{PASSWORD, USER},
    environment,
};
use tempfile::TempDir;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{on_both, users};

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        fault_14_killed_in_the_middle_of_logins_and_refreshes_nothing_acknowledged_is_lost,
        fault_14_an_import_that_is_killed_is_there_whole_or_not_at_all,
        fault_14_killed_in_the_middle_of_its_first_start_it_starts_again,
    ]
}

const CLIENTS: usize = 4;
/// Refreshes of a session before it is left alone.
const REFRESHES: usize = 3;
/// Moments of a kill are spread over this.
const SPREAD: Duration = Duration::from_millis(200);

/// Refresh tokens as a client knows them at the end.
#[derive(Default)]
struct Known {
    /// Given out and acknowledged, not used since.
    good: Vec<String>,
    /// Sent, and no answer came: used or not.
    sent: Vec<String>,
}

/// Logs in and refreshes until there is no answer.
async fn work(client: Client) -> Known {
    let mut known = Known::default();
    loop {
        let Some(login) = client.get("/login").basic(USER, PASSWORD).try_send().await else { return known };
        assert_eq!(login.status, 200, "{login:?}");
        let mut token = login.refresh_token();
        for _ in 0..REFRESHES {
            let body = serde_json::json!({"refresh_token": token});
            let Some(next) = client.request("POST", "/refresh").json(&body).try_send().await else {
                known.sent.push(token);
                return known;
            };
            assert_eq!(next.status, 200, "{next:?}");
            token = next.refresh_token();
        }
        known.good.push(token);
    }
}

async fn kill(mut process: Process) {
    process.signal(Signal::KILL);
    process.wait_exit(LONG).await;
}

fn moment(round: usize) -> Duration {
    let rounds = u32::try_from(environment::kills()).expect("not so many");
    SPREAD * u32::try_from(round).expect("not so many") / rounds
}

async fn fault_14_killed_in_the_middle_of_logins_and_refreshes_nothing_acknowledged_is_lost(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let keys = auth.client().await.key_set(200).await.json();
    for round in 0..environment::kills() {
        let client = auth.client().await;
        let clients: JoinSet<Known> = (0..CLIENTS).map(|_| work(client.clone())).collect();
        sleep(moment(round)).await;
        kill(auth).await;
        let known = clients.join_all().await;
        auth = store.auth().ready().await;
        let client = auth.client().await;
        assert_eq!(client.key_set(200).await.json(), keys, "round {round}");
        for Known { good, sent } in known {
            for token in good {
                client.refresh(&token, 200).await;
            }
            for token in sent {
                let body = serde_json::json!({"refresh_token": token});
                let answer = client.request("POST", "/refresh").json(&body).try_send().await.expect("an answer");
                assert!([200, 401].contains(&answer.status), "round {round}: {answer:?}");
            }
        }
    }
    is_sound(&store).await;
}

/// Whatever is written together is there together.
async fn is_sound(store: &Store) {
    store.is_intact().await;
    for halves in [
        "SELECT count(*) FROM refresh_families WHERE id NOT IN (SELECT family_id FROM refresh_tokens)",
        "SELECT count(*) FROM refresh_tokens WHERE family_id NOT IN (SELECT id FROM refresh_families)",
        "SELECT count(*) FROM refresh_families WHERE account_id NOT IN (SELECT id FROM accounts)",
        // Of an unrevoked family exactly one token is unused.
        "SELECT count(*) FROM refresh_families WHERE revoked_at IS NULL AND 1 <> (SELECT count(*) FROM refresh_tokens \
         WHERE family_id = refresh_families.id AND used_at IS NULL)",
    ] {
        assert_eq!(store.number(halves).await, 0, "{halves}");
    }
}

async fn fault_14_an_import_that_is_killed_is_there_whole_or_not_at_all(database: Database) {
    const LINES: usize = 300;
    let store = database.fresh().await;
    let directory = environment::temporary_directory();
    store.admin("migrate").await;
    let start = Instant::now();
    import(&store, &directory, "whole", LINES).spawn().wait_exit(LONG).await;
    let whole = start.elapsed();
    assert_eq!(users::listed(&store).await.len(), LINES);
    for round in 0..environment::kills() {
        let name = format!("round{round}");
        let mut running = import(&store, &directory, &name, LINES).spawn();
        let rounds = u32::try_from(environment::kills()).expect("not so many");
        sleep(whole * u32::try_from(round + 1).expect("not so many") / rounds).await;
        let acknowledged = running.has_ended();
        kill_if_running(&mut running, acknowledged).await;
        let there =
            users::listed(&store).await.into_iter().filter(|user| user.starts_with(&format!("{name}-"))).count();
        assert!(there == LINES || (there == 0 && !acknowledged), "round {round}: {there} of {LINES}");
    }
    is_sound(&store).await;
}

async fn kill_if_running(process: &mut Process, ended: bool) {
    if !ended {
        process.signal(Signal::KILL);
    }
    process.wait_exit(LONG).await;
}

fn import(store: &Store, directory: &TempDir, name: &str, lines: usize) -> Launch {
    let file = directory.path().join(format!("{name}.csv"));
    let lines: Vec<String> = (0..lines).map(|line| format!("{name}-{line},,,{}\n", users::BCRYPT)).collect();
    std::fs::write(&file, format!("username,email,roles,password_hash\n{}", lines.concat())).expect("written");
    store.command(["user", "import", file.to_str().expect("text")])
}

async fn fault_14_killed_in_the_middle_of_its_first_start_it_starts_again(database: Database) {
    for round in 0..environment::kills() {
        let store = database.fresh().await;
        let first = store.auth().spawn();
        sleep(moment(round)).await;
        kill(first).await;
        let mut second = store.auth().ready().await;
        second.client().await.logged_in().await;
        is_sound(&store).await;
    }
}
