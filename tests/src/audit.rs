//! Nothing secret in any log: every credential a client sends or gets is remembered, every line a service writes is kept,
//! and at the end of the run the ones are looked for in the others (security 28).
use std::{
    collections::{BTreeSet, HashMap},
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
    let lines = output.since(0);
    keep_lines(program.name(), lines.iter().map(|line| &*line.text));
}

/// Keeps what somebody wrote.
pub(crate) fn keep_lines<'a>(who: &str, lines: impl Iterator<Item = &'a str>) {
    let mut kept = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    kept.extend(lines.map(|line| format!("{who}| {line}")));
}

/// The lines that hold a secret, and how many were looked at.
pub(crate) fn leaks() -> (Vec<String>, usize) {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let index = Index::of(&secrets);
    (lines.iter().filter(|line| index.finds_one_in(line)).cloned().collect(), lines.len())
}

/// Secrets by how they begin. A run has tens of thousands of them, and as many lines: each in each would take minutes.
struct Index<'a>(HashMap<&'a [u8], Vec<&'a [u8]>>);

impl<'a> Index<'a> {
    fn of(secrets: &'a BTreeSet<String>) -> Self {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for secret in secrets.iter().map(String::as_bytes) {
            index.entry(&secret[..SHORTEST]).or_default().push(secret);
        }
        Self(index)
    }

    fn finds_one_in(&self, line: &str) -> bool {
        let line = line.as_bytes();
        let begins_at = |(place, window): (usize, &[u8])| {
            let begun = self.0.get(window).into_iter().flatten();
            begun.copied().any(|secret| line[place..].starts_with(secret))
        };
        line.windows(SHORTEST).enumerate().any(begins_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_token_is_looked_for() {
        secret("header-part.claims-part.signature-part");
        let secrets = SECRETS.lock().expect("not poisoned");
        let index = Index::of(&secrets);
        for line in ["a line with claims-part in it", "header-part", "…signature-part"] {
            assert!(index.finds_one_in(line), "{line}");
        }
        for line in ["a line without", "claims-par", ""] {
            assert!(!index.finds_one_in(line), "{line}");
        }
    }
}
