//! One running executable: its addresses, its output, its signals, its end. Nothing of it outlives the test.
use std::{
    net::SocketAddr,
    process::{Child, ExitStatus},
    sync::Arc,
    thread,
    time::Duration,
};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    HealthPort, Program, audit,
    client::Client,
    eventually::{LONG, eventually},
    output::{Output, Stream},
    reaper,
};

/// A process that is killed and reaped when this is dropped, also by a panic; then its output is shown.
#[derive(Debug)]
pub struct Process {
    program: Program,
    child: Child,
    output: Output,
    home: Arc<TempDir>,
}

/// Where a service listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The service.
    pub http: SocketAddr,
    /// Its health port.
    pub health: SocketAddr,
}

impl Process {
    pub(crate) fn new(program: Program, mut child: Child, home: Arc<TempDir>) -> Self {
        reaper::add(&child.id().to_string());
        let output = Output::default();
        let who = format!("{}[{}]", program.name(), child.id());
        if let Some(stdout) = child.stdout.take() {
            output.capture(who.clone(), Stream::Out, stdout);
        }
        if let Some(stderr) = child.stderr.take() {
            output.capture(who, Stream::Err, stderr);
        }
        Self { program, child, output, home }
    }

    /// What runs.
    pub fn program(&self) -> Program {
        self.program
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Its home directory, and so its data: for [`crate::Launch::home`] of a second start on the same data.
    pub fn home(&self) -> Arc<TempDir> {
        Arc::clone(&self.home)
    }

    /// Waits for an event of the log whose message begins so. The log comes a little after what it tells of.
    pub async fn event(&mut self, message: &str) -> Value {
        let what = format!("{} logs \"{message}\"", self.program.name());
        eventually(&what, LONG, async || {
            let ended = self.has_ended();
            let event = self.output.event(message);
            assert!(event.is_some() || !(ended && self.output.is_complete()), "{what}: it ended instead");
            event
        })
        .await
    }

    /// Waits until both ports are bound: alive, not necessarily ready.
    pub async fn listening(&mut self) -> Addresses {
        let event = self.event("listening").await;
        let address = |port: &str| event[port].as_str().and_then(|text| text.parse().ok()).expect("an address");
        Addresses { http: address("http"), health: address("health") }
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) -> Addresses {
        let addresses = self.listening().await;
        let health = HealthPort::at(addresses.health);
        let what = format!("{} is ready", self.program.name());
        eventually(&what, LONG, async || {
            assert!(!self.has_ended(), "{what}: it ended instead");
            health.get("/readiness").try_send().await.filter(|answer| answer.status == 200)
        })
        .await;
        addresses
    }

    /// A client of the service, without a token.
    pub async fn client(&mut self) -> Client {
        Client::new(format!("http://{}", self.listening().await.http))
    }

    /// A client of the health port.
    pub async fn health(&mut self) -> HealthPort {
        HealthPort::at(self.listening().await.health)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal)
            .expect("a process of ours that is not reaped can be signalled");
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.exit_status().is_some()
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("a child of ours can be waited for");
        if status.is_some() {
            reaper::remove(&self.id().to_string());
        }
        status
    }

    /// Waits for its end and for its last line.
    pub async fn wait_exit(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} ends", self.program.name());
        let status = eventually(&what, within, async || self.exit_status()).await;
        eventually("its output is closed", LONG, async || self.output.is_complete().then_some(())).await;
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        reaper::remove(&self.child.id().to_string());
        let _ = self.child.wait();
        if thread::panicking() {
            eprint!("{}", self.output.shown(&format!("{}[{}]", self.program.name(), self.id()), 0));
        }
        if self.program != Program::Flotilla {
            audit::keep(self.program, &self.output);
        }
    }
}
