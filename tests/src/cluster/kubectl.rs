//! kubectl, as a person runs it.
use std::process::Command;

use crate::container::Told;

/// `kubectl …` to its end.
pub fn kubectl<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Told {
    tell(arguments, "")
}

/// The same, with this on its stdin.
pub(super) fn tell<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>, text: &str) -> Told {
    Told::by_telling(&mut command(arguments), text)
}

pub(super) fn command<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("kubectl");
    arguments.into_iter().for_each(|argument| _ = command.arg(argument.as_ref()));
    command
}
