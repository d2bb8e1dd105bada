//! What was made, and what to do with it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anstyle::Style;
use jiff::Timestamp;

use super::authority::Validity;
use super::directory::{CA, CERT, Directory, KEY};
use super::names::Name;
use crate::{invocation, shell::quoted, table};

/// What `certs --help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  flotilla certs tls                                a CA and a certificate for this machine
  flotilla certs tls --name shop.example.org        also for this host
  flotilla certs tls --keep-ca-key ca-key.pem       so that it can be renewed
  flotilla certs tls --ca-key ca-key.pem            renew it: same CA, same names
  kubectl create secret generic tls-certs --from-file=tls";

/// Apple's systems refuse server certificates that are good for longer, whoever signed them.
const LONGEST_FOR_APPLE: u64 = 825;

/// What was done.
#[derive(Debug)]
pub(super) struct Report {
    names: Vec<Name>,
    validity: Validity,
    founded: bool,
    ca_key: Option<PathBuf>,
}

impl Report {
    /// A CA and a certificate.
    pub(super) fn founded(names: Vec<Name>, validity: Validity, ca_key: Option<&Path>) -> Self {
        Self { names, validity, founded: true, ca_key: ca_key.map(Path::to_owned) }
    }

    /// A certificate of the CA that was there.
    pub(super) fn renewed(names: Vec<Name>, validity: Validity) -> Self {
        Self { names, validity, founded: false, ca_key: None }
    }

    pub(super) fn text(&self, directory: &Directory) -> String {
        let mut text = String::new();
        for line in table::aligned(&self.files(directory)) {
            let _ = writeln!(text, "{line}");
        }
        let names: Vec<_> = self.names.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "\nGood for {}", names.join(", "));
        let _ = writeln!(text, "until {}.", day(self.validity));
        if self.validity.days() > LONGEST_FOR_APPLE {
            let _ = writeln!(
                text,
                "macOS and iOS refuse certificates that are good for more than {LONGEST_FOR_APPLE} days."
            );
        }
        let _ = writeln!(text, "{}", self.about_the_ca());
        let bold = Style::new().bold();
        let _ = writeln!(text, "\n{bold}Next:{bold:#}");
        for line in self.next(directory) {
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    fn files(&self, directory: &Directory) -> Vec<[String; 3]> {
        let line = |path: &Path, what: &str| ["wrote".to_owned(), path.display().to_string(), what.to_owned()];
        let mut lines = Vec::new();
        if self.founded {
            lines.push(line(&directory.path_of(CA), "the CA's certificate: what clients trust"));
        }
        lines.push(line(&directory.path_of(CERT), "the server's certificate"));
        lines.push(line(&directory.path_of(KEY), "its private key: for the server alone"));
        if let Some(file) = &self.ca_key {
            lines.push(line(file, "the CA's private key: keep it where no server is"));
        }
        lines
    }

    fn about_the_ca(&self) -> String {
        match (&self.ca_key, self.founded) {
            (None, true) => {
                "The CA's private key was thrown away: this CA signs nothing else, ever. (--keep-ca-key would keep it.)"
                    .to_owned()
            }
            (None, false) => "The CA is the same: clients need nothing new.".to_owned(),
            (Some(file), _) => {
                format!("Whoever has {} can pass for any server before those who trust this CA.", file.display())
            }
        }
    }

    fn next(&self, directory: &Directory) -> Vec<String> {
        let path = |name: &str| quoted(&directory.path_of(name));
        let host = self.names.iter().find(|name| name.is_concrete()).map_or("HOST".to_owned(), |name| match name {
            Name::Address(address) if address.is_ipv6() => format!("[{address}]"),
            name => name.to_string(),
        });
        let mut lines = vec![
            format!(
                "FRONTEND_TLS_CERT_FILE={} FRONTEND_TLS_KEY_FILE={} {}",
                path(CERT),
                path(KEY),
                invocation::command("up")
            ),
            format!("curl --cacert {} https://{host}:8080/", path(CA)),
        ];
        let secret = format!("kubectl create secret generic tls-certs --from-file={}", path(""));
        lines.push(if self.founded {
            secret
        } else {
            format!("{secret} --dry-run=client -o yaml | kubectl apply -f -")
        });
        lines
    }
}

fn day(validity: Validity) -> String {
    Timestamp::try_from(validity.until)
        .map_or_else(|_| "far away".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
