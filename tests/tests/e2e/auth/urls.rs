//! Where the database is, and how securely it is reached: what a URL can say.
use std::{net::Ipv6Addr, path::Path};

use e2e::{
    Database, LONG, Launch, Process, Program, Store, Stream, Test,
    client::{PASSWORD, USER},
    environment, eventually,
    postgres::{Certificate, Durability, Server, Stop},
    store::new_key,
};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![
        a_file_can_be_named,
        who_names_a_database_has_no_demo_account,
        a_parameter_that_cannot_be_honored_is_refused_at_the_start,
    ];
    tests.extend(e2e::tests![POSTGRES:
        both_spellings_of_the_scheme_work,
        encryption_that_is_required_is_not_left_out,
        an_ipv6_address_can_be_named,
        the_directory_of_a_socket_can_be_named,
        of_several_servers_the_one_that_accepts_writes_is_used,
    ]);
    let encrypted = e2e::tests![OPENSSL:
        a_connection_is_encrypted_where_that_is_required,
        a_server_must_be_the_one_that_is_expected,
        a_ca_of_the_user_s_own_verifies_its_server,
        a_certificate_that_cannot_be_verified_is_explained,
    ];
    tests.extend(encrypted.into_iter().map(|test| test.needing(&e2e::skips::POSTGRES)));
    tests
}

async fn a_file_can_be_named() {
    let directory = environment::temporary_directory();
    let file = directory.path().join("below/accounts.db");
    let launch = || {
        let auth = Launch::service(Program::Auth).set("DATABASE_URL", format!("sqlite://{}", file.display()));
        auth.set("DEMO_USER", "true")
    };
    let mut auth = launch().ready().await;
    let token = auth.client().await.log_in(USER, PASSWORD, 200).await.refresh_token();
    drop(auth);
    assert!(file.is_file());
    launch().ready().await.client().await.refresh(&token, 200).await;
}

/// The demo is what comes without any configuration.
async fn who_names_a_database_has_no_demo_account() {
    let directory = environment::temporary_directory();
    let url = format!("sqlite://{}/accounts.db", directory.path().display());
    let mut auth = Launch::service(Program::Auth).set("DATABASE_URL", url).ready().await;
    auth.client().await.log_in(USER, PASSWORD, 401).await;
    auth.event("serving").await;
    assert!(auth.output().event("DEMO ACCOUNT").is_none());
}

async fn both_spellings_of_the_scheme_work() {
    let store = Database::Postgres.fresh().await;
    let url = store.database().url().replace("postgres://", "postgresql://");
    store.auth().set("DATABASE_URL", url).ready().await.client().await.logged_in().await;
}

async fn an_ipv6_address_can_be_named() {
    let server = Server::start_at(Ipv6Addr::LOCALHOST.into()).await;
    told(&server, "[::1]", "sslmode=prefer").ready().await;
}

/// As Cloud SQL's connector has it.
async fn the_directory_of_a_socket_can_be_named() {
    let server = Server::start(Durability::Fast).await;
    let url = server.url("postgres", server.port()).replace(&format!("127.0.0.1:{}", server.port()), "");
    let directory = server.socket_directory().display();
    let url = format!("{url}?host={directory}&port={}", server.port());
    let launch = Launch::service(Program::Auth).set("DATABASE_URL", url);
    launch.set("KEY_ENCRYPTION_KEY", new_key()).ready().await;
}

/// And after a failover, the other one.
async fn of_several_servers_the_one_that_accepts_writes_is_used() {
    let mut primary = Server::start(Durability::Fast).await;
    let store = Store::on(&primary).await;
    let standby = primary.standby().await;
    let both = format!("127.0.0.1:{},127.0.0.1:{}/", standby.port(), primary.port());
    let url = store.database().url().replace(&format!("127.0.0.1:{}/", primary.port()), &both);
    let mut auth = store.auth().set("DATABASE_URL", format!("{url}?target_session_attrs=read-write")).ready().await;
    let client = auth.client().await;
    let token = client.logged_in().await.log_in(USER, PASSWORD, 200).await.refresh_token();
    primary.stop(Stop::Fast).await;
    standby.promote().await;
    eventually("the new primary is used", LONG, async || {
        let login = client.get("/login").basic(USER, PASSWORD).try_send().await;
        login.filter(|answer| answer.status == 200)
    })
    .await;
    client.refresh(&token, 200).await;
}

/// Before anything is sent, and with a code that says that waiting would not help.
async fn a_parameter_that_cannot_be_honored_is_refused_at_the_start() {
    for (url, part) in [
        ("postgres://u:hunter2@h/d?sslmod=verify-full", "did you mean sslmode?"),
        ("postgres://u:hunter2@h/d?sslmode=require&channel_binding=require", "channel_binding"),
        ("postgres://u:hunter2@h/d?sslmode=verify-full&sslcrl=/crl", "sslcrl"),
        ("postgres://u:hunter2@h/d?target_session_attrs=standby", "target_session_attrs"),
        ("postgres://u:x/hunter2@h/d", "%2F"),
    ] {
        let launch = Launch::service(Program::Auth).set("DATABASE_URL", url).set("KEY_ENCRYPTION_KEY", new_key());
        let said = launch.run().await.expect(78);
        let text = said.text();
        assert!(
            text.contains("AUTH_DATABASE_URL") && text.contains(part) && !text.contains("hunter2"),
            "{url}: {text}"
        );
    }
}

