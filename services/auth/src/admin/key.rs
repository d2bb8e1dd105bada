//! `key list`, `rotate`, `retire`, `reseal`.
use chassis::Stop;
use clap::{Arg, ArgAction, ArgMatches, Command};
use comfy_table::{Table, presets::NOTHING};
use serde::Serialize;

use super::{Admin, failed, group, text};
use crate::{
    audit::{self, utc},
    keys::{
        life::{State, states},
        store::Row,
    },
    seal::SealedWith,
    users::seconds,
};

pub(super) fn described() -> Command {
    let now = |about: &'static str| Arg::new("now").long("now").action(ArgAction::SetTrue).help(about);
    // One in 64 begins with a dash.
    let kid = Arg::new("kid").value_name("KID").required(true).allow_hyphen_values(true);
    let kid = kid.value_parser(kid_of).help("The key's name, from key list");
    group("key", "Lists and rotates the keys that sign tokens")
        .subcommand(Command::new("list").about("Shows every key, its state and its times").arg(super::output()))
        .subcommand(
            Command::new("rotate")
                .about("Makes the next key: published at once, it signs when every verifier may have seen it")
                .arg(now("Sign with it at once; verifiers that keep an old key set refuse new tokens for a while")),
        )
        .subcommand(
            Command::new("retire")
                .about("Lets a key go when the last token that it signed has expired")
                .arg(kid)
                .arg(now("At once, because it was compromised: tokens that it signed are refused within JWKS_MAX_AGE")),
        )
        .subcommand(
            Command::new("reseal").about(
                "Seals every key with KEY_ENCRYPTION_KEY, opening those sealed with KEY_ENCRYPTION_KEY_PREVIOUS",
            ),
        )
}

/// A thumbprint (RFC 7638); anything else would be no key's name, and might not be fit for a terminal.
fn kid_of(given: &str) -> Result<String, &'static str> {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_kid = !given.is_empty() && given.bytes().all(is_base64url);
    if is_kid { Ok(given.to_owned()) } else { Err("no name of a key; allowed: a KID that key list shows") }
}

pub(super) async fn carry_out(admin: &Admin, matches: &ArgMatches) -> Result<(), Stop> {
    let schedule = admin.tokens.schedule();
    let now = admin.clock.now();
    match matches.subcommand() {
        Some(("list", matches)) => list(admin, text(matches, "output")).await,
        Some(("rotate", matches)) => {
            let rotated = admin.keys.rotate(&schedule, matches.get_flag("now"), now).await.map_err(failed)?;
            super::say(format_args!("{} signs from {}", rotated.kid, utc(rotated.signs_at)))
        }
        Some(("retire", matches)) => {
            let kid = text(matches, "kid");
            let end = admin.keys.retire(kid, &schedule, matches.get_flag("now"), now).await.map_err(failed)?;
            super::say(format_args!(
                "{kid} retires at {}; verifiers notice within {}",
                utc(end),
                humantime::format_duration(schedule.jwks_max_age)
            ))
        }
        Some(("reseal", _)) => {
            let resealed = admin.keys.reseal().await.map_err(failed)?;
            tracing::info!(target: audit::TARGET, event = "key.resealed", keys = resealed, "keys resealed");
            super::say(format_args!("keys sealed anew: {resealed}; all are sealed with KEY_ENCRYPTION_KEY now"))
        }
        _ => Err(Stop::Failed("no such command".to_owned())),
    }
}

/// A key as it is listed.
#[derive(Serialize)]
struct Listed {
    kid: String,
    state: State,
    /// Absent if the key cannot be opened.
    algorithm: Option<&'static str>,
    created_at: String,
    signs_at: String,
    retires_at: Option<String>,
    sealed_with: Option<SealedWith>,
}

async fn list(admin: &Admin, output: &str) -> Result<(), Stop> {
    let rows = admin.keys.rows().await.map_err(failed)?;
    let times: Vec<_> = rows.iter().map(Row::times).collect();
    let states = states(&times, seconds(admin.clock.now()));
    let listed: Vec<Listed> = rows
        .iter()
        .zip(states)
        .map(|(row, state)| {
            let (algorithm, sealed_with) =
                admin.keys.open(row).ok().map(|(key, with)| (key.algorithm().as_str(), with)).unzip();
            Listed {
                kid: row.kid.clone(),
                state,
                algorithm,
                created_at: utc(row.created_at),
                signs_at: utc(row.signs_at),
                retires_at: row.retires_at.map(utc),
                sealed_with,
            }
        })
        .collect();
    if output == "json" {
        return super::say_json(&listed);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header([
        "KID",
        "STATE",
        "ALGORITHM",
        "CREATED",
        "SIGNS FROM",
        "RETIRES",
        "SEALED WITH",
    ]);
    for key in listed {
        let sealed_with = match key.sealed_with {
            Some(SealedWith::Current) => "current",
            Some(SealedWith::Previous) => "previous",
            None => "another key!",
        };
        let retires_at = key.retires_at.unwrap_or_else(|| "-".to_owned());
        table.add_row([
            key.kid,
            key.state.to_string(),
            key.algorithm.unwrap_or("-").to_owned(),
            key.created_at,
            key.signs_at,
            retires_at,
            sealed_with.to_owned(),
        ]);
    }
    super::say(table.trim_fmt())
}
