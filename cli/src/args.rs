//! The commands and options, and their help.

use std::ffi::OsString;
use std::sync::LazyLock;

use chassis::service::{REVISION, VERSION};
use clap::{Parser, Subcommand, ValueEnum};

use crate::{certs, demo, doctor, load, token, up};

const ABOUT: &str = "JWT-secured sample microservices, on your machine";

const EXAMPLES: &str = "\
Examples:
  flotilla                           start auth, hello and frontend on port 8080
  flotilla up --port 9000            the same on another port
  flotilla up --monolith --ephemeral one process, nothing kept
  flotilla token login http://localhost:8080 -u user:password
  flotilla token decode \"$TOKEN\"
  flotilla token verify \"$TOKEN\" --jwks http://localhost:8080/.well-known/jwks.json
  flotilla load http://localhost:8080 --connections 8 --max-failures 0 --p99 50ms
  flotilla demo                      what there is to show an audience, with a verdict each
  flotilla certs tls                 a CA and a certificate, for TLS at the frontend or in a cluster
  flotilla doctor --for walkthrough

Exit codes:
  0    done; for `token verify`: the token is valid; for `load` and `demo`: passed
  1    it did not work, the token is not valid, the load or demo failed, or a tool is missing
  2    the command is wrong, the token could not be judged, or the host is not to be loaded
  78   a service refused its configuration
  130  ended at once by a second Ctrl-C; for `demo`: by the first, with everything put back";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "flotilla", version = version(), about = ABOUT, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// When to colour the output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the suite and keep it running until Ctrl-C (also the default)
    Up(up::Options),
    /// Look at tokens, verify them, fetch them
    Token(token::Options),
    /// Send requests, show who answers and how fast, and judge
    Load(Box<load::Options>),
    /// Show an audience what the suite promises, step by step, with a verdict
    Demo(demo::Options),
    /// Make a CA and a server's certificate, in a directory that a Secret can be made from
    Certs(certs::Options),
    /// Say which tools are here, what they are for, and what is missing
    Doctor(doctor::Options),
}

impl Cli {
    /// Reads the command line; without a command it is `up`, with what the environment says about its options.
    pub(crate) fn read(args: impl IntoIterator<Item = OsString>) -> Result<(Color, Command), clap::Error> {
        let cli = Self::try_parse_from(args)?;
        let command = match cli.command {
            Some(command) => command,
            None => Self::try_parse_from(["flotilla", "up"])?.command.expect("a command was given"),
        };
        Ok((cli.color, command))
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    // On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// From here on, for everything this process prints.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

fn version() -> &'static str {
    static BOTH: LazyLock<String> = LazyLock::new(|| format!("{VERSION} ({REVISION})"));
    &BOTH
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_up() {
        let (_, command) = Cli::read(["flotilla".into()]).unwrap();
        assert!(matches!(command, Command::Up(_)));
    }
}
