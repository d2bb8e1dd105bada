//! The manifests of `k8s/`, with names of the run's own: a copy in which namespaces and hosts are called otherwise. So what
//! stands in the clone's overlays, secrets included, and what somebody has deployed by them, is left alone.
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::Overlay;
use crate::{
    container::{Told, unique},
    environment,
};

const ORIGINAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../k8s");

/// A directory with `k8s` in it.
#[derive(Debug)]
pub struct Manifests {
    directory: TempDir,
    prefix: String,
}

impl Manifests {
    /// A copy of what is checked out. What git ignores there are somebody's secrets: they stay where they are.
    pub fn copy() -> Self {
        let manifests = Self { directory: environment::temporary_directory(), prefix: unique("cluster") };
        let names = manifests.names();
        copy(Path::new(ORIGINAL), &manifests.directory().join("k8s"), &|text| {
            names.iter().fold(text, |text, (told, real)| text.replace(told, real))
        });
        manifests
    }

    /// Where commands of the documents are run.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the clone has, and what the copy has instead.
    pub fn names(&self) -> Vec<(String, String)> {
        let environments =
            Overlay::ALL.map(Overlay::name).map(|name| (format!("flotilla-{name}"), self.namespace(name)));
        let secrets = ("flotilla-$environment".to_owned(), self.namespace("$environment"));
        environments.into_iter().chain([secrets, ("flotilla.test".to_owned(), self.domain())]).collect()
    }

    /// The namespace of an environment.
    pub fn namespace(&self, environment: &str) -> String {
        format!("{}-{environment}", self.prefix)
    }

    /// What the hosts' names end with.
    pub fn domain(&self) -> String {
        format!("{}.test", self.prefix)
    }

    /// A file or directory of the copy.
    pub fn path(&self, path: &str) -> PathBuf {
        self.directory().join("k8s").join(path)
    }

    /// A file of the copy, as text.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("k8s/{path}: {error}"))
    }

    /// Puts one text in the place of another that a file has.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "k8s/{path} has no {from}");
        fs::write(self.path(path), text.replace(from, to)).expect("written");
    }

    /// `k8s/secrets ENVIRONMENT`
    pub fn make_secrets(&self, environment: &str) -> Told {
        Told::by(Command::new(self.path("secrets")).arg(environment)).expect(0)
    }
}

fn copy(from: &Path, to: &Path, change: &dyn Fn(String) -> String) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("a kind");
        let name = entry.file_name().to_string_lossy().trim_start_matches('.').to_owned();
        if kind.is_dir() && name.starts_with("secrets") {
            continue;
        }
        if kind.is_dir() {
            copy(&from, &to, change);
        } else {
            let text = fs::read_to_string(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
            fs::write(&to, change(text)).expect("written");
            fs::set_permissions(&to, entry.metadata().expect("metadata").permissions()).expect("a mode");
        }
    }
}
