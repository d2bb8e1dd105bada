//! One service in this process: `flotilla service <name> [args…]`, which `flotilla up` starts as its children.
//!
//! It is not in the help: whoever wants a single service has `auth`, `hello`, `frontend` and `monolith`.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use crate::{exit, output};

/// The first argument that makes this process a service.
pub(crate) const COMMAND: &str = "service";
/// The option that ends the service with its standard input.
pub(crate) const LIFELINE: &str = "--lifeline";

/// How long a service that lost its parent may drain.
const GRACE: Duration = Duration::from_secs(30);

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
            && let Err(error) = hold_lifeline()
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
fn hold_lifeline() -> io::Result<()> {
    let watch = || {
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
        std::thread::sleep(GRACE);
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
    fn an_unknown_service_is_named_as_such() {
        let line = args("flotilla service helo");
        assert_eq!(requested(&line).unwrap().name, None);
    }
}
