//! What every service answers on its health port: one list of checks, run against each of the four, and against the
//! health port at `FLOTILLA_HEALTH_URL`.
//!
//! Checks switch things, so each has a process of its own; those of a given suite take turns.
mod faults;
mod probes;
mod shown;
mod switches;

use e2e::{Client, HealthPort, Launch, Process, Program, Test, environment, shared::GIVEN, skips};
use tokio::sync::RwLockWriteGuard;

use crate::checks::checks;

/// A service and its health port, for one check.
pub(crate) struct Subject {
    pub(crate) health: HealthPort,
    /// The http port.
    pub(crate) http: Client,
    _process: Option<Process>,
    _turn: Option<RwLockWriteGuard<'static, ()>>,
}

/// The secret of classic mode; it lets hello serve without anybody else.
pub(crate) const SECRET: &str = "a-shared-secret-of-more-than-32-bytes";

/// Who is checked.
#[derive(Clone, Copy)]
enum Whom {
    Own(Program),
    Given,
}

type Check = crate::checks::Check<Subject>;

pub(crate) fn tests() -> Vec<Test> {
    let own = Program::SERVICES.into_iter().map(Whom::Own);
    let given = environment::target_url().map(|_| Whom::Given);
    let mut tests: Vec<Test> =
        own.chain(given).flat_map(|whom| all().into_iter().map(move |check| against(whom, check))).collect();
    tests.extend(shown::tests());
    tests.extend(switches::tests());
    tests
}

fn all() -> Vec<Check> {
    let mut all = Vec::new();
    all.extend(faults::checks());
    all.extend(probes::checks());
    all.extend(shown::checks());
    all.extend(switches::checks());
    all
}

fn against(whom: Whom, check: Check) -> Test {
    let name = if let Whom::Own(program) = whom { program.name() } else { "given" };
    let test = check.of(name, move || Subject::of(whom));
    if matches!(whom, Whom::Given) { test.needing(&skips::GIVEN_HEALTH) } else { test }
}

impl Subject {
    async fn of(whom: Whom) -> Self {
        if let Whom::Own(program) = whom {
            return Self::own(configured(program)).await;
        }
        let (http, health) = (environment::target_url(), environment::health_url());
        Self {
            health: HealthPort::new(health.expect("FLOTILLA_HEALTH_URL is set")),
            http: Client::new(http.expect("FLOTILLA_TARGET_URL is set")),
            _process: None,
            _turn: Some(GIVEN.write().await),
        }
    }

    async fn own(launch: Launch) -> Self {
        let mut process = launch.ready().await;
        Self { health: process.health().await, http: process.client().await, _process: Some(process), _turn: None }
    }
}

/// Needs nobody else to be ready.
pub(crate) fn configured(program: Program) -> Launch {
    let launch = Launch::service(program).set("LAB", "true");
    if program == Program::Frontend { launch } else { launch.set("SECRET", SECRET) }
}
