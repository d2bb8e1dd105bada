//! TLS's settings: which files, and what comes with them.
use std::{path::PathBuf, time::Duration};

use chassis::config::{ListenAddr, Section, Setting, Span};
use serde::Deserialize;

use super::files::Files;

/// Browsers' lists of hosts known to be strict ask for a year; more than two nobody asks for.
const LONGEST_HSTS: Duration = Duration::from_hours(2 * 365 * 24);

/// Whether clients speak TLS with us, and what goes with it.
#[derive(Debug, Deserialize)]
pub struct Encryption {
    /// The certificate chain, the server's own first.
    pub tls_cert_file: Option<PathBuf>,
    /// Its private key.
    pub tls_key_file: Option<PathBuf>,
    /// Where plain HTTP is sent to TLS.
    pub redirect_addr: Option<ListenAddr>,
    /// The port that a redirect names.
    pub redirect_port: Option<u16>,
    /// How long browsers insist on TLS.
    pub hsts_max_age: Span,
}

impl Section for Encryption {
    const SETTINGS: &'static [Setting] = &[
        Setting::optional(
            "TLS_CERT_FILE",
            "plain HTTP",
            "a file with certificates in PEM, the server's own first",
            "TLS 1.2 and 1.3 with this certificate; read again when the file changes",
        )
        .names_a_file(),
        Setting::optional(
            "TLS_KEY_FILE",
            "plain HTTP",
            "a file with a private key in PEM, not encrypted",
            "the private key of that certificate",
        )
        .names_a_file(),
        Setting::optional(
            "REDIRECT_ADDR",
            "no redirect",
            "an IP address and a port, such as 127.0.0.1:8080 or :80",
            "with TLS: a second port that sends plain HTTP to https (308)",
        ),
        Setting::optional(
            "REDIRECT_PORT",
            "the port of FRONTEND_HTTP_ADDR",
            "a number from 1 to 65535",
            "the port that clients reach TLS by, where it is another one than it listens on",
        ),
        Setting::new(
            "HSTS_MAX_AGE",
            "365days",
            "a span of time up to 730days",
            "with TLS, here or at a trusted proxy: how long browsers insist on it for this host, which is not localhost; 0s makes them forget",
        ),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let both = self.tls_cert_file.is_some() && self.tls_key_file.is_some();
        if self.tls_cert_file.is_some() && !both {
            problems.push(("TLS_KEY_FILE", "missing: TLS_CERT_FILE is nothing without it".to_owned()));
        }
        if self.tls_key_file.is_some() && !both {
            problems.push(("TLS_CERT_FILE", "missing: TLS_KEY_FILE is nothing without it".to_owned()));
        }
        let speaks_tls = self.tls_cert_file.is_some() || self.tls_key_file.is_some();
        if self.redirect_addr.is_some() && !speaks_tls {
            problems.push((
                "REDIRECT_ADDR",
                "a redirect to https that nobody speaks: set TLS_CERT_FILE and TLS_KEY_FILE".to_owned(),
            ));
        }
        if self.redirect_port == Some(0) {
            problems.push(("REDIRECT_PORT", "out of range; allowed: a number from 1 to 65535".to_owned()));
        }
        if *self.hsts_max_age > LONGEST_HSTS {
            problems.push(("HSTS_MAX_AGE", "too long; allowed: a span of time up to 730days".to_owned()));
        }
        problems
    }
}

impl Encryption {
    /// The two files, if clients are to speak TLS.
    pub(super) fn files(&self) -> Option<Files> {
        let (certificate, key) = (self.tls_cert_file.clone()?, self.tls_key_file.clone()?);
        Some(Files { certificate, key })
    }
}
