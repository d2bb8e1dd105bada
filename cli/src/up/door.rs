//! How people reach the suite: in clear or, where the frontend is told of a certificate, over TLS.

use std::path::PathBuf;

use chassis::config::{Reader, Sources};
use frontend::tls::settings::Encryption;

use crate::shell;

/// What the commands have to say to get in.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    encrypted: bool,
    /// The CA's certificate, if it lies where `flotilla certs` puts it.
    ca: Option<PathBuf>,
}

impl Door {
    /// As the frontend will read its settings. One that it will refuse it tells itself.
    pub(super) fn of(sources: &Sources) -> Self {
        let settings = Reader::new(&frontend::SERVICE, sources).section::<Encryption>();
        let Some(certificate) = settings.and_then(|settings| settings.tls_cert_file) else { return Self::default() };
        let ca = certificate.with_file_name("ca.pem");
        Self { encrypted: true, ca: ca.is_file().then_some(ca) }
    }

    /// What stands before an address.
    pub(super) const fn scheme(&self) -> &'static str {
        if self.encrypted { "https" } else { "http" }
    }

    /// The command of a request.
    pub(super) fn curl(&self) -> String {
        self.ca.as_ref().map_or_else(|| "curl".to_owned(), |ca| format!("curl --cacert {}", shell::quoted(ca)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_certificate_it_is_open() {
        let door = Door::of(&Sources::default());
        assert_eq!((door.scheme(), door.curl().as_str()), ("http", "curl"));
    }

    #[test]
    fn with_one_the_commands_know_its_ca_where_there_is_one() {
        let place = tempfile::tempdir().unwrap();
        let files = ["cert", "key"].map(|name| place.path().join(format!("{name}.pem")).display().to_string());
        let names = ["FRONTEND_TLS_CERT_FILE", "FRONTEND_TLS_KEY_FILE"];
        let door = || Door::of(&Sources::from_variables(names.iter().zip(&files)));
        assert_eq!((door().scheme(), door().curl().as_str()), ("https", "curl"));
        let ca = place.path().join("ca.pem");
        std::fs::write(&ca, "").unwrap();
        assert_eq!(door().curl(), format!("curl --cacert {}", ca.display()));
    }
}
