//! What auth keeps its accounts and keys in: a list of checks runs on each kind, and each check has one of its own.
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{Gate, Launch, Process, Program, Said, audit, environment, eventually::LONG, postgres};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Database {
    /// Embedded, in the home directory. Several processes on one home share it.
    Sqlite,
    /// A server. Needs [`crate::skips::POSTGRES`].
    Postgres,
}

impl Database {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// As test names have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// An empty one; of PostgreSQL on the server that all tests share.
    pub async fn fresh(self) -> Store {
        match self {
            Self::Sqlite => Store::of(Place::Home(Arc::new(environment::temporary_directory()))),
            Self::Postgres => Store::of(Place::Server(Arc::new(postgres::Database::fresh().await))),
        }
    }
}

/// An empty database that services can be started on. Cheap to clone; dropping the last one removes it.
#[derive(Debug, Clone)]
pub struct Store {
    place: Place,
    key: String,
    port: Option<u16>,
}

#[derive(Debug, Clone)]
enum Place {
    Home(Arc<TempDir>),
    Server(Arc<postgres::Database>),
}

/// A key-encryption key, as settings have it.
pub fn new_key() -> String {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).expect("randomness");
    let key = STANDARD.encode(key);
    audit::secret(&key);
    key
}

impl Store {
    /// A database of a server that the test has of its own.
    pub async fn on(server: &postgres::Server) -> Self {
        Self::of(Place::Server(Arc::new(postgres::Database::on(server).await)))
    }

    fn of(place: Place) -> Self {
        Self { place, key: new_key(), port: None }
    }

    /// From now on services reach it through this gate only.
    pub fn through(&mut self, gate: &Gate) {
        self.through_port(gate.port());
    }

    /// From now on services reach it at this port of 127.0.0.1.
    pub fn through_port(&mut self, port: u16) {
        self.port = Some(port);
    }

    /// A gate before its server, which services are told of from now on.
    pub async fn gate(&mut self) -> Gate {
        let gate = Gate::before(self.server()).await;
        self.through(&gate);
        gate
    }

    /// Address of its server.
    pub fn server(&self) -> SocketAddr {
        let port = self.database().port();
        (Ipv4Addr::LOCALHOST, port).into()
    }

    /// The database on a server, for what only the test does with it.
    pub fn database(&self) -> &postgres::Database {
        match &self.place {
            Place::Server(database) => database,
            Place::Home(_) => panic!("the embedded database has no server"),
        }
    }

    /// The file of the embedded database.
    pub fn file(&self) -> PathBuf {
        match &self.place {
            Place::Home(home) => home.path().join("data/flotilla/auth.db"),
            Place::Server(_) => panic!("a server's database is no file"),
        }
    }

    /// Its key-encryption key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Another key-encryption key from now on.
    pub fn set_key(&mut self, key: String) {
        self.key = key;
    }

    /// Lets auth, or the monolith, keep its data here; whatever else is started is left as it is.
    pub fn under(&self, launch: Launch) -> Launch {
        if !matches!(launch.program(), Program::Auth | Program::Monolith) {
            return launch;
        }
        let launch = launch.set("KEY_ENCRYPTION_KEY", &self.key);
        match &self.place {
            Place::Home(home) => launch.home(Arc::clone(home)),
            Place::Server(database) => {
                let url = self.port.map_or_else(|| database.url().to_owned(), |port| database.url_at(port));
                launch.set("DATABASE_URL", url).set("DEMO_USER", "true")
            }
        }
    }

    /// An auth to be started on it. Two of them are replicas.
    pub fn auth(&self) -> Launch {
        self.under(Launch::service(Program::Auth))
    }

    /// So many replicas of auth, started at once; all are ready.
    pub async fn replicas(&self, count: usize) -> Vec<Process> {
        let mut replicas: Vec<Process> = (0..count).map(|_| self.auth().spawn()).collect();
        for replica in &mut replicas {
            replica.ready().await;
        }
        replicas
    }

    /// A command of auth on it, to be run: `store.command(["user", "list"]).run().await`.
    pub fn command<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Launch {
        let words = words.into_iter().map(|word| word.as_ref().to_owned());
        self.under(Launch::bare(Program::Auth)).args(words)
    }

    /// Runs a command of auth that must succeed: `store.admin("user list").await`. Words are parted by spaces.
    pub async fn admin(&self, line: &str) -> Said {
        self.command(line.split_whitespace()).run().await.expect(0)
    }

    /// Adds an account with this password; `more` are further words of the command.
    pub async fn add_user(&self, name: &str, password: &str, more: &str) -> Said {
        let words = ["user", "add", name, "--password-stdin"].into_iter().chain(more.split_whitespace());
        self.command(words).password(password).run().await.expect(0)
    }

    /// All rows of a table, each as JSON text: what somebody reads who has stolen the database.
    pub async fn dump(&self, table: &str) -> Vec<String> {
        match &self.place {
            Place::Server(database) => {
                let rows = AssertSqlSafe(format!("SELECT row_to_json(rows)::text FROM {table} AS rows"));
                sqlx::query_scalar(rows).fetch_all(&mut database.connect().await).await.expect("rows")
            }
            Place::Home(_) => {
                let mut connection = self.connect_to_file().await;
                let columns = AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')"));
                let columns: Vec<String> =
                    sqlx::query_scalar(columns).fetch_all(&mut connection).await.expect("columns");
                let members: Vec<String> = columns.iter().map(|name| format!("'{name}', {name}")).collect();
                let rows = AssertSqlSafe(format!("SELECT json_object({}) FROM {table}", members.join(", ")));
                sqlx::query_scalar(rows).fetch_all(&mut connection).await.expect("rows")
            }
        }
    }

    /// Changes the tables by hand, past any gate: to a state that takes too long to come by itself.
    pub async fn execute(&self, statement: &'static str) {
        match &self.place {
            Place::Server(database) => sqlx::raw_sql(statement).execute(&mut database.connect().await).await.map(drop),
            Place::Home(_) => sqlx::raw_sql(statement).execute(&mut self.connect_to_file().await).await.map(drop),
        }
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// A number that the tables hold.
    pub async fn number(&self, query: &'static str) -> i64 {
        match &self.place {
            Place::Server(database) => sqlx::query_scalar(query).fetch_one(&mut database.connect().await).await,
            Place::Home(_) => sqlx::query_scalar(query).fetch_one(&mut self.connect_to_file().await).await,
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Whether the database itself finds nothing wrong in it.
    pub async fn is_intact(&self) {
        if let Place::Home(_) = self.place {
            let mut connection = self.connect_to_file().await;
            let verdict: String =
                sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.expect("a verdict");
            assert_eq!(verdict, "ok");
            let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.expect("a verdict");
            assert!(dangling.is_empty(), "{} rows refer to nothing", dangling.len());
        }
    }

    /// A connection of the test's own to the embedded database.
    pub async fn connect_to_file(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.file()).busy_timeout(LONG);
        options.connect().await.expect("a connection to the file")
    }
}
