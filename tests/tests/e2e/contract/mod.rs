//! What every suite answers on its http port: one list of checks, run against each target.
//!
//! A check changes nothing that another could notice, so all checks of a target share one suite.
mod admin;
mod answers;
mod forged;
mod key_set;
mod login;
mod login_refused;
mod metadata;
mod openapi;
mod refresh;
mod refresh_refused;
mod refused;
mod secure;

use e2e::{Answer, Shared, Target, Test};
use serde_json::Value;

type Check = crate::checks::Check<Shared>;

/// Lists `async fn(&Suite)`s of a module as checks.
macro_rules! checks {
    ($($check:ident),+ $(,)?) => {
        [$($crate::contract::Check::new(module_path!(), stringify!($check), |suite| Box::pin(async move { $check(&suite).await }))),+]
    };
}
pub(crate) use checks;

pub(crate) fn tests() -> Vec<Test> {
    let targets = Target::all().into_iter().filter(|target| !CLUSTERED.contains(target));
    targets.flat_map(tests_against).collect()
}

/// Those stand among the cluster's other tests, to find the environment that is deployed already.
pub(crate) const CLUSTERED: [Target; 2] = [Target::Ingress, Target::Gateway];

pub(crate) fn tests_against(target: Target) -> impl Iterator<Item = Test> {
    all().into_iter().map(move |check| against(target, check))
}

/// `contract::split::secure::a_good_token_is_greeted_by_name`
fn against(target: Target, check: Check) -> Test {
    check.of(target.name(), move || Shared::of(target)).needing_all(target.needs())
}

fn all() -> Vec<Check> {
    let mut all = Vec::new();
    all.extend(admin::checks());
    all.extend(answers::checks());
    all.extend(forged::checks());
    all.extend(key_set::checks());
    all.extend(login::checks());
    all.extend(login_refused::checks());
    all.extend(metadata::checks());
    all.extend(openapi::checks());
    all.extend(refresh::checks());
    all.extend(refresh_refused::checks());
    all.extend(refused::checks());
    all.extend(secure::checks());
    all
}

/// What a client sees of an answer, for a snapshot: the fields that are part of the contract, and the body.
/// `variable` members of the body are replaced by their names.
pub(crate) fn wire(answer: &Answer, variable: &[&str]) -> String {
    const FIELDS: [&str; 7] = [
        "content-type",
        "cache-control",
        "www-authenticate",
        "allow",
        "x-content-type-options",
        "content-security-policy",
        "retry-after",
    ];
    let mut body: Value = serde_json::from_str(&answer.body).expect("JSON");
    for name in variable {
        if let Some(value) = body.get_mut(name) {
            *value = Value::from(format!("[{name}]"));
        }
    }
    let fields = FIELDS.iter().filter(|name| answer.has(name)).map(|name| format!("{name}: {}\n", answer.header(name)));
    format!("{}\n{}\n{body:#}", answer.status, fields.collect::<String>())
}
