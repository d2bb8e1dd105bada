//! How securely a server is reached.
use std::path::Path;

use certificates::pem;
use chassis::files;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// A chain or a bundle of CAs has some kilobytes.
const MOST: usize = 1024 * 1024;

/// `sslmode` and what goes with it.
#[derive(Default)]
pub(super) struct Tls {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    /// Whether a server that refuses to go on without TLS gets it.
    pub(super) on_demand: bool,
}

impl Tls {
    /// Takes a parameter, if it is one of these.
    pub(super) fn take(&mut self, name: &str, value: &str) -> Result<bool, String> {
        let slot = match name {
            "sslmode" => {
                mode(value).ok_or("sslmode: allowed: disable, allow, prefer, require, verify-ca or verify-full")?;
                self.on_demand = value == "allow";
                &mut self.mode
            }
            "sslrootcert" => &mut self.root,
            "sslcert" => &mut self.certificate,
            "sslkey" => &mut self.key,
            _ => return Ok(false),
        };
        *slot = Some(value.to_owned());
        Ok(true)
    }

    /// Whether all of it fits together, and the files are there.
    pub(super) fn check(&mut self) -> Result<(), String> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err("sslcert and sslkey go together".to_owned());
        }
        match (self.root.as_deref(), self.mode.as_deref()) {
            // libpq's word for the roots that the client brings along: any server of the world, so its name must be right.
            (Some("system"), None | Some("verify-full")) => {
                self.mode = Some("verify-full".to_owned());
                self.root = None;
            }
            (Some("system"), _) => return Err("sslrootcert=system needs sslmode=verify-full".to_owned()),
            // As libpq: whoever names a CA wants it to be looked at.
            (Some(_), Some("require")) => self.mode = Some("verify-ca".to_owned()),
            _ => {}
        }
        for (name, file) in [("sslrootcert", &self.root), ("sslcert", &self.certificate), ("sslkey", &self.key)] {
            if let Some(file) = file {
                check_file(name, Path::new(file)).map_err(|wrong| format!("{name}: {file}: {wrong}"))?;
            }
        }
        Ok(())
    }

    pub(super) fn apply(&self, mut options: PgConnectOptions) -> PgConnectOptions {
        options = options.ssl_mode(self.mode.as_deref().and_then(mode).unwrap_or_default());
        if let Some(root) = &self.root {
            options = options.ssl_root_cert(root);
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        options
    }
}

/// As libpq writes them: lower case.
fn mode(value: &str) -> Option<PgSslMode> {
    Some(match value {
        "disable" => PgSslMode::Disable,
        "allow" => PgSslMode::Allow,
        "prefer" => PgSslMode::Prefer,
        "require" => PgSslMode::Require,
        "verify-ca" => PgSslMode::VerifyCa,
        "verify-full" => PgSslMode::VerifyFull,
        _ => return None,
    })
}

/// A regular file with what it should have. It is read again for each connection, so that a new one counts.
fn check_file(name: &str, file: &Path) -> Result<(), String> {
    let bytes = files::read(file, MOST).map_err(|error| files::plain(&error))?;
    let checked =
        if name == "sslkey" { pem::private_key(&bytes).map(drop) } else { pem::certificates(&bytes).map(drop) };
    checked.map_err(|error| error.to_string())
}
