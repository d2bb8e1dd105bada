//! The file that is imported. It is read twice, so what can be read only once is kept in a file first.
use std::{
    fs::{File, OpenOptions},
    io::{self, Seek as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use chassis::Stop;

use super::row::{Rows, Unreadable};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Jsonl,
}

impl Format {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// As errors name it.
pub(super) fn shown(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// An open file: the same one in both passes, whatever its name stands for meanwhile.
pub(super) struct Source {
    file: File,
    name: String,
    bytes: u64,
    format: Format,
}

impl Source {
    pub(super) fn open(path: &Path, format: Format) -> Result<Self, Stop> {
        let name = shown(path);
        let unreadable = |error: io::Error| Stop::Failed(format!("cannot read {name}: {error}"));
        let file = if is_stdin(path) {
            kept(&mut io::stdin().lock())?
        } else {
            let mut file = File::open(path).map_err(unreadable)?;
            let kind = file.metadata().map_err(unreadable)?.file_type();
            if kind.is_dir() {
                return Err(Stop::Failed(format!("{name} is a directory; allowed: a file, or - for stdin")));
            }
            if kind.is_char_device() || kind.is_block_device() {
                return Err(Stop::Failed(format!("{name} is a device; allowed: a file, a pipe, or - for stdin")));
            }
            // A pipe with a name is still a pipe.
            if kind.is_file() { file } else { kept(&mut file)? }
        };
        let bytes = file.metadata().map_err(unreadable)?.len();
        Ok(Self { file, name, bytes, format })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its lines, from the first one on.
    pub(super) fn rows(&mut self) -> Result<Rows, Stop> {
        let again = self.file.rewind().and_then(|()| self.file.try_clone());
        let file = again.map_err(|error| self.unreadable(&error.into()))?;
        Rows::of(file, self.format).map_err(|error| self.unreadable(&error))
    }

    pub(super) fn unreadable(&self, error: &Unreadable) -> Stop {
        match error {
            Unreadable::Io(error) => Stop::Failed(format!("cannot read {}: {error}; nothing was imported", self.name)),
            Unreadable::Header(why) => Stop::Failed(format!("{}: line 1: {why}; nothing was imported", self.name)),
        }
    }
}

/// A copy on the disk, for a million accounts are more than memory is meant for. It holds hashes: nobody else may read it, and
/// it has no name any more when the first of them is in it, so that nothing is left of it however this ends.
fn kept(from: &mut impl io::Read) -> Result<File, Stop> {
    // The platform's place for it, as TMPDIR has it; a container that may write nowhere gets a file instead of stdin.
    let directory = std::env::temp_dir();
    let unkept = |error: io::Error| {
        Stop::Failed(format!("cannot keep stdin in {}: {error}; give a file, or set TMPDIR", directory.display()))
    };
    let path: PathBuf = directory.join(format!(".flotilla-import-{}", uuid::Uuid::new_v4().simple()));
    let mut file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).map_err(unkept)?;
    std::fs::remove_file(&path).map_err(unkept)?;
    io::copy(from, &mut file).map_err(unkept)?;
    Ok(file)
}
