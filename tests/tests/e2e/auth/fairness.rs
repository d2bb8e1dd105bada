//! One client sends more logins than may wait, and others log in all the same; what it leaves in the database is bounded.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use e2e::{
    Client, Database, LONG, Store, Test,
    client::{PASSWORD, USER},
    eventually,
};
use tokio::task::JoinSet;

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        one_client_with_many_logins_holds_up_no_other_client,
        one_account_with_many_logins_holds_up_no_other_account_at_the_same_address,
        an_account_has_a_bounded_number_of_sessions,
        logins_at_once_create_no_more_sessions_than_allowed,
        what_has_expired_is_removed_without_a_command,
        failures_of_strangers_are_bounded,
    ]
}

const FORWARDED: &str = "x-forwarded-for";
const FLOOD: &str = "203.0.113.1";
/// More than run and wait together.
const CONNECTIONS: usize = 160;

/// Logs in on many connections, again and again, as long as the value lives.
struct Flood {
    over: Arc<AtomicBool>,
    answers: Arc<[AtomicUsize; 2]>,
    connections: JoinSet<()>,
}

impl Flood {
    async fn start(client: &Client) -> Self {
        let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]));
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (client, over, answers) = (client.another(), Arc::clone(&over), Arc::clone(&answers));
            connections.spawn(async move {
                while !over.load(SeqCst) {
                    let login = client.get("/login").basic(USER, PASSWORD).header(FORWARDED, FLOOD);
                    let status = login.try_send().await.expect("an answer").status;
                    assert!([200, 503].contains(&status), "{status}");
                    answers[usize::from(status == 503)].fetch_add(1, SeqCst);
                }
            });
        }
        let flood = Self { over, answers, connections };
        eventually("more logins come than may wait", LONG, async || (flood.answered()[1] >= 20).then_some(())).await;
        flood
    }

    /// How many got in, and how many were shed.
    fn answered(&self) -> [usize; 2] {
        [self.answers[0].load(SeqCst), self.answers[1].load(SeqCst)]
    }

    async fn stop(self) {
        self.over.store(true, SeqCst);
        self.connections.join_all().await;
    }
}

/// Logs in fifteen times during a flood.
async fn logs_in_during_a_flood(store: &Store, name: &str, password: &str, from: &str) {
    let mut auth = store.auth().set("TRUSTED_PROXIES", "127.0.0.1").ready().await;
    let client = auth.client().await;
    let flood = Flood::start(&client).await;
    for attempt in 0..15 {
        let login = client.get("/login").basic(name, password).header(FORWARDED, from);
        let answer = login.try_send().await.expect("an answer");
        assert_eq!(answer.status, 200, "attempt {attempt}: {answer:?}");
    }
    let [entered, shed] = flood.answered();
    assert!(entered > 0 && shed > 0, "{entered} entered and {shed} were shed");
    flood.stop().await;
}

async fn one_client_with_many_logins_holds_up_no_other_client(database: Database) {
    let store = database.fresh().await;
    logs_in_during_a_flood(&store, USER, PASSWORD, "198.51.100.7").await;
}

async fn one_account_with_many_logins_holds_up_no_other_account_at_the_same_address(database: Database) {
    let store = database.fresh().await;
    store.add_user("ann", "correct horse", "").await;
    logs_in_during_a_flood(&store, "ann", "correct horse", FLOOD).await;
}

const SESSIONS: &str = "SELECT count(*) FROM refresh_families WHERE revoked_at IS NULL";

async fn an_account_has_a_bounded_number_of_sessions(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().set("MAX_SESSIONS", "3").ready().await;
    let client = auth.client().await;
    let mut tokens = Vec::new();
    for _ in 0..5 {
        tokens.push(client.log_in(USER, PASSWORD, 200).await.refresh_token());
    }
    assert_eq!(store.number(SESSIONS).await, 3);
    for (number, token) in tokens.iter().enumerate() {
        client.refresh(token, if number < 2 { 401 } else { 200 }).await;
    }
    let event = auth.event("the oldest sessions of the account have ended").await;
    assert_eq!((&event["event"], &event["account"]), (&"sessions.limited".into(), &USER.into()), "{event}");
    store.add_user("ann", "correct horse", "").await;
    client.log_in("ann", "correct horse", 200).await;
    assert_eq!(store.number(SESSIONS).await, 4, "another account has sessions of its own");
}

async fn logins_at_once_create_no_more_sessions_than_allowed(database: Database) {
    let store = database.fresh().await;
    let launch = || store.auth().set("MAX_SESSIONS", "3");
    let mut replicas = [launch().ready().await, launch().ready().await];
    let clients = [replicas[0].client().await, replicas[1].client().await];
    let logins: JoinSet<u16> = (0..24)
        .map(|number: usize| {
            let login = clients[number % 2].get("/login").basic(USER, PASSWORD);
            async move { login.try_send().await.expect("an answer").status }
        })
        .collect();
    assert_eq!(logins.join_all().await, [200; 24]);
    assert_eq!(store.number(SESSIONS).await, 3);
}

async fn what_has_expired_is_removed_without_a_command(database: Database) {
    let store = database.fresh().await;
    let launch = || store.auth().set("PURGE_INTERVAL", "1s").set("REFRESH_TTL", "1s");
    let mut replicas = [launch().ready().await, launch().ready().await];
    let client = replicas[0].client().await;
    for _ in 0..3 {
        client.log_in(USER, PASSWORD, 200).await;
    }
    client.log_in(USER, "not the password", 401).await;
    store.execute("UPDATE login_delays SET last_at = 1; UPDATE known_clients SET last_login_at = 1").await;
    eventually("everything that has expired is gone", LONG, async || {
        let rows = "SELECT (SELECT count(*) FROM refresh_families) + (SELECT count(*) FROM refresh_tokens) \
                    + (SELECT count(*) FROM login_delays) + (SELECT count(*) FROM known_clients)";
        (store.number(rows).await == 0).then_some(())
    })
    .await;
}

async fn failures_of_strangers_are_bounded(database: Database) {
    const MOST: i64 = 50_000;
    let store = database.fresh().await;
    let mut auth = store.auth().set("PURGE_INTERVAL", "1s").ready().await;
    let client = auth.client().await;
    for _ in 0..5 {
        client.log_in(USER, "not the password", 401).await;
    }
    // As if strangers had failed with as many names, later than that client.
    store
        .execute(
            "INSERT INTO login_delays (name_hash, client, failures, last_at, blocked_until) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) \
             SELECT 'stranger-' || i, '', 1, (SELECT max(last_at) FROM login_delays) + 1, 0 FROM n",
        )
        .await;
    eventually("only as many as allowed are left", Duration::from_mins(1), async || {
        (store.number("SELECT count(*) FROM login_delays").await <= MOST).then_some(())
    })
    .await;
    let kept = "SELECT count(*) FROM login_delays WHERE failures > 4";
    assert_eq!(store.number(kept).await, 1, "what delays a client stays, even if it is the oldest");
}
