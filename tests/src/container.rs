//! One container, and what its engine tells about it. Nothing of it outlives the test. Needs [`skips::CONTAINERS`](crate::skips::CONTAINERS).
use std::{
    io::Write as _,
    net::SocketAddr,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use crate::{
    Client, HealthPort, Program, audit,
    eventually::{LONG, eventually},
    output::{Output, Stream},
    reaper,
};

/// No command of the engine's client takes so long, not even `up` on a busy machine.
const LONGEST: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(5);

/// How the engine's client ended, and what it said.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its exit code, which for `run` and `exec` is that of the command in the container.
    pub code: Option<i32>,
    /// On stdout.
    pub out: String,
    /// On stderr.
    pub err: String,
}

impl Told {
    /// Runs a program to its end.
    pub(crate) fn by(command: &mut Command) -> Self {
        Self::by_telling(command, "")
    }

    /// The same, with this on its stdin, which then ends.
    pub(crate) fn by_telling(command: &mut Command, text: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        // It may end without reading.
        let _ = child.stdin.take().expect("a pipe").write_all(text.as_bytes());
        let (output, who) = (Output::default(), command.get_program().to_string_lossy().into_owned());
        output.capture(who.clone(), Stream::Out, child.stdout.take().expect("a pipe"));
        output.capture(who.clone(), Stream::Err, child.stderr.take().expect("a pipe"));
        let deadline = Instant::now() + LONGEST;
        let status = loop {
            match child.try_wait().expect("a child of ours can be waited for") {
                Some(status) if output.is_complete() => break status,
                _ if Instant::now() >= deadline => {
                    let _ = child.kill();
                    panic!("{command:?} did not end within {LONGEST:?}: {}", output.shown(&who, 0));
                }
                _ => thread::sleep(PAUSE),
            }
        };
        let text = |stream| output.of(stream).into_iter().map(|line| line + "\n").collect();
        Self { code: status.code(), out: text(Stream::Out), err: text(Stream::Err) }
    }

    /// The same, if this was the exit code.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "an assertion")]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// `docker …`, to its end.
pub fn docker<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Told {
    let mut command = Command::new("docker");
    arguments.into_iter().for_each(|argument| _ = command.arg(argument.as_ref()));
    Told::by(&mut command)
}

/// What is known of an image or a container: the first element of what `docker inspect` prints.
pub fn inspect(kind: &str, name: &str) -> Value {
    let told = docker([kind, "inspect", name]).expect(0);
    serde_json::from_str::<Value>(&told.out).expect("JSON")[0].take()
}

/// The image of a program in the workspace's version.
pub fn image(program: Program) -> String {
    tagged(program, env!("CARGO_PKG_VERSION"))
}

/// The image of a program in another version.
pub fn tagged(program: Program, version: &str) -> String {
    format!("flotilla/{}:{version}", program.name())
}

/// The version that an update is shown with.
pub const NEXT: &str = "2.0.0";

/// A name that no other run has.
pub(crate) fn unique(what: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    format!("flotilla-e2e-{what}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst))
}

/// What every pod of ours is: no root user, no capability, nothing to write; and [no more memory](Program::memory_mib).
pub const CONFINED: [&str; 6] = [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--user=10001",
    "--publish=127.0.0.1::80",
    "--publish=127.0.0.1::81",
];

/// A container, removed with its anonymous volumes when this is dropped; after a panic its log is shown.
#[derive(Debug)]
pub struct Container {
    name: String,
    image: String,
}

impl Container {
    /// Starts it with flags of `docker run`, and arguments for the program.
    pub fn start(image: &str, flags: &[&str], arguments: &[&str]) -> Self {
        let name = unique("container");
        reaper::add(&format!("container={name}"));
        let container = Self { name, image: image.to_owned() };
        let run = ["run", "--detach", "--name", &container.name];
        docker(run.iter().chain(flags).chain([&image]).chain(arguments)).expect(0);
        container
    }

    /// Runs it to its end, as confined as it would be otherwise; it is gone then.
    pub fn run(image: &str, arguments: &[&str]) -> Told {
        let name = unique("container");
        reaper::add(&format!("container={name}"));
        let container = Self { name, image: image.to_owned() };
        let run = ["run", "--rm", "--name", &container.name];
        docker(run.iter().chain(&CONFINED).chain([&image]).chain(arguments))
    }

    /// As the program's pods are: [`CONFINED`], with no more memory than is promised to be enough.
    pub fn confined(program: Program, image: &str, flags: &[&str], arguments: &[&str]) -> Self {
        let memory =
            [format!("--memory={}m", program.memory_mib()), format!("--memory-swap={}m", program.memory_mib())];
        let memory = memory.each_ref().map(String::as_str);
        Self::start(image, &[&CONFINED[..], &memory, flags].concat(), arguments)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the engine knows of it.
    pub fn inspect(&self) -> Value {
        inspect("container", &self.name)
    }

    /// Runs a command in it.
    pub fn exec(&self, command: &[&str]) -> Told {
        docker(["exec", &self.name].iter().chain(command))
    }

    /// Where a port of it is on this machine.
    pub fn address(&self, port: u16) -> SocketAddr {
        let told = docker(["port", &self.name, &port.to_string()]).expect(0);
        told.out.lines().next().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("no address in {told:?}"))
    }

    /// Bytes of memory that its program occupies.
    pub fn memory(&self) -> u64 {
        let status = self.exec(&["cat", "/proc/1/status"]).expect(0).out;
        let kib: Option<u64> =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        1024 * kib.unwrap_or_else(|| panic!("no resident set in {status}"))
    }

    /// A client of port 80.
    pub fn client(&self) -> Client {
        Client::new(format!("http://{}", self.address(80)))
    }

    /// A client of port 81.
    pub fn health(&self) -> HealthPort {
        HealthPort::at(self.address(81))
    }

    /// Waits until it says that it is ready.
    pub async fn ready(self) -> Self {
        let health = self.health();
        eventually(&format!("{} is ready", self.image), LONG, async || {
            assert_eq!(self.inspect()["State"]["Running"], true, "{} ended: {}", self.image, self.logs().err);
            health.get("/readiness").try_send().await.filter(|answer| answer.status == 200)
        })
        .await;
        self
    }

    /// What it wrote.
    pub fn logs(&self) -> Told {
        docker(["logs", &self.name]).expect(0)
    }

    /// Each line of its log, which is JSON.
    pub fn events(&self) -> Vec<Value> {
        let event = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.logs().out.lines().map(event).collect()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let logs = docker(["logs", &self.name]);
        audit::keep_lines(&self.image, logs.out.lines());
        if thread::panicking() {
            eprintln!("{}| {}{}", self.image, logs.out, logs.err);
        }
        docker(["rm", "--force", "--volumes", &self.name]);
        reaper::remove(&format!("container={}", self.name));
    }
}
