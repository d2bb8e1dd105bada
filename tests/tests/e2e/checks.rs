//! A check: a test that is run against several subjects, each time under a name that says against which.
use e2e::{Test, registry::Doing};

/// A check by name.
pub(crate) struct Check<S> {
    module: &'static str,
    name: &'static str,
    run: fn(S) -> Doing,
}

/// Lists `async fn`s of a module that take a subject as checks.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        vec![$($crate::checks::Check::new(module_path!(), stringify!($check), |subject| Box::pin($check(subject)))),+]
    };
}
pub(crate) use checks;

impl<S: 'static> Check<S> {
    pub(crate) const fn new(module: &'static str, name: &'static str, run: fn(S) -> Doing) -> Self {
        Self { module, name, run }
    }

    /// The check `e2e::health::switches::…` against hello is the test `health::hello::switches::…`.
    pub(crate) fn of<F>(self, whose: &str, subject: impl FnOnce() -> F + Send + 'static) -> Test
    where
        F: Future<Output = S>,
    {
        let (list, module) = self.module.rsplit_once("::").expect("checks stand in a module of their list");
        let run = self.run;
        let doing = move || -> Doing { Box::pin(async move { run(subject().await).await }) };
        Test::new(&format!("{list}::{whose}::{module}"), self.name, doing)
    }
}
