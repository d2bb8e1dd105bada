//! Reads the files that settings name: regular files only, bounded in bytes and in time.
//!
//! Opening a pipe waits for somebody to write, and reading from a mount whose server is gone waits for the server. Either
//! would hold the thread that reads the settings, so files are read on a thread of their own.
use std::{
    fs::{File, FileType, OpenOptions},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// A disk answers within milliseconds. Nothing that takes longer is there.
const DEADLINE: Duration = Duration::from_secs(5);
/// The reader of a file asks for more until there is none: with room left for that question, the text is never moved.
const SPARE: usize = 64;

/// Reads a regular file of at most `most` bytes. What was read is wiped from memory when it is dropped.
pub fn read(path: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    within(DEADLINE, path, move |path| read_at_once(path, most))
}

/// Runs `read` on a thread of its own and waits for it until the deadline. A thread that hangs is left behind.
fn within<T: Send + 'static>(
    deadline: Duration,
    path: &Path,
    read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let path = path.to_owned();
    // A result that nobody waits for any more comes back from `send` and is dropped.
    thread::Builder::new().name("read-file".to_owned()).spawn(move || drop(sender.send(read(&path))))?;
    receiver.recv_timeout(deadline).unwrap_or_else(|_| {
        let seconds = deadline.as_secs();
        Err(io::Error::new(ErrorKind::TimedOut, format!("no answer within {seconds} s; is its file system reachable?")))
    })
}

fn read_at_once(path: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    // Without it, to open a pipe is to wait for its writer. On a regular file it has no effect.
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let facts = file.metadata()?;
    if let Some(kind) = other_kind(facts.file_type()) {
        return Err(io::Error::other(format!("it is {kind}, not a regular file")));
    }
    let too_large = || io::Error::other(format!("larger than {most} bytes"));
    let length = usize::try_from(facts.len()).ok().filter(|length| *length <= most).ok_or_else(too_large)?;
    // Some file systems say that a file has no bytes, and give them when they are read.
    let room = if length == 0 { most } else { length };
    let bytes = read_all(file, room)?;
    match bytes.len() {
        read if read > most => Err(too_large()),
        read if read > room || read < length => Err(io::Error::other("written while it was read")),
        _ => Ok(bytes),
    }
}

/// With room for all of it from the start: a secret in a buffer that grows leaves copies of itself behind.
fn read_all(file: File, room: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + SPARE));
    file.take(room as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What it is, if it is not a regular file.
fn other_kind(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_dir() => Some("a directory"),
        kind if kind.is_fifo() => Some("a pipe"),
        kind if kind.is_socket() => Some("a socket"),
        _ => Some("a device"),
    }
}

/// A file's error in words, without the system's number.
pub fn plain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::InvalidData => "not valid UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    fn refusal(path: &Path, most: usize) -> String {
        plain(&read(path, most).expect_err("refused"))
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("file");
        fs::write(&file, "12345").expect("written");
        assert_eq!(read(&file, 5).expect("read").as_slice(), b"12345");
        assert_eq!(refusal(&file, 4), "larger than 4 bytes");
        assert_eq!(refusal(&place.path().join("none"), 4), "no such file");
        fs::write(&file, "").expect("written");
        assert!(read(&file, 5).expect("read").is_empty());
    }

    #[test]
    fn what_is_no_regular_file_is_refused_by_its_kind() {
        let place = tempfile::tempdir().expect("a directory");
        let pipe = place.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("made");
        assert_eq!(refusal(&pipe, 5), "it is a pipe, not a regular file");
        assert_eq!(refusal(place.path(), 5), "it is a directory, not a regular file");
        assert_eq!(refusal(Path::new("/dev/zero"), 5), "it is a device, not a regular file");
    }

    #[test]
    fn a_file_system_that_does_not_answer_is_named_after_a_while() {
        let (_open, never) = mpsc::channel::<()>();
        let hanging = move |_: &Path| never.recv().map_err(io::Error::other);
        let error = within(Duration::from_millis(10), Path::new("/mnt/file"), hanging).expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
