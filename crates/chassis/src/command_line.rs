//! The command line every service has: `--help`, `--version`, `healthcheck`, and the classic flags in Go's spellings.
use std::{ffi::OsString, fmt::Write as _};

use clap::{Arg, ArgMatches, Command};

use crate::{
    Service,
    config::{Setting, Sources},
};

/// The flags of 2016 and the settings they stand for.
const CLASSIC: [(&str, &str, &str, &str); 3] = [
    ("http", "-http", "HTTP_ADDR", "where the service answers"),
    ("health", "-health", "HEALTH_ADDR", "where the health port answers"),
    (
        "secret",
        "-secret",
        "SECRET",
        "classic mode: shared secret of HS256 tokens (seen by everybody who may list processes)",
    ),
];

/// What the command line asks for.
#[derive(Debug)]
pub enum Asked {
    /// Run the service with these sources.
    Serve(Sources),
    /// Carry out a command of the service's own.
    Command {
        /// Which, with its arguments.
        matches: Box<ArgMatches>,
        /// For its settings.
        sources: Sources,
    },
    /// Ask the running service whether it is healthy.
    Healthcheck {
        /// Whether to ask for liveness instead of readiness.
        liveness: bool,
        /// For the health port's address.
        sources: Sources,
    },
}

/// Parses arguments (the first is the program's name). `Err` is a usage error, or the text of `--help` and `--version`.
pub fn parse(
    service: &Service,
    settings: &[&[Setting]],
    commands: Vec<Command>,
    arguments: impl IntoIterator<Item = OsString>,
    mut sources: Sources,
) -> Result<Asked, clap::Error> {
    let names: Vec<String> = commands.iter().map(|command| command.get_name().to_owned()).collect();
    let mut matches =
        command(service, settings).subcommands(commands).try_get_matches_from(as_clap_wants_them(arguments, &names))?;
    for (id, flag, setting, _) in classic(settings) {
        sources = sources.with_flag(setting, flag, matches.remove_one::<String>(id));
    }
    Ok(match matches.subcommand() {
        Some(("healthcheck", asked)) => Asked::Healthcheck { liveness: asked.get_flag("liveness"), sources },
        Some(_) => Asked::Command { matches: Box::new(matches), sources },
        None => Asked::Serve(sources),
    })
}

fn command(service: &Service, settings: &[&[Setting]]) -> Command {
    const VERSION: &str = concat!(env!("FLOTILLA_VERSION"), " (", env!("FLOTILLA_REVISION"), ")");
    let healthcheck = Command::new("healthcheck")
        .about("Asks the health port; exit 0 when ready, 1 when not. For compose and exec probes.")
        .arg(
            Arg::new("liveness")
                .long("liveness")
                .action(clap::ArgAction::SetTrue)
                .help("Ask for liveness instead of readiness"),
        );
    let mut command = Command::new(service.name)
        .about(service.about)
        .version(VERSION)
        .args_conflicts_with_subcommands(false)
        .subcommand(healthcheck)
        .after_help(variables(service, settings));
    for (id, _, setting, about) in classic(settings) {
        let help = format!("{about} (over {}{setting})", service.prefix);
        command = command.arg(Arg::new(id).long(id).value_name("VALUE").global(true).hide_env(true).help(help));
    }
    command
}

/// The classic flags that this service has a setting for. Every service has the two addresses; the frontend has no secret.
fn classic(settings: &[&[Setting]]) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    let names: Vec<_> = settings.iter().flat_map(|group| group.iter()).map(|setting| setting.name).collect();
    CLASSIC.into_iter().filter(move |(_, _, setting, _)| *setting != "SECRET" || names.contains(setting))
}

/// The table of variables, from the same source as everything else.
fn variables(service: &Service, settings: &[&[Setting]]) -> String {
    let all: Vec<&Setting> = settings.iter().flat_map(|group| group.iter()).collect();
    let width = all.iter().map(|setting| setting.variable(service.prefix).len()).max().unwrap_or(0);
    let mut text = "Variables (each but the last ones also as NAME_FILE, naming a file with the value):\n".to_owned();
    for setting in all {
        let name = setting.variable(service.prefix);
        let _ = writeln!(text, "  {name:width$}  {} [default: {}]", setting.about, setting.default_in_words());
    }
    text.push_str("\nFlags may be written -http=VALUE, --http=VALUE or -http VALUE. Exit codes: 0 drained, 1 failed, 2 usage, 78 configuration.");
    text
}

