//! Where certificate and key come from, and whether that has changed.
use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use chassis::files;

use super::identity::{Identity, Unusable};

/// A chain of a dozen certificates is a tenth of it.
const MAX_BYTES: usize = 256 * 1024;

/// The two files.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// By what a file is known to be another, or to have been written: one that was replaced has another number, and one
/// that was written or allowed to be read has another time of change. Links are followed: Kubernetes exchanges a link to
/// the directory of all files of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp([Option<FileStamp>; 2]);

type FileStamp = (u64, u64, u64, i64, i64);

impl Files {
    /// What the files look like now, without reading them.
    pub(super) fn stamp(&self) -> Stamp {
        let of = |path: &Path| fs::metadata(path).ok().map(|file| stamp(&file));
        Stamp([of(&self.certificate), of(&self.key)])
    }

    /// Reads both, and checks that they are a certificate and its key.
    pub(super) fn read(&self) -> Result<Identity, Unusable> {
        let certificate = files::read(&self.certificate, MAX_BYTES).map_err(Unusable::CertificateUnread)?;
        let key = files::read(&self.key, MAX_BYTES).map_err(Unusable::KeyUnread)?;
        Identity::from_pem(&certificate, &key)
    }

    /// What is wrong, with the name of the file that it is about.
    pub(super) fn told(&self, wrong: &Unusable) -> String {
        let path = if wrong.is_about_the_key() { &self.key } else { &self.certificate };
        format!("{}: {wrong}", path.display())
    }
}

fn stamp(file: &Metadata) -> FileStamp {
    (file.dev(), file.ino(), file.len(), file.ctime(), file.ctime_nsec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn files(directory: &Path) -> Files {
        Files { certificate: directory.join("cert.pem"), key: directory.join("key.pem") }
    }

    #[test]
    fn what_was_written_replaced_or_removed_looks_different() {
        let place = tempfile::tempdir().expect("a directory");
        let files = files(place.path());
        let mut seen = vec![files.stamp()];
        let mut look = |what: &str| {
            let stamp = files.stamp();
            assert!(!seen.contains(&stamp), "{what}");
            assert_eq!(files.stamp(), stamp, "{what}: it looks the same as long as nobody touches it");
            seen.push(stamp);
        };
        fs::write(&files.certificate, "one").expect("written");
        look("one of two");
        fs::write(&files.key, "one").expect("written");
        look("both");
        fs::write(&files.key, "longer").expect("written");
        look("written");
        fs::write(place.path().join("other"), "longer").expect("written");
        fs::rename(place.path().join("other"), &files.key).expect("renamed");
        look("replaced by one as long");
        fs::remove_file(&files.certificate).expect("removed");
        look("removed");
    }

    /// As Kubernetes does it: all files lie in a directory of their own, which a link names.
    #[test]
    fn a_link_to_another_directory_looks_different() {
        let place = tempfile::tempdir().expect("a directory");
        for version in ["v1", "v2"] {
            fs::create_dir(place.path().join(version)).expect("made");
            fs::write(place.path().join(version).join("cert.pem"), "same").expect("written");
        }
        symlink("v1", place.path().join("..data")).expect("linked");
        symlink("..data/cert.pem", place.path().join("cert.pem")).expect("linked");
        let before = files(place.path()).stamp();
        symlink("v2", place.path().join("..data_tmp")).expect("linked");
        fs::rename(place.path().join("..data_tmp"), place.path().join("..data")).expect("renamed");
        assert_ne!(files(place.path()).stamp(), before);
    }

    #[test]
    fn what_cannot_be_read_says_which_file_it_is() {
        let place = tempfile::tempdir().expect("a directory");
        let files = files(place.path());
        let wrong = files.read().expect_err("no file");
        assert_eq!(files.told(&wrong), format!("{}: cannot be read: no such file", files.certificate.display()));
        fs::write(&files.certificate, "x").expect("written");
        fs::create_dir(&files.key).expect("made");
        let wrong = files.read().expect_err("a directory");
        assert_eq!(
            files.told(&wrong),
            format!("{}: cannot be read: it is a directory, not a regular file", files.key.display())
        );
        fs::remove_dir(&files.key).expect("removed");
        fs::write(&files.key, vec![b'x'; MAX_BYTES + 1]).expect("written");
        assert!(files.told(&files.read().expect_err("too large")).ends_with("larger than 262144 bytes"));
    }
}
