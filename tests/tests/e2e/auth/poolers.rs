//! auth behind `PgBouncer`, in each of its modes.
use e2e::{
    Client, LONG, Store, Test,
    client::{PASSWORD, USER},
    postgres::{Durability, PoolMode, Pooler, Server},
    skips,
};
use tokio::{task::JoinSet, time::timeout};

pub(crate) fn tests() -> Vec<Test> {
    let tests = e2e::tests![POSTGRES:
        many_logins_share_few_sessions_in_transaction_mode,
        a_pooler_that_passes_over_settings_in_silence_is_noticed,
        session_mode_works,
        statement_mode_is_refused_with_the_reason,
    ];
    tests.into_iter().map(|test| test.needing(&skips::PGBOUNCER)).collect()
}

/// A database behind a pooler.
async fn behind(mode: PoolMode, settings: &str) -> (Store, Pooler, Server) {
    let server = Server::start(Durability::Fast).await;
    let mut store = Store::on(&server).await;
    let pooler = Pooler::start(&server, mode, settings).await;
    store.through_port(pooler.port());
    (store, pooler, server)
}

async fn logins(clients: &[Client]) {
    const EACH: usize = 12;
    let all: JoinSet<u16> = clients
        .iter()
        .flat_map(|client| std::iter::repeat_n(client, EACH))
        .map(|client| {
            let login = client.get("/login").basic(USER, PASSWORD);
            async move { timeout(LONG, login.try_send()).await.expect("in time").expect("an answer").status }
        })
        .collect();
    assert_eq!(all.join_all().await, vec![200; EACH * clients.len()]);
}

/// Two replicas and two sessions: a statement that was prepared before may be unknown to the next session.
async fn works(store: &Store) {
    let mut replicas = store.replicas(2).await;
    let clients = [replicas[0].client().await, replicas[1].client().await];
    logins(&clients).await;
    let token = clients[0].log_in(USER, PASSWORD, 200).await.refresh_token();
    let next = clients[1].refresh(&token, 200).await.refresh_token();
    clients[0].refresh(&next, 200).await;
    store.add_user("ann", "a long password of ann", "").await;
    clients[1].log_in("ann", "a long password of ann", 200).await;
    store.admin("key rotate").await;
    logins(&clients).await;
    // The time limits of one client are not left behind for the next.
    assert!(replicas[0].output().event("the database is away").is_none());
}

async fn many_logins_share_few_sessions_in_transaction_mode() {
    let (store, _pooler, _server) = behind(PoolMode::Transaction, "").await;
    works(&store).await;
}

async fn a_pooler_that_passes_over_settings_in_silence_is_noticed() {
    let settings = "ignore_startup_parameters = extra_float_digits,options";
    let (store, _pooler, _server) = behind(PoolMode::Transaction, settings).await;
    works(&store).await;
}

/// Each client keeps a session: there must be enough of them.
async fn session_mode_works() {
    let (store, _pooler, _server) = behind(PoolMode::Session, "default_pool_size = 40").await;
    works(&store).await;
}

async fn statement_mode_is_refused_with_the_reason() {
    let (store, _pooler, _server) = behind(PoolMode::Statement, "").await;
    let mut auth = store.auth().spawn();
    let why = auth.event("cannot reach the database").await.to_string();
    assert!(why.contains("pool_mode") && why.contains("transaction"), "{why}");
    auth.health().await.readiness(503).await;
}
