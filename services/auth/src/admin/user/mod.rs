//! `user add`, `list`, `disable`, `enable`, `password`, `roles`. (`user import` has a module of its own.)
mod list;
mod typed;

use chassis::Stop;
use clap::{Arg, ArgAction, ArgMatches, Command};
use secrecy::SecretString;

use self::typed::Entry;
use super::{Admin, failed, group, import, text};
use crate::{
    audit::TARGET,
    password::{Verdict, compare_now, hash_now, rules},
    users::{
        NewAccount,
        fields::{joined, judge_email, judge_name, judge_new_name, judge_role},
    },
};

const ROLES_ALLOWED: &str = "at most 64, each one word of 1 to 64 bytes";

pub(super) fn described() -> Command {
    let role = |about: &'static str| Arg::new("role").value_name("ROLE").value_parser(role).help(about);
    let email = Arg::new("email").long("email").value_name("ADDRESS").value_parser(email).help("The token's email");
    group("user", "Adds, lists and changes the accounts that may log in")
        .subcommand(
            Command::new("add")
                .about("Adds an account; asks for its password")
                .arg(name())
                .arg(email)
                .arg(role("One of the token's roles; may be given again").long("role").action(ArgAction::Append))
                .arg(typed::from_stdin()),
        )
        .subcommand(Command::new("list").about("Shows every account, by name").arg(super::output()))
        .subcommand(
            Command::new("disable")
                .about("Lets an account neither log in nor refresh; its access tokens are good until they expire")
                .arg(name()),
        )
        .subcommand(Command::new("enable").about("Lets it log in again").arg(name()))
        .subcommand(
            Command::new("password")
                .about("Changes an account's password and ends all its sessions; asks for the new one")
                .arg(name())
                .arg(typed::from_stdin()),
        )
        .subcommand(
            Command::new("roles")
                .about("Gives an account these roles and no others, from its next token on")
                .arg(name())
                .arg(role("None takes all of them away").action(ArgAction::Append)),
        )
        .subcommand(import::described())
}

fn name() -> Arg {
    Arg::new("name").value_name("NAME").required(true).value_parser(username).help("What the person logs in by")
}

fn username(given: &str) -> Result<String, &'static str> {
    judge_name(given).map(|()| given.to_owned())
}

fn email(given: &str) -> Result<String, &'static str> {
    judge_email(given).map(|()| given.to_owned())
}

fn role(given: &str) -> Result<String, &'static str> {
    judge_role(given).map(|()| given.to_owned())
}

/// What only all arguments together, and the terminal, tell. Judged before anything is opened.
pub(super) fn judge(matches: &ArgMatches) -> Result<(), Stop> {
    match matches.subcommand() {
        Some(("add", matches)) => {
            let wrong = |why| Stop::Usage(format!("the name {why}"));
            judge_new_name(text(matches, "name")).map_err(wrong)?;
            roles(matches)?;
            Entry::of(matches).map(drop)
        }
        Some(("password", matches)) => Entry::of(matches).map(drop),
        Some(("roles", matches)) => roles(matches).map(drop),
        Some(("import", matches)) => import::judge(matches),
        _ => Ok(()),
    }
}

pub(super) async fn carry_out(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    match matches.subcommand() {
        Some(("add", matches)) => add(admin, matches).await,
        Some(("list", matches)) => list::carry_out(admin, text(matches, "output")).await,
        Some(("disable", matches)) => disable(admin, text(matches, "name")).await,
        Some(("enable", matches)) => enable(admin, text(matches, "name")).await,
        Some(("password", matches)) => password(admin, matches).await,
        Some(("roles", matches)) => set_roles(admin, matches).await,
        Some(("import", matches)) => import::carry_out(admin, matches).await,
        _ => Err(Stop::Failed("no such command".to_owned())),
    }
}

async fn add(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    let (username, roles, entry) = (text(matches, "name"), roles(matches)?, Entry::of(matches)?);
    let is_taken = || Stop::Failed(format!("the name {username} is taken"));
    let existing = admin.users.find(username).await.map_err(failed)?;
    // Told before somebody types a password for nothing.
    if existing.is_some() && matches!(entry, Entry::Typed) {
        return Err(is_taken());
    }
    let (email, password) = (matches.get_one::<String>("email").cloned(), entry.password()?);
    if let Some(existing) = existing {
        // A Job whose commit was not answered runs again: then the account is there as it was ordered.
        let is_same = existing.email == email && existing.roles == roles && existing.disabled_at.is_none();
        let fits = || compare_now(admin.password_memory, &password, &existing.password_hash);
        if !is_same || fits().map_err(failed)? == Verdict::Wrong {
            return Err(is_taken());
        }
        return super::say(format_args!("{username} may log in"));
    }
    let password_hash = hash(admin, &password, username)?;
    let account = NewAccount { username: username.to_owned(), email, roles, password_hash, demo: false };
    if !admin.users.add(&account, admin.clock.now()).await.map_err(failed)? {
        return Err(is_taken());
    }
    tracing::info!(target: TARGET, event = "account.added", account = username, roles = account.roles, "account added");
    super::say(format_args!("{username} may log in"))
}

async fn disable(admin: &Admin, username: &str) -> Result<(), Stop> {
    known(username, admin.users.disable(username, admin.clock.now()).await.map_err(failed)?)?;
    tracing::info!(target: TARGET, event = "account.disabled", account = username, "account disabled");
    super::say(format_args!("{username} may not log in any more; access tokens are good until they expire"))
}

async fn enable(admin: &Admin, username: &str) -> Result<(), Stop> {
    known(username, admin.users.enable(username, admin.clock.now()).await.map_err(failed)?)?;
    tracing::info!(target: TARGET, event = "account.enabled", account = username, "account enabled");
    super::say(format_args!("{username} may log in"))
}

async fn password(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    let username = text(matches, "name");
    known(username, admin.users.find(username).await.map_err(failed)?.is_some())?;
    let hash = hash(admin, &Entry::of(matches)?.password()?, username)?;
    known(username, admin.users.set_password(username, &hash, admin.clock.now()).await.map_err(failed)?)?;
    tracing::info!(target: TARGET, event = "account.password_changed", account = username, "password changed");
    super::say(format_args!("the password of {username} is changed; all its sessions are ended"))
}

async fn set_roles(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    let (username, roles) = (text(matches, "name"), roles(matches)?);
    known(username, admin.users.set_roles(username, &roles).await.map_err(failed)?)?;
    tracing::info!(target: TARGET, event = "account.roles_changed", account = username, roles, "roles changed");
    let roles = if roles.is_empty() { "none" } else { &roles };
    super::say(format_args!("roles of {username}, from the next token on: {roles}"))
}

/// The roles on the command line, as they are kept.
fn roles(matches: &ArgMatches) -> Result<String, Stop> {
    let roles: Vec<&String> = matches.get_many("role").into_iter().flatten().collect();
    joined(&roles).map_err(|_| Stop::Usage(format!("too many roles; allowed: {ROLES_ALLOWED}")))
}

fn hash(admin: &Admin, password: &SecretString, username: &str) -> Result<String, Stop> {
    rules::judge(password, username).map_err(failed)?;
    hash_now(admin.password_memory, password, &mut Vec::new()).map_err(failed)
}

fn known(username: &str, found: bool) -> Result<(), Stop> {
    if found { Ok(()) } else { Err(Stop::Failed(format!("there is no account {username}"))) }
}
