//! Brings PostgreSQL's tables up to date, with the book-keeping of sqlx's migrator. Other than it, a database that is up to
//! date is only read, so that a role that may not create tables can serve; and nothing outlasts the transaction, so that
//! it works through a pooler.
use sqlx::{
    Connection as _, PgConnection,
    migrate::{Migrate as _, MigrateError, Migration},
};

use super::MIGRATIONS;

/// Replicas that start together migrate one after another.
const LOCK: &str = "SET LOCAL client_min_messages = warning; SET LOCAL statement_timeout = 0; \
                    SELECT pg_advisory_xact_lock(hashtext('flotilla auth migrations'))";
const APPLIED: &str = "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version";
const RECORD: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                      VALUES ($1, $2, TRUE, $3, 0)";

/// All that is missing, in one transaction.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut transaction = connection.begin().await?;
    let pending = pending(&applied(&mut transaction).await?)?;
    if pending.is_empty() {
        // Nothing was written, so there is no commit to wait for without a limit.
        return Ok(transaction.rollback().await?);
    }
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
    transaction.ensure_migrations_table(&MIGRATIONS.table_name).await?;
    // Another replica may have had the lock first.
    for migration in self::pending(&applied(&mut transaction).await?)? {
        apply(&mut transaction, migration)
            .await
            .map_err(|error| MigrateError::ExecuteMigration(error, migration.version))?;
    }
    Ok(transaction.commit().await?)
}

async fn apply(connection: &mut PgConnection, migration: &Migration) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(migration.sql.clone()).execute(&mut *connection).await?;
    let record = sqlx::query(RECORD).bind(migration.version).bind(&*migration.description).bind(&*migration.checksum);
    record.persistent(false).execute(connection).await.map(drop)
}

type Applied = (i64, Vec<u8>, bool);

/// What was applied before; nothing, if there is no table of it.
async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, sqlx::Error> {
    let exists = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    if !exists.persistent(false).fetch_one(&mut *connection).await? {
        return Ok(Vec::new());
    }
    sqlx::query_as(APPLIED).persistent(false).fetch_all(connection).await
}

/// What is missing. A database that this version does not know is refused.
fn pending(applied: &[Applied]) -> Result<Vec<&'static Migration>, MigrateError> {
    for (version, checksum, is_complete) in applied {
        let ours = MIGRATIONS.iter().find(|migration| migration.version == *version);
        match ours {
            None => return Err(MigrateError::VersionMissing(*version)),
            Some(_) if !is_complete => return Err(MigrateError::Dirty(*version)),
            Some(ours) if *ours.checksum != **checksum => return Err(MigrateError::VersionMismatch(*version)),
            Some(_) => {}
        }
    }
    Ok(MIGRATIONS.iter().filter(|ours| applied.iter().all(|(version, ..)| *version != ours.version)).collect())
}
