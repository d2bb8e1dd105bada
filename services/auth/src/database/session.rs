//! What statements run on. Through a pooler each runs in a transaction, and none gets a name on the server: the next
//! client of the same session may use that name for another statement.
use futures_util::{future::BoxFuture, stream::BoxStream};
use sqlx::{
    Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr, Transaction,
    error::BoxDynError,
    pool::PoolConnection,
    postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};

use super::postgres::Way;

/// A connection of the pool, or a transaction on it.
#[derive(Debug)]
pub(crate) struct Session {
    on: On,
    way: Way,
}

#[derive(Debug)]
enum On {
    Connection(PoolConnection<Postgres>),
    Transaction(Transaction<'static, Postgres>),
}

impl Session {
    pub(super) fn direct(connection: PoolConnection<Postgres>) -> Self {
        Self { on: On::Connection(connection), way: Way::Direct }
    }

    pub(super) fn transaction(transaction: Transaction<'static, Postgres>, way: Way) -> Self {
        Self { on: On::Transaction(transaction), way }
    }

    fn connection(&mut self) -> &mut PgConnection {
        match &mut self.on {
            On::Connection(connection) => connection,
            On::Transaction(transaction) => transaction,
        }
    }

    /// Ends it: what succeeded is committed, what failed is undone.
    pub(crate) async fn end<T>(self, outcome: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if outcome.is_ok() {
            self.commit().await?;
        }
        outcome
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self.on {
            On::Connection(_) => Ok(()),
            On::Transaction(transaction) => transaction.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self.on {
            On::Connection(_) => Ok(()),
            On::Transaction(transaction) => transaction.rollback().await,
        }
    }

    fn statement<E>(&self, query: E) -> Statement<E> {
        Statement { query, is_named: self.way == Way::Direct }
    }
}

impl<'c> Executor<'c> for &'c mut Session {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let statement = self.statement(query);
        self.connection().fetch_many(statement)
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let statement = self.statement(query);
        self.connection().fetch_optional(statement)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection().prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection().describe(sql)
    }
}

/// A query that gets a name on the server, to be prepared once, only where that name stays its own.
struct Statement<E> {
    query: E,
    is_named: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Statement<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.is_named && self.query.persistent()
    }
}
