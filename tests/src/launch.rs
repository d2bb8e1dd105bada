//! How an executable is started: nothing of our own environment, free ports, a home directory of its own.
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::{PipeWriter, Write as _},
    process::{Command, Stdio},
    sync::Arc,
    thread,
};

use tempfile::TempDir;

use crate::{Certificates, Process, Program, Said, audit, environment};

/// A start to be. `Launch::service(Program::Hello).set("SECRET", "…").ready().await` is a running hello.
#[derive(Debug, Clone)]
pub struct Launch {
    program: Program,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    home: Option<Arc<TempDir>>,
    shell: Option<&'static str>,
    stdout: Option<Arc<PipeWriter>>,
    stdin: Option<Vec<u8>>,
}

impl Launch {
    /// A service on free ports.
    pub fn service(program: Program) -> Self {
        Self::bare(program).set("HTTP_ADDR", "127.0.0.1:0").set("HEALTH_ADDR", "127.0.0.1:0")
    }

    /// Without arguments, and with nothing in the environment but `PATH`, `HOME` and `XDG_DATA_HOME`.
    pub fn bare(program: Program) -> Self {
        let (arguments, environment) = (Vec::new(), BTreeMap::new());
        Self { program, arguments, environment, home: None, shell: None, stdout: None, stdin: None }
    }

    /// What is to be started.
    pub fn program(&self) -> Program {
        self.program
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the program's own: `.set("LAB", "false")` is `HELLO_LAB=false` for hello.
    #[must_use]
    pub fn set(self, setting: &str, value: impl AsRef<OsStr>) -> Self {
        let name = self.program.variable(setting);
        self.env(name, value)
    }

    /// Sets a variable by its whole name.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Speaks TLS with this certificate.
    #[must_use]
    pub fn encrypted(self, certificates: &Certificates) -> Self {
        self.set("TLS_CERT_FILE", certificates.file("cert.pem")).set("TLS_KEY_FILE", certificates.file("key.pem"))
    }

    /// Starts in the home of an earlier process, so on its data.
    #[must_use]
    pub fn home(mut self, home: Arc<TempDir>) -> Self {
        self.home = Some(home);
        self
    }

    /// Starts it from a shell that first does this: `.after("ulimit -n 40")`.
    #[must_use]
    pub fn after(mut self, commands: &'static str) -> Self {
        self.shell = Some(commands);
        self
    }

    /// Lets it write its log to this pipe. Then nothing of it is captured: what becomes of the other end is the test's business.
    #[must_use]
    pub fn stdout(mut self, pipe: PipeWriter) -> Self {
        self.stdout = Some(Arc::new(pipe));
        self
    }

    /// Gives it this on stdin, which then ends.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Gives it a password on stdin, which must be in no log.
    #[must_use]
    pub fn password(self, password: &str) -> Self {
        password.lines().for_each(audit::secret);
        self.stdin(password)
    }

    /// Starts, and waits for nothing.
    pub fn spawn(self) -> Process {
        let home = self.home.unwrap_or_else(|| Arc::new(environment::temporary_directory()));
        let mut command = match self.shell {
            None => Command::new(self.program.path()),
            Some(commands) => {
                let mut shell = Command::new("/bin/sh");
                // The shell's own process becomes the program.
                shell.args(["-c", &format!(r#"{commands}; exec "$0" "$@""#)]).arg(self.program.path());
                shell
            }
        };
        command.args(self.arguments).current_dir(home.path());
        command.env_clear().env("PATH", environment::path());
        command.env("HOME", home.path()).env("XDG_DATA_HOME", home.path().join("data"));
        command.envs(self.environment);
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(pipe) = self.stdout {
            command.stdout(pipe.try_clone().expect("a second handle of a pipe"));
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        if let (Some(text), Some(mut stdin)) = (self.stdin, child.stdin.take()) {
            // It may end without reading, and a pipe takes only so much at once.
            thread::spawn(move || drop(stdin.write_all(&text)));
        }
        Process::new(self.program, child, home)
    }

    /// Starts, and waits until it is ready.
    pub async fn ready(self) -> Process {
        let mut process = self.spawn();
        process.ready().await;
        process
    }

    /// Starts, and waits for its end.
    pub async fn run(self) -> Said {
        Said::by(self.spawn()).await
    }
}
