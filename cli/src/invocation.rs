//! How this program was started, so that hints are commands as the person typed them.

use std::ffi::OsStr;

const NAME: &str = env!("CARGO_PKG_NAME");
const BY_CARGO: &str = "cargo run --";

/// A hint that shows `args` as a command: `for example …`.
pub(crate) fn example(args: &str) -> String {
    let forms: Vec<_> = forms().into_iter().map(|form| format!("`{form} {args}`")).collect();
    forms.join(" or ")
}

/// A command with these arguments, in one form.
pub(crate) fn command(args: &str) -> String {
    format!("{} {args}", forms().remove(0))
}

/// What stands before the arguments: one form, or both where it cannot be told.
#[expect(clippy::disallowed_methods, reason = "cargo tells by the environment that it started us; it is no setting")]
fn forms() -> Vec<String> {
    if std::env::var_os("CARGO_PKG_NAME").is_some_and(|name| name == NAME) {
        return vec![BY_CARGO.to_owned()];
    }
    let typed = std::env::args_os().next().and_then(|name| plain(&name));
    typed.map_or_else(|| vec![NAME.to_owned(), BY_CARGO.to_owned()], |name| vec![name])
}

/// A name that a shell takes as it is.
fn plain(name: &OsStr) -> Option<String> {
    let harmless = |character: char| character.is_ascii_alphanumeric() || "/._-+~".contains(character);
    name.to_str().filter(|name| !name.is_empty() && name.chars().all(harmless)).map(str::to_owned)
}
