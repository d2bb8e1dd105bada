//! One service in this process: `flotilla service <name> [args…]`, which `flotilla up` starts as its children.
//!
//! It is not in the help: whoever wants a single service has `auth`, `hello`, `frontend` and `monolith`.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::process::ExitCode;
use std::time::Duration;

use chassis::Service;
use chassis::config::{Reader, Settings, Sources};
use rustix::process::{Signal, getpid, kill_process};

use crate::{exit, output};

/// The first argument that makes this process a service.
pub(crate) const COMMAND: &str = "service";
/// The option that ends the service with its standard input.
pub(crate) const LIFELINE: &str = "--lifeline";

/// What a drain may take beyond its settings, on a busy machine.
const MARGIN: Duration = Duration::from_secs(5);

/// The services of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Auth,
    Hello,
    Frontend,
    Monolith,
}

impl Name {
    const ALL: [Self; 4] = [Self::Auth, Self::Hello, Self::Frontend, Self::Monolith];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Hello => "hello",
            Self::Frontend => "frontend",
            Self::Monolith => "monolith",
        }
    }

    const fn service(self) -> &'static Service {
        match self {
            Self::Auth => &auth::SERVICE,
            Self::Hello => &hello::SERVICE,
            Self::Frontend => &frontend::SERVICE,
            Self::Monolith => &monolith::SERVICE,
        }
    }

    /// How long the service with these settings may take to drain before something must be wrong with it.
    pub(crate) fn patience(self, sources: &Sources) -> Duration {
        let settings = Reader::new(self.service(), sources).section::<Settings>();
        // With settings that cannot be read it does not start, and there is nothing to drain.
        settings.map_or(MARGIN, |settings| *settings.drain_delay + *settings.shutdown_timeout + MARGIN)
    }

    fn run(self, args: impl Iterator<Item = OsString>) -> ExitCode {
        match self {
            Self::Auth => auth::run(args),
            Self::Hello => hello::run(args),
            Self::Frontend => frontend::run(args),
            Self::Monolith => monolith::run(args),
        }
    }
}

/// A service that this process is asked to be.
#[derive(Debug)]
pub struct Requested<'a> {
    name: Option<Name>,
    lifeline: bool,
    args: &'a [OsString],
}

/// The service that `args` (the first is the program's name) ask for; `None` if they are for the command line.
pub fn requested(args: &[OsString]) -> Option<Requested<'_>> {
    let args = args.get(1..)?.strip_prefix(&[COMMAND.into()])?;
    let lifeline = args.first().is_some_and(|first| first == LIFELINE);
    let args = &args[usize::from(lifeline)..];
    let name = args.first().and_then(|first| Name::ALL.into_iter().find(|name| first == name.as_str()));
    let args = args.get(1..).unwrap_or_default();
    Some(Requested { name, lifeline, args })
}

impl Requested<'_> {
    /// Runs the service until it has drained.
    pub fn run(self) -> ExitCode {
        let Some(name) = self.name else {
            output::remark("error: flotilla service: which one? auth, hello, frontend or monolith");
            return ExitCode::from(exit::USAGE);
        };
        if self.lifeline
            && let Err(error) = hold_lifeline(name)
        {
            output::remark(&format!("error: cannot watch the standard input: {error}"));
            return ExitCode::from(exit::FAILED);
        }
        let program = OsString::from(name.as_str());
        name.run(std::iter::once(program).chain(self.args.iter().cloned()))
    }
}

/// Drains this process when its standard input ends.
///
/// The parent holds the other end of that pipe and never writes. However the parent ends, also by SIGKILL, the system
/// closes its end: no service outlives `up`, on any Unix.
fn hold_lifeline(name: Name) -> io::Result<()> {
    let watch = move || {
        let mut nothing = [0; 64];
        let mut stdin = io::stdin().lock();
        loop {
            match stdin.read(&mut nothing) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => break,
                _ => {}
            }
        }
        let _ = kill_process(getpid(), Signal::TERM);
        std::thread::sleep(name.patience(&Sources::of_process()));
        let _ = kill_process(getpid(), Signal::KILL);
    };
    std::thread::Builder::new().name("lifeline".to_owned()).spawn(watch).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn only_the_first_argument_makes_a_service() {
        assert!(requested(&args("flotilla")).is_none());
        assert!(requested(&args("flotilla up service")).is_none());
        assert!(requested(&args("flotilla service")).unwrap().name.is_none());
    }

    #[test]
    fn a_service_gets_the_rest_of_the_line() {
        let line = args("flotilla service --lifeline hello -http 127.0.0.1:0");
        let requested = requested(&line).unwrap();
        assert_eq!(requested.name, Some(Name::Hello));
        assert!(requested.lifeline);
        assert_eq!(requested.args, args("-http 127.0.0.1:0"));
    }

    #[test]
    fn a_drain_may_take_what_its_settings_say_and_a_little_more() {
        let seconds = |variables: &[(&str, &str)]| {
            Name::Hello.patience(&Sources::from_variables(variables.iter().copied())).as_secs()
        };
        assert_eq!(seconds(&[]), 25);
        assert_eq!(seconds(&[("HELLO_DRAIN_DELAY", "10s"), ("AUTH_DRAIN_DELAY", "10m")]), 35);
        assert_eq!(seconds(&[("HELLO_DRAIN_DELAY", "1m"), ("HELLO_SHUTDOWN_TIMEOUT", "2m")]), 185);
    }

    #[test]
    fn an_unknown_service_is_named_as_such() {
        let line = args("flotilla service helo");
        assert_eq!(requested(&line).unwrap().name, None);
    }
}
