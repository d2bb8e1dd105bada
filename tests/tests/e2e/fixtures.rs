//! The database fixtures themselves: a real PostgreSQL server, and the gate before it.
use std::time::Duration;

use e2e::{
    Database, LONG, Store, Test, eventually,
    postgres::{Durability, Server, Stop},
};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, timeout};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        each_test_has_an_empty_database_of_its_own,
        a_server_that_crashed_has_what_was_committed,
        a_stopped_server_refuses_and_comes_back_on_its_port,
        a_closed_gate_refuses_and_ends_what_is_through,
        a_resetting_gate_counts_who_knocks,
        a_stalled_gate_lets_nothing_pass_until_it_opens,
        a_slow_gate_delays_answers,
    ]
}

async fn connect(url: &str) -> sqlx::Result<PgConnection> {
    PgConnection::connect(&format!("{url}?sslmode=disable")).await
}

async fn answers(connection: &mut PgConnection) -> bool {
    sqlx::query("SELECT 1").execute(connection).await.is_ok()
}

async fn gated() -> (Store, e2e::Gate, String) {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let url = store.database().url_at(gate.port());
    (store, gate, url)
}

async fn each_test_has_an_empty_database_of_its_own() {
    let (one, other) = (Database::Postgres.fresh().await, Database::Postgres.fresh().await);
    let mut connection = connect(one.database().url()).await.expect("a connection by TCP");
    sqlx::query("CREATE TABLE marks (mark BIGINT)").execute(&mut connection).await.expect("made");
    let count = "SELECT count(*) FROM pg_tables WHERE tablename = 'marks'";
    let count = async |store: &Store| -> i64 {
        sqlx::query_scalar(count).fetch_one(&mut store.database().connect().await).await.expect("a count")
    };
    assert_eq!((count(&one).await, count(&other).await), (1, 0));
    let name = one.database().name().to_owned();
    drop(one);
    let left = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(name);
    let left = left.fetch_optional(&mut other.database().connect().await).await.expect("a list");
    assert!(left.is_none(), "it is dropped, although somebody is connected");
}

async fn a_server_that_crashed_has_what_was_committed() {
    let mut server = Server::start(Durability::Full).await;
    let store = Store::on(&server).await;
    let mut connection = store.database().connect().await;
    sqlx::query("CREATE TABLE marks (mark BIGINT)").execute(&mut connection).await.expect("made");
    sqlx::query("INSERT INTO marks VALUES (7)").execute(&mut connection).await.expect("inserted");
    server.stop(Stop::Immediate).await;
    assert!(!answers(&mut connection).await);
    server.start_again().await;
    let marks = sqlx::query_scalar("SELECT mark FROM marks");
    let marks: Vec<i64> = marks.fetch_all(&mut store.database().connect().await).await.expect("marks");
    assert_eq!(marks, [7]);
}

async fn a_stopped_server_refuses_and_comes_back_on_its_port() {
    let mut server = Server::start(Durability::Fast).await;
    let url = server.url("postgres", server.port());
    assert!(connect(&url).await.is_ok());
    server.stop(Stop::Fast).await;
    assert!(matches!(connect(&url).await, Err(sqlx::Error::Io(_))));
    server.start_again().await;
    assert!(connect(&url).await.is_ok());
}

async fn a_closed_gate_refuses_and_ends_what_is_through() {
    let (_store, gate, url) = gated().await;
    let mut connection = connect(&url).await.expect("a connection");
    gate.close().await;
    assert!(!answers(&mut connection).await);
    assert!(matches!(connect(&url).await, Err(sqlx::Error::Io(_))));
    gate.open().await;
    let mut connection = connect(&url).await.expect("a connection");
    gate.cut();
    eventually("it is cut", LONG, async || (!answers(&mut connection).await).then_some(())).await;
}

async fn a_resetting_gate_counts_who_knocks() {
    let (_store, gate, url) = gated().await;
    let start = Instant::now();
    gate.reset().await;
    for _ in 0..3 {
        assert!(connect(&url).await.is_err());
    }
    assert_eq!(gate.knocks_since(start).len(), 3);
    assert_eq!(gate.knocks_by_second(start).iter().sum::<usize>(), 3);
    assert!(gate.knocks_since(Instant::now()).is_empty());
}

async fn a_stalled_gate_lets_nothing_pass_until_it_opens() {
    const WHILE: Duration = Duration::from_millis(200);
    let (_store, gate, url) = gated().await;
    let mut connection = connect(&url).await.expect("a connection");
    gate.stall().await;
    assert!(timeout(WHILE, connect(&url)).await.is_err());
    let mut waiting = Box::pin(answers(&mut connection));
    assert!(timeout(WHILE, &mut waiting).await.is_err());
    gate.open().await;
    assert!(waiting.await, "what waited passes");
}

async fn a_slow_gate_delays_answers() {
    const DELAY: Duration = Duration::from_millis(100);
    let (_store, gate, url) = gated().await;
    let mut connection = connect(&url).await.expect("a connection");
    gate.slow(DELAY).await;
    let start = Instant::now();
    assert!(answers(&mut connection).await);
    assert!(start.elapsed() >= DELAY);
}
