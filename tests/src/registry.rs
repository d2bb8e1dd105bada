//! The tests of the run: how they are named, what they need, and what is said at the end.
//!
//! libtest has no end of a run to say anything at, so the test binary has a main of its own (libtest-mimic keeps cargo's
//! arguments and output). A test is an `async fn` that is listed by [`tests!`](crate::tests); one that is forgotten there
//! is dead code, which the lints refuse.
use std::{collections::BTreeMap, panic::resume_unwind, pin::Pin, process::ExitCode, thread};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::{audit, shared, skips::Capability};

/// What a test does.
pub type Doing = Pin<Box<dyn Future<Output = ()>>>;

/// A test by name.
pub struct Test {
    name: String,
    needs: Vec<&'static Capability>,
    run: Box<dyn FnOnce() -> Doing + Send>,
}

impl Test {
    /// A test; the module path's part after `e2e::` is its name's beginning.
    pub fn new(module: &str, name: &str, run: impl FnOnce() -> Doing + Send + 'static) -> Self {
        let module = module.split_once("::").map_or("", |(_, module)| module);
        Self { name: format!("{module}::{name}"), needs: Vec::new(), run: Box::new(run) }
    }

    /// The same test, skipped loudly on a machine that lacks this.
    #[must_use]
    pub fn needing(mut self, capability: &'static Capability) -> Self {
        self.needs.push(capability);
        self
    }

    /// The same, for all of these.
    #[must_use]
    pub fn needing_all(mut self, capabilities: impl IntoIterator<Item = &'static Capability>) -> Self {
        self.needs.extend(capabilities);
        self
    }

    fn missing(&self) -> Option<&'static Capability> {
        self.needs.iter().copied().find(|capability| !capability.is_here())
    }

    fn into_trial(self) -> Trial {
        let missing = self.missing();
        let Self { name, run, .. } = self;
        let shown = name.clone();
        let trial = Trial::test(name, move || match missing {
            Some(capability) => Err(Failed::from(format!("{} is missing: {}", capability.name, capability.hint))),
            None => in_a_thread(&shown, run),
        });
        match missing {
            Some(capability) => trial.with_kind(capability.name).with_ignored_flag(!capability.is_required()),
            None => trial,
        }
    }
}

/// Each test has a thread with its name, which a panic tells, and a runtime, as `#[tokio::test]` has: nothing of one
/// reaches into another.
fn in_a_thread(name: &str, run: impl FnOnce() -> Doing + Send + 'static) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(run()))?;
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
    Ok(())
}

/// Lists `async fn`s of this module as tests: `tests![a_behaviour, another]`; or, for what a machine may lack,
/// `tests![BROWSER: a_behaviour, another]`.
#[macro_export]
macro_rules! tests {
    ($capability:ident: $($test:ident),+ $(,)?) => {
        $crate::tests![$($test),+].into_iter().map(|test| test.needing(&$crate::skips::$capability)).collect::<Vec<$crate::Test>>()
    };
    ($($test:ident),+ $(,)?) => {
        vec![$($crate::Test::new(module_path!(), stringify!($test), || Box::pin($test()))),+]
    };
}

/// Fewer would leave the processors idle: most tests wait for a process most of the time.
const THREADS: usize = 4;

/// Runs what the command line asks for, stops what is shared, and says what was skipped; and `remarks`, if all was asked for.
pub fn run(tests: Vec<Test>, remarks: impl IntoIterator<Item = String>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let skipped = skipped(&tests, &arguments);
    let trials = tests.into_iter().map(Test::into_trial).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    shared::stop();
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    for (name, (count, hint)) in skipped {
        let tests = if count == 1 { "test" } else { "tests" };
        eprintln!("SKIPPED {name} ({count} {tests}): {hint}");
    }
    if arguments.filter.is_none() {
        remarks.into_iter().for_each(|remark| eprintln!("{remark}"));
    }
    let (leaks, lines) = audit::leaks();
    eprintln!("looked for credentials in {lines} log lines of the run: {} found", leaks.len());
    for leak in &leaks {
        eprintln!("CREDENTIAL IN A LOG: {leak}");
    }
    if conclusion.has_failed() || !leaks.is_empty() { ExitCode::from(101) } else { ExitCode::SUCCESS }
}

/// The tests that were asked for and cannot run here, by what they lack.
fn skipped(tests: &[Test], arguments: &Arguments) -> BTreeMap<&'static str, (usize, &'static str)> {
    let mut skipped = BTreeMap::new();
    for test in tests.iter().filter(|test| is_asked_for(&test.name, arguments)) {
        if let Some(capability) = test.missing().filter(|capability| !capability.is_required()) {
            skipped.entry(capability.name).or_insert((0, capability.hint)).0 += 1;
        }
    }
    skipped
}

/// The rule by which libtest picks tests by name.
fn is_asked_for(name: &str, arguments: &Arguments) -> bool {
    let fits = |pattern: &String| if arguments.exact { name == pattern } else { name.contains(pattern.as_str()) };
    arguments.filter.as_ref().is_none_or(fits) && !arguments.skip.iter().any(fits)
}
