//! A cluster's files: where the server's programs are, whom they run as, and a directory that initdb made.
use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{environment, skips};

/// Owner of everything in the cluster.
pub(super) const ROLE: &str = "flotilla";
/// Its password, which TCP connections need. It must never be in a log.
pub(super) const PASSWORD: &str = "e2e-database-password";

/// How a server's certificate was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// It signed itself, and is a server's.
    SelfSigned,
    /// It signed itself, and is a CA's: what `openssl req -x509` makes.
    SelfSignedCa,
    /// A CA that `openssl req -x509` made signed it.
    OfCa,
}

/// The files of one server, gone with the value.
#[derive(Debug)]
pub(super) struct Cluster {
    directory: TempDir,
}

impl Cluster {
    /// A new one, by initdb. Its sockets live in the directory, too.
    pub(super) fn new() -> Self {
        let cluster = Self { directory: environment::temporary_directory() };
        if let Some((user, group)) = unprivileged() {
            chown(cluster.path(), Some(user), Some(group)).expect("root gives a directory away");
        }
        let password = cluster.path().join("password");
        fs::write(&password, PASSWORD).expect("written");
        let mut initdb = cluster.program("initdb");
        initdb.args(["--no-sync", "--locale=C", "--encoding=UTF8", "--wal-segsize=1"]).args(["-U", ROLE]);
        // A cheap method for TCP: connecting is timed, and a debug build takes long for SCRAM's thousands of rounds.
        initdb.args(["--auth-local=trust", "--auth-host=password"]).arg("--pwfile").arg(&password);
        let made = initdb.arg("-D").arg(cluster.data()).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        cluster
    }

    /// A copy of a running server's files, which the server that is started on them keeps up to date: a hot standby.
    pub(super) fn copy_of(primary: &Self, port: u16) -> Self {
        let cluster = Self { directory: environment::temporary_directory() };
        if let Some((user, group)) = unprivileged() {
            chown(cluster.path(), Some(user), Some(group)).expect("root gives a directory away");
        }
        let mut copy = cluster.program("pg_basebackup");
        copy.arg("-h").arg(primary.path()).args(["-p", &port.to_string(), "-U", ROLE]);
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-D"]).arg(cluster.data());
        let made = copy.output().expect("pg_basebackup runs");
        assert!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        cluster
    }

    /// Where the sockets are.
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Where the server looks for its certificate by itself.
    pub(super) fn certificate(&self) -> PathBuf {
        self.data().join("server.crt")
    }

    /// A certificate for `localhost`.
    pub(super) fn make_certificate(&self, kind: Certificate) {
        let (key, certificate) = (self.data().join("server.key"), self.certificate());
        match kind {
            Certificate::SelfSigned => {
                let plain =
                    ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
                self.self_signed(&key, &certificate, "/CN=localhost", &plain);
            }
            Certificate::SelfSignedCa => self.self_signed(&key, &certificate, "/CN=localhost", &[]),
            Certificate::OfCa => {
                self.self_signed(&self.ca().with_extension("key"), &self.ca(), "/CN=a CA of a user", &[]);
                let (request, names) = (self.path().join("server.csr"), self.path().join("names"));
                fs::write(&names, "subjectAltName=DNS:localhost").expect("written");
                let mut ask = self.openssl(&["req", "-new", "-nodes", "-subj", "/CN=localhost", "-newkey", "rsa:2048"]);
                run(ask.arg("-keyout").arg(&key).arg("-out").arg(&request));
                let mut sign = self.openssl(&["x509", "-req", "-days", "2", "-CAcreateserial"]);
                sign.arg("-CA").arg(self.ca()).arg("-CAkey").arg(self.ca().with_extension("key"));
                run(sign.arg("-extfile").arg(&names).arg("-in").arg(&request).arg("-out").arg(&certificate));
            }
        }
    }

    /// As people make them: one command.
    fn self_signed(&self, key: &Path, certificate: &Path, subject: &str, more: &[&str]) {
        let mut make = self.openssl(&["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", subject]);
        run(make.args(more).arg("-keyout").arg(key).arg("-out").arg(certificate));
    }

    fn openssl(&self, arguments: &[&str]) -> Command {
        let mut openssl = self.run_by_the_server("openssl".into());
        openssl.args(arguments);
        openssl
    }

    /// The certificate of its own CA, if it has one.
    pub(super) fn ca(&self) -> PathBuf {
        self.path().join("ca.pem")
    }

    /// One of PostgreSQL's programs, as somebody it accepts: it refuses to serve as root.
    pub(super) fn program(&self, name: &str) -> Command {
        self.run_by_the_server(binaries().join(name))
    }

    pub(super) fn run_by_the_server(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = unprivileged() {
            command.uid(user).gid(group);
        }
        command.env_clear().env("PATH", environment::path()).env("TZ", "UTC");
        command.current_dir(self.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn run(command: &mut Command) {
    let made = command.output().expect("openssl runs");
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
}

/// The directory of initdb: on the search path, or the distribution's newest.
fn binaries() -> PathBuf {
    // A link on the search path leads to the directory that has them all.
    let found = environment::find_on_path(&["initdb"]).and_then(|file| fs::canonicalize(file).ok());
    let on_path = found.and_then(|file| file.parent().map(Path::to_owned));
    let version = |directory: &PathBuf| -> Option<u32> {
        directory.parent().and_then(Path::file_name).and_then(|name| name.to_str()).and_then(|name| name.parse().ok())
    };
    on_path.or_else(|| skips::postgres_directories().into_iter().max_by_key(version)).expect("PostgreSQL is here")
}

/// User and group to become where we are root: the distribution's own, or nobody.
fn unprivileged() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the list of users");
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}