/// An auth that is told this of the server, and is started.
fn told(server: &Server, host: &str, query: &str) -> Process {
    let url = server.url("postgres", server.port()).replace("127.0.0.1", host);
    let launch = Launch::service(Program::Auth).set("DATABASE_URL", format!("{url}?{query}"));
    launch.set("KEY_ENCRYPTION_KEY", new_key()).spawn()
}

async fn cannot_reach(mut auth: Process) {
    let health = auth.health().await;
    auth.event("cannot reach the database").await;
    health.liveness(200).await;
    health.readiness(503).await;
}

/// The tests' own server speaks no TLS.
async fn encryption_that_is_required_is_not_left_out() {
    let store = Database::Postgres.fresh().await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("{}?sslmode={mode}", store.database().url());
        cannot_reach(store.auth().set("DATABASE_URL", url).spawn()).await;
    }
    for mode in ["disable", "allow", "prefer"] {
        let url = format!("{}?sslmode={mode}", store.database().url());
        store.auth().set("DATABASE_URL", url).ready().await;
    }
}

async fn a_connection_is_encrypted_where_that_is_required() {
    let server = Server::start_with_tls().await;
    let store = Store::on(&server).await;
    let url = format!("{}?sslmode=require", store.database().url());
    let mut auth = store.auth().set("DATABASE_URL", url).ready().await;
    auth.client().await.logged_in().await;
    eventually("its sessions are encrypted", LONG, async || (sessions(&store, true).await > 0).then_some(())).await;
    assert_eq!(sessions(&store, false).await, 0);
}

/// How many connections of auth the server has, encrypted or not.
async fn sessions(store: &Store, encrypted: bool) -> i64 {
    let query = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                 WHERE application_name LIKE 'flotilla%' AND ssl = $1";
    let query = sqlx::query_scalar(query).bind(encrypted);
    query.fetch_one(&mut store.database().connect().await).await.expect("a count")
}

async fn a_ca_of_the_user_s_own_verifies_its_server() {
    let server = Server::start_with_certificate(Certificate::OfCa).await;
    let store = Store::on(&server).await;
    let url = store.database().url().replace("127.0.0.1", "localhost");
    for mode in ["verify-full", "verify-ca", "require"] {
        let url = format!("{url}?sslmode={mode}&sslrootcert={}", server.ca().display());
        store.auth().set("DATABASE_URL", url).ready().await;
    }
    let other = Server::start_with_certificate(Certificate::OfCa).await;
    // As libpq: with a CA that is named, `require` looks at it.
    cannot_reach(told(&server, "localhost", &format!("sslmode=require&sslrootcert={}", other.ca().display()))).await;
}

/// At the start if a file is of no use, and as soon as the server shows a certificate that is none.
async fn a_certificate_that_cannot_be_verified_is_explained() {
    let server = Server::start_with_certificate(Certificate::SelfSignedCa).await;
    let query = format!("sslmode=verify-full&sslrootcert={}", server.certificate().display());
    let mut auth = told(&server, "localhost", &query);
    let why = auth.event("cannot reach the database").await.to_string();
    assert!(why.contains("basicConstraints=critical,CA:FALSE"), "{why}");
    let directory = environment::temporary_directory();
    let pipe = directory.path().join("ca.pem");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    for (file, part) in
        [(pipe.as_path(), "a pipe"), (directory.path(), "a directory"), (Path::new("/etc/passwd"), "PEM")]
    {
        let mut auth = told(&server, "localhost", &format!("sslmode=verify-full&sslrootcert={}", file.display()));
        assert_eq!(auth.wait_exit(LONG).await.code(), Some(78), "{}", file.display());
        let text = auth.output().of(Stream::Err).join("\n");
        assert!(text.contains("sslrootcert") && text.contains(part), "{text}");
    }
}

async fn a_server_must_be_the_one_that_is_expected() {
    let server = Server::start_with_tls().await;
    let other = Server::start_with_tls().await;
    let trusting =
        |certificate: std::path::PathBuf| format!("sslmode=verify-full&sslrootcert={}", certificate.display());
    told(&server, "localhost", &trusting(server.certificate())).ready().await;
    cannot_reach(told(&server, "localhost", &trusting(other.certificate()))).await;
    cannot_reach(told(&server, "localhost", "sslmode=verify-full")).await;
    cannot_reach(told(&server, "127.0.0.1", &trusting(server.certificate()))).await;
}
