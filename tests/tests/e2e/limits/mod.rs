//! What a stranger on a raw connection can do to a service: one list of checks, run against auth, hello and frontend
//! (security 21 to 25).
//!
//! A refusal is ours where a handler could be reached: a problem with a request id. What hyper cannot parse it refuses
//! itself, with an empty body: then only the status is looked at.
mod clocks;
mod connections;
mod crowd;
mod framing;
mod hosts;
mod memory;
mod methods;
mod sizes;
mod wire;

use std::net::SocketAddr;

use e2e::{Answer, LONG, Launch, Process, Program, Shared, Target, Test, eventually};

pub(crate) use self::{crowd::Crowd, wire::Wire};
use crate::checks::checks;

/// Those that listen to strangers. The monolith is made of the same parts.
const SERVICES: [Program; 3] = [Program::Auth, Program::Hello, Program::Frontend];
/// Those that read bodies.
const READERS: [Program; 2] = [Program::Auth, Program::Frontend];

/// A service of the suite that all checks share, for checks that harm nobody.
pub(crate) struct Subject {
    address: SocketAddr,
    _suite: Shared,
}

type Check = crate::checks::Check<Subject>;

pub(crate) fn tests() -> Vec<Test> {
    let against = |program: Program, check: Check| check.of(program.name(), move || Subject::of(program));
    let each = |programs: &[Program], checks: fn() -> Vec<Check>| {
        let of = |program: &Program| {
            let program = *program;
            checks().into_iter().map(move |check| against(program, check))
        };
        programs.iter().flat_map(of).collect::<Vec<_>>()
    };
    let mut tests = each(&SERVICES, all);
    tests.extend(each(&READERS, sizes::checks_of_bodies));
    tests.extend(clocks::tests());
    tests.extend(connections::tests());
    tests.extend(memory::tests());
    tests
}

fn all() -> Vec<Check> {
    let mut all = framing::checks();
    all.extend(hosts::checks());
    all.extend(methods::checks());
    all.extend(sizes::checks());
    all
}

impl Subject {
    async fn of(program: Program) -> Self {
        let suite = Shared::of(Target::Split).await;
        Self { address: address_in(&suite, program).await, _suite: suite }
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Wire {
        Wire::to(self.address).await
    }

    /// Sends bytes on a new connection; the answers until the service closes it.
    pub(crate) async fn tell(&self, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
        let mut wire = self.connect().await;
        wire.send(bytes).await;
        wire.answers_until_closed().await
    }

    /// Sends bytes that get one answer with this status, and then the end of the connection.
    pub(crate) async fn ends_with(&self, status: u16, bytes: impl AsRef<[u8]>) -> Answer {
        let shown = String::from_utf8_lossy(bytes.as_ref()).chars().take(300).collect::<String>();
        let answers = self.tell(bytes).await;
        let [answer] = &answers[..] else { panic!("one answer is expected to {shown:?}: {answers:?}") };
        assert_eq!(answer.status, status, "{shown:?}: {answer:?}");
        answer.clone()
    }

    /// Sends bytes that we, not hyper, refuse with this status.
    pub(crate) async fn refuses(&self, status: u16, bytes: impl AsRef<[u8]>) -> Answer {
        let answer = self.ends_with(status, bytes).await;
        answer.problem();
        assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
        assert_eq!(answer.header("connection"), "close");
        answer
    }
}

/// Where a service of a shared suite listens.
async fn address_in(suite: &Shared, program: Program) -> SocketAddr {
    let (_, output) = suite.outputs().into_iter().find(|(other, _)| *other == program).expect("in the suite");
    let listening = eventually("its address is logged", LONG, async || output.event("listening")).await;
    listening["http"].as_str().and_then(|address| address.parse().ok()).expect("an address")
}

/// A service of a test's own, ready without the others, and where it listens.
async fn own(program: Program, settings: &[(&str, &str)]) -> (Process, SocketAddr) {
    let launch = Launch::service(program);
    let launch =
        if program == Program::Hello { launch.set("SECRET", "a-shared-secret-of-32-bytes-or-more") } else { launch };
    let launch = settings.iter().fold(launch, |launch, (setting, value)| launch.set(setting, value));
    let mut process = launch.spawn();
    let addresses = process.ready().await;
    (process, addresses.http)
}
