//! Certificates of a test's own, made as a user makes them: by `flotilla certs`. What that does not make (expired ones)
//! is made by a library.
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use crate::{Program, audit, environment};

/// Where the files are in a directory of certificates.
const NAMES: [&str; 3] = ["ca.pem", "cert.pem", "key.pem"];

/// `ca.pem`, `cert.pem` and `key.pem` in a directory, and the CA's key beside it.
#[derive(Debug)]
pub struct Certificates {
    place: TempDir,
}

impl Certificates {
    /// For localhost and its addresses, and whatever else `flotilla certs` takes for usual.
    pub fn usual() -> Self {
        let certificates = Self { place: environment::temporary_directory() };
        let key = certificates.ca_key();
        certificates.run(&["--keep-ca-key".as_ref(), key.as_path()]);
        certificates
    }

    /// Puts a new certificate and key in the place of the old, of the same CA.
    pub fn renew(&self) {
        let key = self.ca_key();
        self.run(&["--ca-key".as_ref(), key.as_path()]);
    }

    fn run(&self, options: &[&Path]) {
        let mut command = Command::new(Program::Flotilla.path());
        command.arg("certs").arg(self.directory()).args(options);
        let output = command.output().expect("flotilla runs");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        // No log may have a line of the key.
        self.read("key.pem").lines().filter(|line| !line.starts_with('-')).for_each(audit::secret);
    }

    /// Puts a pair in the place of the old that signed itself, for 127.0.0.1 and localhost and from one year's beginning
    /// to another's.
    pub fn replace_by_one_of(&self, (from, until): (i32, i32)) {
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        self.replace(&params);
    }

    /// The same, good since so many days and for so many more.
    pub fn replace_by_one_around_now(&self, since: u32, left: u32) {
        const DAY: Duration = Duration::from_hours(24);
        let epoch = || rcgen::date_time_ymd(1970, 1, 1);
        let since_epoch = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).expect("later");
        let now = now();
        let mut params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        params.not_before = epoch() + since_epoch(now - DAY * since);
        params.not_after = epoch() + since_epoch(now + DAY * left);
        self.replace(&params);
    }

    /// The same, as `openssl req -x509` makes it: it says that it is a CA's.
    pub fn replace_by_one_of_openssl(&self) {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"]);
        command.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        command.arg("-keyout").arg(self.file("key.pem")).arg("-out").arg(self.file("cert.pem"));
        let output = command.output().expect("openssl runs");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        self.read("key.pem").lines().filter(|line| !line.starts_with('-')).for_each(audit::secret);
    }

    fn replace(&self, params: &CertificateParams) {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("signed").pem();
        self.put("key.pem", &key.serialize_pem());
        self.put("cert.pem", &certificate);
    }

    /// Writes a file of the directory.
    pub fn put(&self, name: &str, text: &str) {
        assert!(NAMES.contains(&name), "{name}");
        fs::write(self.directory().join(name), text).expect("written");
    }

    /// Reads a file of the directory.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory().join(name)).expect(name)
    }

    /// The directory that a Secret would be made from.
    pub fn directory(&self) -> PathBuf {
        self.place.path().join("tls")
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    fn ca_key(&self) -> PathBuf {
        self.place.path().join("ca-key.pem")
    }
}

#[expect(clippy::disallowed_methods, reason = "the services that are tested read the same clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
