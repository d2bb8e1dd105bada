//! Whose certificates are believed: the system's authorities, those of a file, or any.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use certificates::trust;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

/// As with curl, a file takes the place of the system's authorities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    #[default]
    System,
    File(PathBuf),
    Anybody,
}

/// The client's side of TLS 1.2 and 1.3, for HTTP/1.1.
pub(super) fn config(trust: &Trust) -> anyhow::Result<Arc<ClientConfig>> {
    let config = match trust {
        Trust::System => trust::of_system()?,
        Trust::File(path) => trust::of_file(path).map_err(|error| anyhow!("--cacert: {error}"))?,
        Trust::Anybody => {
            let provider = Arc::new(aws_lc_rs::default_provider());
            let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            let builder = builder.context("cannot set up TLS")?.dangerous();
            let mut config = builder.with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            config
        }
    };
    Ok(Arc::new(config))
}

/// Believes any certificate, so also one that is expired, of another host, or that cannot even be read. A signature by
/// the key of such a certificate proves nothing, so it isn't checked: no kind of certificate or signature is in the way.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    /// All that have a name, the oldest ones last.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ED25519,
            SignatureScheme::ED448,
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::ECDSA_SHA1_Legacy,
            SignatureScheme::RSA_PKCS1_SHA1,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = format!("{:#}", config(&Trust::File(file.path().to_owned())).unwrap_err());
        assert!(error.contains("--cacert") && error.contains(file.path().to_str().unwrap()), "{error}");
        let error = format!("{:#}", config(&Trust::File("/no/such/file".into())).unwrap_err());
        assert!(error.contains("--cacert: cannot read /no/such/file"), "{error}");
    }
}
