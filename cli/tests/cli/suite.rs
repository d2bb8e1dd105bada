//! A running `flotilla up`: what it prints, what it started, and its end, also when a test panics.

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::flotilla::command;
use crate::http::{self, Answer};
use crate::processes::{self, until};

/// The suite, on ports and in directories of its own.
pub(crate) struct Suite {
    child: Child,
    output: Output,
    errors: Output,
    listeners: [Listener; 2],
    /// Its home, with its temporary directory in it.
    home: Arc<TempDir>,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) service: String,
    pub(crate) url: String,
    pub(crate) health: String,
    pub(crate) pid: i32,
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<String>>);

/// The threads that listen: finished when everything is heard.
type Listener = thread::JoinHandle<()>;

impl Output {
    fn of(source: impl Read + Send + 'static) -> (Self, Listener) {
        let output = Self::default();
        let copy = output.clone();
        let listener = thread::spawn(move || {
            for line in BufReader::new(source).lines() {
                let line = line.expect("it prints UTF-8");
                let mut text = copy.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
        (output, listener)
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Suite {
    /// `flotilla up --port 0` with these further arguments, waited for until its table is there.
    pub(crate) fn up(args: &[&str]) -> Self {
        let suite = Self::start(&Arc::new(home()), args, &[]);
        suite.wait_for("Ctrl-C stops everything.");
        suite
    }

    /// The same without waiting, in a given home and with variables of its own.
    pub(crate) fn start(home: &Arc<TempDir>, args: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = command(&[&["up", "--port", "0"], args].concat());
        at_home(&mut command, home.path()).envs(settings.iter().copied());
        // The group that a terminal would send Ctrl-C to.
        let mut child = command.process_group(0).spawn().expect("the executable starts");
        let (output, on_output) = Output::of(child.stdout.take().expect("piped"));
        let (errors, on_errors) = Output::of(child.stderr.take().expect("piped"));
        Self { child, output, errors, listeners: [on_output, on_errors], home: Arc::clone(home) }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.id().try_into().expect("an id")
    }

    pub(crate) fn output(&self) -> String {
        self.output.text()
    }

    pub(crate) fn errors(&self) -> String {
        self.errors.text()
    }

    /// Waits for a text in the output.
    pub(crate) fn wait_for(&self, part: &str) {
        let (output, errors) = (&self.output, &self.errors);
        let what = || format!("{part:?} in\n{}{}", output.text(), errors.text());
        let found = std::panic::catch_unwind(|| until(part, || output.text().contains(part).then_some(())));
        assert!(found.is_ok(), "{}", what());
    }

    /// The table that it printed.
    pub(crate) fn table(&self) -> Vec<Row> {
        let output = self.output();
        let rows = output.lines().skip_while(|line| !line.trim_start().starts_with("service ")).skip(1);
        rows.take_while(|line| !line.is_empty()).map(row).collect()
    }

    pub(crate) fn row(&self, service: &str) -> Row {
        let found = self.table().into_iter().find(|row| row.service == service);
        found.unwrap_or_else(|| panic!("no {service} in\n{}", self.output()))
    }

    /// What people talk to: the last row.
    pub(crate) fn origin(&self) -> String {
        // curl finds out by itself what localhost is.
        self.table().last().expect("a row").url.replace("localhost", "127.0.0.1")
    }

    /// The commands that it printed, as lines.
    pub(crate) fn commands(&self) -> Vec<String> {
        let output = self.output();
        let (_, shown) = output.split_once("Paste into another terminal:\n").expect("commands");
        shown.lines().filter(|line| line.starts_with("    ")).map(str::to_owned).collect()
    }

    /// Logs in as the demo user.
    pub(crate) fn log_in(&self) -> String {
        let ran = crate::flotilla::run(&["token", "login", &self.origin(), "-u", "user:password"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout.trim_end().to_owned()
    }

    pub(crate) fn secure(&self, token: &str) -> Answer {
        let url = format!("{}/secure", self.origin());
        http::get(&url, &[format!("authorization: Bearer {token}")]).expect("an answer")
    }

    /// Sends a signal as a terminal does, waits for the end and the last line, and says the exit code.
    pub(crate) fn end(&mut self, signal: Signal) -> Option<i32> {
        processes::send_to_group(self.pid(), signal);
        self.exit_code()
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let child = &mut self.child;
        let status = until("its end", || child.try_wait().expect("our child"));
        until("its last line", || self.listeners.iter().all(Listener::is_finished).then_some(()));
        status.code()
    }
}

impl Drop for Suite {
    /// Whatever happened, nothing stays.
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let rows = self.table();
            let _ = self.child.kill();
            let _ = self.child.wait();
            for row in rows {
                processes::kill_if_there(row.pid);
            }
        }
    }
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.split_whitespace().collect();
    let [service, url, health, pid] = cells.as_slice() else { panic!("four cells in {line:?}") };
    let [service, url, health] = [service, url, health].map(|cell| (*cell).to_owned());
    Row { service, url, health, pid: pid.parse().expect("a process id") }
}

/// A home with a temporary directory in it.
pub(crate) fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(home.path().join("tmp")).expect("a directory");
    home
}

pub(crate) fn at_home<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command.env("HOME", home).env("TMPDIR", home.join("tmp")).env_remove("XDG_DATA_HOME")
}

/// Gives the lines to `sh`, as somebody who pastes them does, and says what it printed.
pub(crate) fn paste(lines: &[String]) -> String {
    use std::io::Write as _;
    let mut shell = Command::new("sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut stdin = shell.stdin.take().expect("piped");
    for line in lines {
        writeln!(stdin, "{line}").expect("it reads");
    }
    drop(stdin);
    let output = shell.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).expect("UTF-8")
}
