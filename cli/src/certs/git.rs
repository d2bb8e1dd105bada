//! Whether a key lies where `git add` would take it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `git check-ignore` ends with where nothing ignores the file; where it cannot tell it is 128.
const NOT_IGNORED: i32 = 1;

/// Warns of each of these files that lies in a git work tree and is not ignored.
pub(super) fn warnings<'a>(keys: impl IntoIterator<Item = &'a PathBuf>) -> Vec<String> {
    let exposed = keys.into_iter().filter(|key| would_be_added(key));
    exposed
        .map(|key| {
            format!(
                "warning: {} is a private key in a git work tree that does not ignore it: do not commit it",
                key.display()
            )
        })
        .collect()
}

/// Not where there is no git: then nobody adds anything.
fn would_be_added(key: &Path) -> bool {
    let Ok(key) = std::path::absolute(key) else { return false };
    let (Some(directory), Some(name)) = (key.parent(), key.file_name()) else { return false };
    let Ok(directory) = directory.canonicalize() else { return false };
    if !directory.ancestors().any(|above| above.join(".git").exists()) {
        return false;
    }
    let mut git = Command::new("git");
    git.arg("-C").arg(directory).args(["check-ignore", "-q", "--"]).arg(name);
    let asked = git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.code() == Some(NOT_IGNORED))
}