/// Go's `flag` package takes one dash or two before a name; clap wants two before one that is longer than a letter.
/// Behind a command only the classic flags are meant: a value there may begin with a dash, as a key's name does.
fn as_clap_wants_them(
    arguments: impl IntoIterator<Item = OsString>,
    commands: &[String],
) -> impl Iterator<Item = OsString> {
    let mut behind_command = false;
    arguments.into_iter().map(move |argument| {
        let Some(text) = argument.to_str() else { return argument };
        behind_command |= commands.iter().any(|command| command == text);
        let Some(name) = text.strip_prefix('-').filter(|name| !name.starts_with('-')) else { return argument };
        let is_classic = CLASSIC.iter().any(|(id, ..)| Some(*id) == name.split('=').next());
        if is_classic || (name.len() > 1 && !behind_command) { format!("-{text}").into() } else { argument }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reader;

    const SERVICE: Service = Service { name: "hello", prefix: "HELLO_", about: "Greets.", blocking_threads: 0 };

    fn http_addr_of(arguments: &[&str]) -> String {
        let all = std::iter::once("hello").chain(arguments.iter().copied()).map(OsString::from);
        let Ok(Asked::Serve(sources)) = parse(&SERVICE, &[], Vec::new(), all, Sources::default()) else {
            panic!("not served: {arguments:?}")
        };
        let configuration = Reader::new(&SERVICE, &sources).finish().expect("a configuration");
        configuration.settings.http_addr.to_string()
    }

    #[test]
    fn the_classic_flags_are_read_in_gos_three_spellings() {
        for arguments in [
            &["-http=127.0.0.1:9080"][..],
            &["--http=127.0.0.1:9080"],
            &["-http", "127.0.0.1:9080"],
            &["--http", "127.0.0.1:9080"],
        ] {
            assert_eq!(http_addr_of(arguments), "127.0.0.1:9080", "{arguments:?}");
        }
    }

    #[test]
    fn an_unknown_flag_is_a_usage_error() {
        let all = ["hello", "-htp=1"].map(OsString::from);
        assert_eq!(parse(&SERVICE, &[], Vec::new(), all, Sources::default()).expect_err("refused").exit_code(), 2);
    }

    #[test]
    fn behind_a_command_a_value_may_begin_with_a_dash_and_the_classic_flags_are_still_read() {
        let retire = Command::new("retire").arg(Arg::new("kid").allow_hyphen_values(true));
        let all = ["auth", "retire", "-9kid", "-http=127.0.0.1:9080"].map(OsString::from);
        let asked = parse(&SERVICE, &[], vec![retire], all, Sources::default()).expect("understood");
        let Asked::Command { matches, .. } = asked else { panic!("no command") };
        let (_, of_command) = matches.subcommand().expect("a command");
        assert_eq!(of_command.get_one::<String>("kid").map(String::as_str), Some("-9kid"));
    }

    #[test]
    fn a_classic_flag_is_offered_only_where_its_setting_exists() {
        const SECRET: &[Setting] = &[Setting::optional("SECRET", "none", "a secret", "what it keeps").secret()];
        let help = |settings: &[&[Setting]]| command(&SERVICE, settings).render_help().to_string();
        assert!(help(&[SECRET]).contains("--secret"));
        assert!(!help(&[]).to_lowercase().contains("secret"), "{}", help(&[]));
        assert!(help(&[]).contains("--http") && help(&[]).contains("--health"));
        let given = || ["hello", "-secret=hunter2"].map(OsString::from);
        let refusal = parse(&SERVICE, &[], Vec::new(), given(), Sources::default()).expect_err("no such flag");
        assert_eq!(refusal.exit_code(), 2);
        assert!(!refusal.to_string().contains("hunter2"), "{refusal}");
        assert!(parse(&SERVICE, &[SECRET], Vec::new(), given(), Sources::default()).is_ok());
    }

    #[test]
    fn help_names_every_variable() {
        let text = command(&SERVICE, &[<crate::config::Settings as crate::config::Section>::SETTINGS])
            .render_help()
            .to_string();
        // Long lines are wrapped.
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("HELLO_SHUTDOWN_TIMEOUT") && words.contains("[default: 20s]"), "{text}");
    }
}
