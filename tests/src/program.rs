//! The executables under test: built once before the first of them starts, from the profile the tests have.
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::environment;

/// An executable of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// Logs in.
    Auth,
    /// Greets.
    Hello,
    /// The edge.
    Frontend,
    /// auth and hello in one.
    Monolith,
    /// The command line tool.
    Flotilla,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Auth, Self::Hello, Self::Frontend, Self::Monolith, Self::Flotilla];
    /// Those that serve.
    pub const SERVICES: [Self; 4] = [Self::Auth, Self::Hello, Self::Frontend, Self::Monolith];

    /// Name of the package and of the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Hello => "hello",
            Self::Frontend => "frontend",
            Self::Monolith => "monolith",
            Self::Flotilla => "flotilla",
        }
    }

    /// What its pod is promised to be enough, in MiB: hashing passwords takes more than greeting.
    pub const fn memory_mib(self) -> u64 {
        match self {
            Self::Auth | Self::Monolith => 16,
            Self::Hello | Self::Frontend | Self::Flotilla => 10,
        }
    }

    /// A variable of its own: `HELLO_LAB` for `LAB`.
    pub fn variable(self, setting: &str) -> String {
        format!("{}_{setting}", self.name().to_uppercase())
    }

    /// The file, which exists and is fresh.
    pub fn path(self) -> PathBuf {
        let file = Self::directory().join(self.name());
        assert!(file.is_file(), "{} does not exist", file.display());
        file
    }

    /// Where all of them are. The first call builds them.
    pub fn directory() -> &'static Path {
        static DIRECTORY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        match DIRECTORY.get_or_init(|| environment::bin_dir().map_or_else(build, Ok)) {
            Ok(directory) => directory,
            Err(why) => panic!("{why}"),
        }
    }
}

/// Lets cargo bring the executables up to date in the tests' own target directory and profile.
fn build() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|error| format!("this executable has no path: {error}"))?;
    // …/target/debug/deps/e2e-0123456789abcdef
    let [Some(outputs), Some(target)] = [2, 3].map(|up| this.ancestors().nth(up)) else {
        return Err(format!("{} is in no target directory; set FLOTILLA_BIN_DIR", this.display()));
    };
    let profile = match outputs.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = environment::variable("CARGO").unwrap_or_else(|| env!("CARGO").to_owned());
    let mut command = Command::new(cargo);
    command.args(["build", "--bins", "--profile", profile, "--target-dir"]).arg(target);
    command.args(Program::ALL.iter().flat_map(|program| ["-p", program.name()]));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    eprintln!("bringing the executables up to date…");
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(outputs.to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("the executables under test do not build ({command:?}):\n{said}"))
}
