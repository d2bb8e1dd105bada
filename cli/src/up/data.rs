//! Where accounts and keys are kept between runs, or not.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use etcetera::BaseStrategy as _;
use tempfile::TempDir;

/// Private keys lie in it.
const MODE: u32 = 0o700;

/// The data directory of a run.
#[derive(Debug)]
pub(crate) enum DataDir {
    /// It stays.
    Kept(PathBuf),
    /// It goes when this value is dropped.
    Ephemeral(TempDir),
}

impl DataDir {
    /// A temporary directory.
    pub(crate) fn ephemeral() -> anyhow::Result<Self> {
        tempfile::Builder::new()
            .prefix("flotilla-")
            .permissions(Permissions::from_mode(MODE))
            .tempdir()
            .map(Self::Ephemeral)
            .context("cannot make a temporary directory")
    }

    /// `chosen`, or `flotilla` in the platform's data directory; made if it is not there.
    pub(crate) fn kept(chosen: Option<&Path>) -> anyhow::Result<Self> {
        let path = match chosen {
            // The services are to see the same directory wherever they are started.
            Some(path) => std::path::absolute(path).context("cannot tell the current directory")?,
            None => platform()?,
        };
        prepare(&path).with_context(|| {
            format!(
                "cannot write to the data directory {}: choose another by --data-dir, or use --ephemeral",
                path.display()
            )
        })?;
        Ok(Self::Kept(path))
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Ephemeral(directory) => directory.path(),
        }
    }

    /// Removes what is not to be kept.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Kept(_) => Ok(()),
            Self::Ephemeral(directory) => directory.close().context("cannot remove the temporary directory"),
        }
    }
}

fn platform() -> anyhow::Result<PathBuf> {
    let places = etcetera::choose_base_strategy()
        .map_err(|_| anyhow!("cannot tell the home directory: name a data directory by --data-dir"))?;
    Ok(places.data_dir().join("flotilla"))
}

fn prepare(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(MODE).create(path)?;
    // Whether one may write is best found out by doing it; this file has no name and is gone at once.
    tempfile::tempfile_in(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_for_its_owner_alone_and_stays_empty() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a/b");
        let data = DataDir::kept(Some(&path)).unwrap();
        assert_eq!(data.path(), path);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, MODE);
        assert_eq!(path.read_dir().unwrap().count(), 0);
        data.close().unwrap();
        assert!(path.is_dir());
    }

    #[test]
    fn a_directory_that_cannot_be_is_named_with_its_remedy() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = format!("{:#}", DataDir::kept(Some(&file.path().join("data"))).unwrap_err());
        assert!(error.contains(&file.path().display().to_string()), "{error}");
        assert!(error.contains("--data-dir"), "{error}");
    }

    #[test]
    fn an_ephemeral_directory_goes() {
        let data = DataDir::ephemeral().unwrap();
        let path = data.path().to_owned();
        std::fs::write(path.join("auth.db"), "accounts").unwrap();
        data.close().unwrap();
        assert!(!path.exists());
    }
}
