//! Many accounts at once: pages for a list, batches for an import. Neither needs memory for all of them.
use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use super::{NewAccount, Users};
use crate::database::{Error, long_transaction, on};

/// Seven values a row: SQLite takes 32766 in a statement.
pub(crate) const BATCH: usize = 500;

const PAGE: &str = "SELECT username, email, roles, demo, created_at, disabled_at FROM accounts \
     WHERE username > $1 ORDER BY username LIMIT $2";

/// An account as it is listed: without its hash.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Listed {
    /// What the person logs in by.
    pub username: String,
    /// The token's `email`.
    pub email: Option<String>,
    /// The token's `roles`, separated by spaces.
    pub roles: String,
    /// Whether it is the demo account.
    pub demo: bool,
    /// Seconds since the epoch.
    pub created_at: i64,
    /// Since when it may not log in, in seconds since the epoch.
    pub disabled_at: Option<i64>,
}

/// Accounts to be added, or why there are none: then nothing is.
pub(crate) trait Batches {
    /// Why the rest is not to be had.
    type Refusal;

    /// The next accounts, at most 500; none at the end.
    fn next(&mut self) -> Result<Vec<NewAccount>, Self::Refusal>;

    /// Some names of the last batch were taken.
    fn taken(&self) -> Self::Refusal;
}

impl Users {
    /// The next accounts by name after this one, which the database's own order of text decides.
    pub async fn page_after(&self, username: &str, most: i64) -> Result<Vec<Listed>, Error> {
        on!(&self.0, connections => {
            sqlx::query_as(PAGE).bind(username).bind(most).fetch_all(connections).await
        })
    }

    /// Which of these names are taken.
    pub(crate) async fn taken(&self, usernames: &[&str]) -> Result<Vec<String>, Error> {
        if usernames.is_empty() {
            return Ok(Vec::new());
        }
        on!(&self.0, connections => {
            let mut select = selection(usernames);
            select.build_query_scalar().fetch_all(connections).await
        })
    }

    /// Adds all accounts or none, in one transaction that takes as long as it takes. Each batch has the time of a request.
    pub(crate) async fn add_all<B: Batches>(&self, batches: &mut B, now: i64) -> Result<Result<(), B::Refusal>, Error> {
        long_transaction!(&self.0, transaction => {
            loop {
                let batch = match batches.next() {
                    Ok(batch) if batch.is_empty() => break Ok(()),
                    Ok(batch) => batch,
                    Err(refusal) => break Err(refusal),
                };
                let mut insert = insertion(&batch, now);
                let added = self.0.step(insert.build().execute(&mut *transaction)).await?.rows_affected();
                if usize::try_from(added) != Ok(batch.len()) {
                    break Err(batches.taken());
                }
            }
        })
    }
}

fn selection<DB: Database>(usernames: &[&str]) -> QueryBuilder<DB>
where
    for<'t> &'t str: Encode<'t, DB> + Type<DB>,
{
    let mut select = QueryBuilder::new("SELECT username FROM accounts WHERE username IN (");
    let mut names = select.separated(", ");
    for username in usernames {
        names.push_bind(*username);
    }
    select.push(")");
    select
}

/// Their ids grow, so that an index of them grows at its end: of a million random ones each would change a page of its own.
fn insertion<DB: Database>(accounts: &[NewAccount], now: i64) -> QueryBuilder<DB>
where
    for<'t> &'t str: Encode<'t, DB> + Type<DB>,
    for<'t> Option<&'t str>: Encode<'t, DB> + Type<DB>,
    for<'t> String: Encode<'t, DB> + Type<DB>,
    for<'t> bool: Encode<'t, DB> + Type<DB>,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
{
    let mut insert =
        QueryBuilder::new("INSERT INTO accounts (id, username, email, roles, password_hash, demo, created_at) ");
    insert.push_values(accounts, |mut row, account| {
        row.push_bind(Uuid::now_v7().to_string())
            .push_bind(account.username.as_str())
            .push_bind(account.email.as_deref())
            .push_bind(account.roles.as_str())
            .push_bind(account.password_hash.as_str())
            .push_bind(account.demo)
            .push_bind(now);
    });
    insert.push(" ON CONFLICT (username) DO NOTHING");
    insert
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use chassis::metrics::Metrics;

    use super::*;
    use crate::database::{Database, Options, Source, Wait};

    const TIMEOUT: Duration = Duration::from_millis(200);

    struct Prepared {
        batches: Vec<Vec<NewAccount>>,
        /// How long it takes to read a batch.
        each: Duration,
    }

    impl Batches for Prepared {
        type Refusal = &'static str;

        fn next(&mut self) -> Result<Vec<NewAccount>, Self::Refusal> {
            std::thread::sleep(self.each);
            Ok(if self.batches.is_empty() { Vec::new() } else { self.batches.remove(0) })
        }

        fn taken(&self) -> Self::Refusal {
            "taken"
        }
    }

    fn account(name: &str) -> NewAccount {
        let (username, password_hash) = (name.to_owned(), String::new());
        NewAccount { username, email: None, roles: String::new(), password_hash, demo: false }
    }

    /// A batch for each list of names.
    fn prepared(each: Duration, batches: &[&[&str]]) -> Prepared {
        let batches = batches.iter().map(|names| names.iter().copied().map(account).collect()).collect();
        Prepared { batches, each }
    }

    async fn users(directory: &tempfile::TempDir) -> Users {
        let source = Source::Sqlite(directory.path().join("auth.db"));
        let options = Options { source, connections: 1, timeout: TIMEOUT };
        Users::new(Database::open(options, Wait::No, &Metrics::default()).await.expect("opened"))
    }

    #[tokio::test]
    async fn a_name_that_somebody_takes_while_an_import_runs_undoes_all_of_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let users = users(&directory).await;
        users.add(&account("bob"), SystemTime::UNIX_EPOCH).await.expect("added");
        let mut batches = prepared(Duration::ZERO, &[&["ann"], &["cid", "bob"]]);
        assert_eq!(users.add_all(&mut batches, 0).await.expect("the database answers"), Err("taken"));
        let page = users.page_after("", 10).await.expect("a page");
        assert_eq!(page.iter().map(|listed| listed.username.as_str()).collect::<Vec<_>>(), ["bob"]);
        assert_eq!(users.taken(&["ann", "bob", "cid"]).await.expect("an answer"), ["bob"]);
    }

    #[tokio::test]
    async fn an_import_may_take_longer_than_a_request() {
        let directory = tempfile::tempdir().expect("a directory");
        let users = users(&directory).await;
        let mut batches = prepared(TIMEOUT, &[&["ann"], &["bob"], &["cid"]]);
        assert_eq!(users.add_all(&mut batches, 0).await.expect("the database answers"), Ok(()));
        assert_eq!(users.page_after("", 10).await.expect("a page").len(), 3);
    }
}
