//! The files that a Secret is made from, and that there are no others beside them.

use std::fmt::Display;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;
use x509_cert::Certificate;
use x509_cert::der::DecodePem as _;

use super::names::{self, Name};

/// The CA's certificate, for clients.
pub(super) const CA: &str = "ca.pem";
/// The server's certificate.
pub(super) const CERT: &str = "cert.pem";
/// The server's private key.
pub(super) const KEY: &str = "key.pem";

/// For everybody to read.
pub(super) const PUBLIC: u32 = 0o644;
/// For the owner alone.
pub(super) const PRIVATE: u32 = 0o600;

/// What a file is called until it has its name. A run that was killed leaves it behind, and it may hold a key.
const UNFINISHED: &str = ".flotilla-certs-";

const OURS: [&str; 3] = [CA, CERT, KEY];

/// A directory that holds our files at most.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Makes it if it is not there. One with other files in it is refused: `kubectl … --from-file` would take them, too.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let directory = Self(path.to_owned());
        fs::create_dir_all(path).with_context(|| format!("cannot make the directory {}", path.display()))?;
        directory.remove_unfinished().with_context(|| format!("cannot tidy up in {}", path.display()))?;
        let strangers = directory.strangers().with_context(|| format!("cannot look into {}", path.display()))?;
        if let Some(stranger) = strangers.first() {
            bail!(
                "{} holds other files than certificates ({stranger}), which would get into the Secret: name an empty directory",
                path.display()
            );
        }
        Ok(directory)
    }

    fn remove_unfinished(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) && entry.file_type()?.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn strangers(&self) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !OURS.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whoever made the files that are there may still need them.
    pub(super) fn refuse_to_overwrite(&self) -> anyhow::Result<()> {
        let Some(there) = OURS.iter().map(|name| self.path_of(name)).find(|path| path.exists()) else { return Ok(()) };
        bail!(
            "{} is already there: --ca-key FILE renews the certificate if the CA's key was kept, --force makes everything anew",
            there.display()
        )
    }

    /// In the directory the key would get into the Secret.
    pub(super) fn refuse_as_place_of_the_ca_key(&self, file: &Path, force: bool) -> anyhow::Result<()> {
        let parent = fs::canonicalize(parent(file)).with_context(|| format!("no place for {}", file.display()))?;
        if parent == fs::canonicalize(&self.0).context("the directory is gone")? {
            bail!("{} would get into the Secret: name a file outside {}", file.display(), self.shown());
        }
        if file.exists() && !force {
            bail!("{} is already there: name another file, or replace everything by --force", file.display());
        }
        Ok(())
    }

    /// As the person wrote it.
    pub(super) fn shown(&self) -> impl Display {
        self.0.display()
    }

    /// A file in it.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The text of a file in it.
    pub(super) fn read(&self, name: &str) -> anyhow::Result<String> {
        let path = self.path_of(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// The names of the certificate that is there.
    pub(super) fn names(&self) -> anyhow::Result<Option<Vec<Name>>> {
        if !self.path_of(CERT).exists() {
            return Ok(None);
        }
        let wrong = || format!("{} cannot be renewed", self.path_of(CERT).display());
        let certificate = Certificate::from_pem(self.read(CERT)?).with_context(wrong)?;
        names::of(&certificate).with_context(wrong).map(Some)
    }

    /// Writes all or, if one cannot be written, none. Each takes its place at once and whole: a server may be reading.
    pub(super) fn write(&self, files: &[(&str, &str, u32)]) -> anyhow::Result<()> {
        let written = files.iter().map(|(name, text, mode)| {
            let file = written(&self.0, text, *mode).with_context(|| format!("cannot write in {}", self.shown()))?;
            Ok((self.path_of(name), file))
        });
        for (path, file) in written.collect::<anyhow::Result<Vec<_>>>()? {
            file.persist(&path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// Writes the CA's private key where it was asked for.
pub(super) fn write_ca_key(file: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    let unwritable = || format!("cannot write {}", file.display());
    let written = written(parent(file), text, PRIVATE).with_context(unwritable)?;
    let placed = if force { written.persist(file) } else { written.persist_noclobber(file) };
    placed.with_context(unwritable).map(drop)
}

/// A file without its name yet, which is gone if it never gets it.
fn written(directory: &Path, text: &str, mode: u32) -> std::io::Result<NamedTempFile> {
    let mut named = tempfile::Builder::new();
    let mut file = named.prefix(UNFINISHED).permissions(Permissions::from_mode(mode)).tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_has_left_behind_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let killed = written(place.path(), "half a key", PRIVATE).unwrap().into_temp_path().keep().unwrap();
        Directory::open(place.path()).unwrap();
        assert!(!killed.exists());
    }

    #[test]
    fn what_somebody_else_has_left_there_is_not() {
        let place = tempfile::tempdir().unwrap();
        let theirs = place.path().join(".tmpAbCdEf");
        fs::write(&theirs, "theirs").unwrap();
        assert!(Directory::open(place.path()).unwrap_err().to_string().contains(".tmpAbCdEf"));
        assert!(theirs.exists());
    }
}
