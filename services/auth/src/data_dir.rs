//! The data directory: holds the embedded database and, beside it, the key that seals private keys.
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;
use zeroize::Zeroizing;

use crate::seal::SealingKey;

const KEY_FILE: &str = "key-encryption.key";
/// A key in base64 has 44 characters; whatever is longer is no key.
const MAX_KEY_FILE_BYTES: usize = 256;

/// Makes the directory (0700) if it does not exist and tries to write in it. The error completes "`AUTH_DATA_DIR`: …".
pub fn prepare(configured: Option<PathBuf>) -> Result<PathBuf, String> {
    let directory = match configured {
        Some(directory) => directory,
        None => platform_directory()?,
    };
    let shown = directory.display();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory)
        .map_err(|error| format!("cannot make the directory {shown}: {}", plain(&error)))?;
    let trial = directory.join(format!(".write-{}", uuid::Uuid::new_v4().simple()));
    File::create_new(&trial).and_then(|_| fs::remove_file(&trial)).map_err(|error| {
        format!("cannot write in {shown}: {}; allowed: a directory this user may write", plain(&error))
    })?;
    Ok(directory)
}

fn platform_directory() -> Result<PathBuf, String> {
    etcetera::choose_base_strategy()
        .map(|base| base.data_dir().join("flotilla"))
        .map_err(|_| "unset, and this user has no home directory; allowed: a directory this user may write".to_owned())
}

/// A file for its owner only, whatever the directory's mode is; kept as it is when it exists.
pub fn private_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome.map(drop),
    }
}

/// A database is a regular file, or one that is still to be made.
pub fn regular_or_absent(path: &Path) -> Result<(), String> {
    let kind = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => return Ok(()),
        Ok(metadata) if metadata.is_dir() => "a directory",
        Ok(_) => "a pipe or a device",
        // What else is wrong shows when it is opened.
        Err(_) => return Ok(()),
    };
    Err(format!("{} is {kind}; allowed: sqlite:///PATH of a file, which is created if it is missing", path.display()))
}

/// The key in the directory, made at the first start (0600). With the path it lies at.
pub fn sealing_key(directory: &Path, database: &Path) -> Result<(SealingKey, PathBuf), String> {
    let path = directory.join(KEY_FILE);
    let key = match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => first(directory, &path, database),
        Err(error) => Err(format!("cannot read {}: {}", path.display(), plain(&error))),
        Ok(text) => text.trim_end().parse().map_err(|wrong| format!("{} holds no key: {wrong}", path.display())),
    }?;
    Ok((key, path))
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let bytes = chassis::files::read(path, MAX_KEY_FILE_BYTES)?;
    str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(io::Error::other)
}

/// The first key. Beside a database there must be one already: a new one would not open what is sealed in it.
fn first(directory: &Path, path: &Path, database: &Path) -> Result<SealingKey, String> {
    // The key is made before the database, so another process that makes both now has made the key.
    if database.exists() && !path.exists() {
        return Err(format!("{} is missing beside an existing database; restore it", path.display()));
    }
    generate(directory, path, database)
}

/// Written whole beside its place, then linked into it: whoever comes first wins, and nobody reads half a key.
fn generate(directory: &Path, path: &Path, database: &Path) -> Result<SealingKey, String> {
    let key = SealingKey::generate().map_err(|error| error.to_string())?;
    let draft = directory.join(format!(".key-{}", uuid::Uuid::new_v4().simple()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(key.to_base64().as_bytes())?;
        file.sync_all()
    });
    let linked = written.and_then(|()| fs::hard_link(&draft, path)).and_then(|()| File::open(directory)?.sync_all());
    // The draft is a second name of the same file, or of nothing that counts.
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => sealing_key(directory, database).map(|(key, _)| key),
        Err(error) => Err(format!("cannot write {}: {}", path.display(), plain(&error))),
    }
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "it is not a directory".to_owned(),
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::InvalidData => "not text".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_directory_and_its_key_are_for_the_owner_only() {
        let parent = tempfile::tempdir().expect("a directory");
        let directory = prepare(Some(parent.path().join("a/b"))).expect("made");
        let (_, path) = sealing_key(&directory, &directory.join("auth.db")).expect("generated");
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&path)), (0o700, 0o600));
        assert_eq!(fs::read_dir(&directory).expect("readable").count(), 1, "no draft is left");
    }

    #[test]
    fn the_key_is_the_same_at_the_next_start() {
        let directory = tempfile::tempdir().expect("a directory");
        let first = sealing_key(directory.path(), &directory.path().join("auth.db")).expect("generated").0;
        let second = sealing_key(directory.path(), &directory.path().join("auth.db")).expect("read").0;
        assert_eq!(*first.to_base64(), *second.to_base64());
    }

    #[test]
    fn a_garbage_key_file_is_named_and_not_shown() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join(KEY_FILE), "hunter2").expect("written");
        let wrong = sealing_key(directory.path(), &directory.path().join("auth.db")).expect_err("refused");
        assert!(wrong.contains(KEY_FILE) && wrong.contains("32 bytes") && !wrong.contains("hunter2"), "{wrong}");
    }

    #[test]
    fn a_file_in_the_directorys_place_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let wrong = prepare(Some(file.path().to_owned())).expect_err("refused");
        assert!(wrong.contains("cannot make the directory"), "{wrong}");
    }
}
