//! What the role that auth connects as must be allowed to do.
use e2e::{
    Database, Store, Test,
    client::{PASSWORD, USER},
};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        a_role_that_may_only_read_and_write_serves_a_migrated_database,
        a_role_that_may_not_create_tables_is_told_who_may,
    ]
}

/// Reads and writes what is there, and owns nothing. Roles belong to the server, so each test has one of its own.
const CLERK: &str = "CREATE ROLE clerk LOGIN PASSWORD 'a-password-of-the-clerk';
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk";
const STRANGER: &str = "CREATE ROLE stranger LOGIN PASSWORD 'a-password-of-the-clerk'";

fn url_of(store: &Store, role: &str) -> String {
    let url = store.database().url();
    let (_, host) = url.split_once('@').expect("a host");
    format!("postgres://{role}:a-password-of-the-clerk@{host}")
}

async fn a_role_that_may_only_read_and_write_serves_a_migrated_database() {
    let store = Database::Postgres.fresh().await;
    store.admin("migrate").await;
    store.execute(CLERK).await;
    let mut auth = store.auth().set("DATABASE_URL", url_of(&store, "clerk")).ready().await;
    let client = auth.client().await;
    let token = client.log_in(USER, PASSWORD, 200).await.refresh_token();
    client.refresh(&token, 200).await;
    store.command(["key", "rotate"]).set("DATABASE_URL", url_of(&store, "clerk")).run().await.expect(0);
    store.command(["purge"]).set("DATABASE_URL", url_of(&store, "clerk")).run().await.expect(0);
}

async fn a_role_that_may_not_create_tables_is_told_who_may() {
    let store = Database::Postgres.fresh().await;
    store.execute(STRANGER).await;
    let said = store.command(["migrate"]).set("DATABASE_URL", url_of(&store, "stranger")).run().await.expect(1);
    let line = said.one_line();
    assert!(line.contains("auth migrate") && line.contains("permission denied"), "{line}");
    // Nor where in the server's source it was noticed.
    assert!(!line.contains("at line") && !line.contains(".c:"), "{line}");
}
