//! `flotilla certs` in a git work tree: a key that could be committed is pointed out.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::flotilla::run;
use crate::needs;

fn work_tree() -> TempDir {
    let tree = tempfile::tempdir().expect("a directory");
    let made = Command::new("git").args(["init", "-q"]).arg(tree.path()).status().expect("git");
    assert!(made.success());
    tree
}

/// What is said on stderr, with success.
fn remarks(tree: &Path, options: &[&str]) -> String {
    let directory = tree.join("tls").display().to_string();
    let ran = run(&[&["certs", &directory], options].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn a_key_that_git_would_take_is_pointed_out() {
    if !needs::tool("git", "a_key_that_git_would_take_is_pointed_out") {
        return;
    }
    let tree = work_tree();
    let ca_key = tree.path().join("ca-key.pem").display().to_string();
    let said = remarks(tree.path(), &["--keep-ca-key", &ca_key]);
    let key = tree.path().join("tls/key.pem").display().to_string();
    assert!(said.starts_with("warning: ") && said.contains(&key) && said.contains(&ca_key), "{said}");
    fs::write(tree.path().join(".gitignore"), "/tls/\n").expect("written");
    let said = remarks(tree.path(), &["--ca-key", &ca_key]);
    assert_eq!(said, "", "it is ignored, and the CA's key was not written now");
}

#[test]
fn outside_a_work_tree_nothing_is_said() {
    let place = tempfile::tempdir().expect("a directory");
    assert_eq!(remarks(place.path(), &[]), "");
}
