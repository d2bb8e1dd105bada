//! Nothing secret in any log: every credential a client sends or gets is remembered, every line a service writes is kept,
//! and at the end of the run the ones are looked for in the others (security 28).
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use crate::{Program, client::PASSWORD, output::Output};

static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Shorter ones would be found by chance.
const SHORTEST: usize = 8;

/// From now on this must not be in any log. The demo password must: it is announced at every start.
pub(crate) fn secret(text: &str) {
    let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let parts = std::iter::once(text).chain(text.split('.'));
    secrets.extend(parts.filter(|part| part.len() >= SHORTEST && *part != PASSWORD).map(str::to_owned));
}

/// Keeps what a service wrote.
pub(crate) fn keep(program: Program, output: &Output) {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.extend(output.since(0).into_iter().map(|line| format!("{}| {}", program.name(), line.text)));
}

/// The lines that hold a secret, and how many were looked at.
pub(crate) fn leaks() -> (Vec<String>, usize) {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let holds = |line: &&String| leaked(line, &secrets).is_some();
    (lines.iter().filter(holds).cloned().collect(), lines.len())
}

fn leaked<'a>(line: &str, secrets: &'a BTreeSet<String>) -> Option<&'a String> {
    secrets.iter().find(|secret| line.contains(secret.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_token_is_looked_for() {
        secret("header-part.claims-part.signature-part");
        let secrets = SECRETS.lock().expect("not poisoned");
        assert_eq!(leaked("a line with claims-part in it", &secrets).map(String::as_str), Some("claims-part"));
        assert_eq!(leaked("a line without", &secrets), None);
    }
}
