//! The admin commands: the same executable, settings and database as the service.
//!
//! | module | commands |
//! |---|---|
//! | `key` | `key list`, `rotate`, `retire`, `reseal` |
//! | `user`, `import` | `user add`, `list`, `disable`, `enable`, `password`, `roles`, `import` |
//! | `upkeep` | `migrate`, `purge` |
mod import;
mod key;
mod upkeep;
mod user;

use std::{io::Write as _, pin::Pin};

use chassis::{Commands, Order, Stop, commands::CommandLog, metrics::Metrics};
use clap::{ArgMatches, Command};
use token::Clock;

use crate::{
    config::{Config, Tokens},
    database::{Database, Wait},
    keys::Store,
    password::Memory,
    users::Users,
};

/// The commands, as chassis wants them.
pub fn commands() -> Commands {
    Commands { described: vec![user::described(), key::described(), upkeep::migrate(), upkeep::purge()], carry_out }
}

/// What every command works with: the database is open and its tables are up to date.
pub(crate) struct Admin {
    pub(crate) database: Database,
    pub(crate) users: Users,
    pub(crate) password_memory: Memory,
    pub(crate) keys: Store,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    // Last: what is dropped before it may still log.
    _log: CommandLog,
}

impl Admin {
    async fn open(order: &Order) -> Result<Self, Stop> {
        let mut reader = order.reader();
        let config = Config::read(&mut reader);
        let (configuration, config) = reader.finish_with(config)?;
        let log = order.log(&configuration)?;
        let config = config.prepared(order.service())?;
        let database = Database::open(config.stored.database, Wait::No, &Metrics::default()).await.map_err(failed)?;
        Ok(Self {
            users: Users::new(database.clone()),
            password_memory: config.login.password_memory_kib,
            keys: Store::new(database.clone(), config.stored.keyring).with_algorithm(config.tokens.signing_algorithm),
            database,
            tokens: config.tokens,
            clock: Clock::system(),
            _log: log,
        })
    }
}

fn carry_out(order: Order) -> Pin<Box<dyn Future<Output = Result<(), Stop>>>> {
    Box::pin(async move {
        if let Some(("user", matches)) = order.matches.subcommand() {
            user::judge(matches)?;
        }
        let admin = Admin::open(&order).await?;
        match order.matches.subcommand() {
            Some(("user", matches)) => user::carry_out(&admin, matches).await,
            Some(("key", matches)) => key::carry_out(&admin, matches).await,
            Some(("migrate", _)) => upkeep::migrated(&admin),
            Some(("purge", matches)) => upkeep::carry_out_purge(&admin, matches).await,
            _ => Err(Stop::Failed("no such command".to_owned())),
        }
    })
}

pub(crate) fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::Failed(error.to_string())
}

/// A command that is nothing without one of its own commands.
pub(crate) fn group(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about).subcommand_required(true).arg_required_else_help(true)
}

/// A text argument that clap has seen to.
pub(crate) fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

/// `--output table|json`.
pub(crate) fn output() -> clap::Arg {
    clap::Arg::new("output")
        .long("output")
        .short('o')
        .value_name("FORMAT")
        .value_parser(["table", "json"])
        .default_value("table")
        .help("A table for people, or JSON for programs")
}

/// The answer, on stdout. A reader that has gone is no failure of the command's work, but told.
pub(crate) fn say(answer: impl std::fmt::Display) -> Result<(), Stop> {
    writeln!(std::io::stdout().lock(), "{answer}")
        .map_err(|error| Stop::Failed(format!("cannot write the answer: {error}")))
}

/// The same as JSON.
pub(crate) fn say_json(answer: &impl serde::Serialize) -> Result<(), Stop> {
    say(serde_json::to_string_pretty(answer).map_err(failed)?)
}
