//! `user import`: accounts of another system with the hashes of their passwords. All of them or none.
//!
//! The file is read twice. First every line is judged, and the names are looked up, while nothing is written and nobody is
//! kept waiting; only a file without a bad line is then written, in one transaction. Neither pass keeps the accounts: a line
//! costs 16 bytes, by which a name that comes twice is found.
//!
//! | module | does |
//! |---|---|
//! | [`source`] | the file, or stdin kept in one |
//! | [`lines`] | lines of a file, none of them endless |
//! | [`row`], [`csv`], [`jsonl`] | what a line says |
//! | [`bad_lines`], [`names`] | what is wrong with them |
//! | [`batches`] | the second pass |
//! | [`progress`] | how far it is |
mod bad_lines;
mod batches;
mod csv;
mod jsonl;
mod lines;
mod names;
mod progress;
mod row;
mod source;

use std::path::PathBuf;

use chassis::Stop;
use clap::{Arg, ArgMatches, Command, value_parser};

use self::{
    bad_lines::BadLines,
    batches::Refused,
    names::Names,
    progress::Progress,
    row::{Line, Row, Rows},
    source::{Format, Source},
};
use super::{Admin, failed};
use crate::{
    audit::TARGET,
    users::{NewAccount, many::BATCH, seconds},
};

const ABOUT: &str = "\
Each line is an account: username, email, roles and password_hash, of which email and roles may be missing.
  csv    a header line names the columns, in any order; roles are separated by spaces
  jsonl  an object a line; roles are an array of strings
Hashes are argon2 (PHC strings, at most 64 MiB and 64 passes) or bcrypt (cost at most 14); each becomes \
one of ours when its owner logs in. One bad line, and nothing is imported; the first 20 are named.";

pub(super) fn described() -> Command {
    Command::new("import")
        .about("Adds the accounts in a file, with their hashes: all or none")
        .after_help(ABOUT)
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The file, or - for stdin"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["csv", "jsonl"])
                .help("What the file is, where its name does not end with it"),
        )
}

/// Whether it is known what the file is.
pub(super) fn judge(matches: &ArgMatches) -> Result<(), Stop> {
    asked(matches).map(drop)
}

fn asked(matches: &ArgMatches) -> Result<(PathBuf, Format), Stop> {
    let path = matches.get_one::<PathBuf>("file").cloned().unwrap_or_default();
    let named = matches.get_one::<String>("format").map(String::as_str);
    let format = named.or_else(|| path.extension().and_then(|extension| extension.to_str())).and_then(Format::named);
    let unknown =
        || Stop::Usage(format!("cannot tell what {} is; say --format csv or --format jsonl", source::shown(&path)));
    let format = format.ok_or_else(unknown)?;
    Ok((path, format))
}

pub(super) async fn carry_out(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    let (path, format) = asked(matches)?;
    let mut source = Source::open(&path, format)?;
    let judged = judge_all(admin, &mut source).await?;
    let mut batches = batches::Read::again(&mut source, judged)?;
    let outcome = admin.users.add_all(&mut batches, seconds(admin.clock.now())).await;
    let all_were_given = batches.finished();
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(Refused(why))) => return Err(undone(&source, &why)),
        // Lost between the order to commit and the answer, nobody here can know.
        Err(error) if all_were_given => {
            let name = source.name();
            return Err(Stop::Failed(format!("{name}: {error}; all accounts were imported or none: user list tells")));
        }
        Err(error) => return Err(undone(&source, &error)),
    }
    tracing::info!(target: TARGET, event = "account.imported", accounts = judged, "accounts imported");
    super::say(format_args!("accounts imported: {judged}"))
}

fn undone(source: &Source, why: &dyn std::fmt::Display) -> Stop {
    Stop::Failed(format!("{}: {why}; nothing was imported", source.name()))
}

/// The first pass: how many accounts there are, or everything that is wrong with them.
async fn judge_all(admin: &Admin, source: &mut Source) -> Result<u64, Stop> {
    let mut progress = Progress::over(source.bytes(), "judged");
    let (mut bad, mut names) = (BadLines::default(), Names::default());
    let mut rows = source.rows()?;
    let mut accounts = 0;
    loop {
        let batch = next(&mut rows, &mut bad).map_err(|error| source.unreadable(&error))?;
        if batch.is_empty() {
            break;
        }
        accounts += batch.len() as u64;
        let usernames: Vec<&str> = batch.iter().map(|(_, account)| account.username.as_str()).collect();
        let taken = admin.users.taken(&usernames).await.map_err(failed)?;
        for (line, account) in &batch {
            if taken.contains(&account.username) {
                bad.add(*line, "username: there is an account of this name already");
            } else {
                names.add(&account.username, *line);
            }
        }
        progress.at(rows.bytes(), accounts);
    }
    for (line, first) in names.repeated() {
        bad.add(line, format!("username: the same as in line {first}"));
    }
    progress.finish();
    bad.none(source.name()).map(|()| accounts)
}

/// The next good accounts, a batch of them or what is left. What is wrong with the others is noted.
fn next(rows: &mut Rows, bad: &mut BadLines) -> Result<Vec<(Line, NewAccount)>, row::Unreadable> {
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH {
        match rows.next()? {
            Some(Row { line, account: Ok(account) }) => batch.push((line, account)),
            Some(Row { line, account: Err(why) }) => bad.add(line, why),
            None => break,
        }
    }
    Ok(batch)
}
