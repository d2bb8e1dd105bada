//! Suites that many tests use at once: started by the first of them, stopped when the run ends.
//! For tests that change nothing in a suite; the others start their own.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::{OnceCell, RwLock, RwLockReadGuard};

use crate::{
    Program,
    cluster::{self, Overlay, Visit},
    output::Output,
    postgres,
    suite::{Suite, Target},
};

/// Of the suite that was given there is only one: checks that change nothing in it hold this for reading, those that
/// switch its health or inject faults for writing.
pub static GIVEN: RwLock<()> = RwLock::const_new(());

type Suites = BTreeMap<Target, Arc<OnceCell<Suite>>>;
static SUITES: Mutex<Suites> = Mutex::new(BTreeMap::new());

/// A use of a shared suite. If the test fails, what the suite wrote meanwhile is shown.
#[derive(Debug)]
pub struct Shared {
    cell: Arc<OnceCell<Suite>>,
    marks: Vec<(Program, Output, usize)>,
    _quiet: Option<RwLockReadGuard<'static, ()>>,
    _visit: Option<Visit>,
}

impl Shared {
    /// The suite for this target; the first one to come starts it.
    pub async fn of(target: Target) -> Self {
        if matches!(target, Target::Ingress | Target::Gateway) {
            let visit = cluster::visit(Overlay::Dev).await;
            let cell = visit.as_ref().expect("it is deployed").by(target);
            return Self { cell, marks: Vec::new(), _quiet: None, _visit: Some(visit) };
        }
        let quiet = if target == Target::Given { Some(GIVEN.read().await) } else { None };
        let cell = Arc::clone(SUITES.lock().unwrap_or_else(PoisonError::into_inner).entry(target).or_default());
        let suite = cell.get_or_init(|| target.start()).await;
        let marks = suite.outputs().into_iter().map(|(program, output)| (program, output.clone(), output.mark()));
        let marks = marks.collect();
        Self { cell, marks, _quiet: quiet, _visit: None }
    }
}

impl std::ops::Deref for Shared {
    type Target = Suite;
    fn deref(&self) -> &Suite {
        self.cell.get().expect("started in `of`")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if thread::panicking() {
            for (program, output, mark) in &self.marks {
                eprint!("{}", output.shown(program.name(), *mark));
            }
        }
    }
}

/// Ends them all, and the server that some of them use.
pub(crate) fn stop() {
    SUITES.lock().unwrap_or_else(PoisonError::into_inner).clear();
    postgres::stop();
    cluster::stop();
}
