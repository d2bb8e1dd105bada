//! Which certificates of servers a client trusts: those that the system trusts, or those of a file.
use std::{collections::HashSet, fs, io, path::Path, sync::Arc};

use ::aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::{own_certificate, pem, pem::PemError, system};

/// Larger than any system's store.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why there is nothing to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    Unread(String, #[source] io::Error),
    /// The file holds no certificates that can be used.
    #[error("{0}: {1}")]
    Unusable(String, #[source] PemError),
    /// A certificate that can be parsed, and not trusted.
    #[error("{0}: certificate {1} in it cannot be used: {2}")]
    Untrustable(String, usize, #[source] Error),
    /// The system has none.
    #[error("the system's certificate authorities cannot be loaded: {0}")]
    System(String),
    /// The library refuses its settings.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[source] Error),
}

/// TLS 1.2 and 1.3 for HTTP/1.1, with servers that the system trusts. Elsewhere than on Apple's systems and Windows
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, as with OpenSSL.
pub fn of_system() -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    config(Arc::new(system::verifier(&provider)?), provider)
}

/// The same, with those that the certificates of a file vouch for, and nobody else. A certificate vouches for what it
/// signed and for the server that shows it.
pub fn of_file(path: &Path) -> Result<ClientConfig, TrustError> {
    let shown = path.display().to_string();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut store = RootCertStore::empty();
    let certificates = pem::certificates(&read(path)?).map_err(|error| TrustError::Unusable(shown.clone(), error))?;
    for (index, certificate) in certificates.iter().enumerate() {
        let added = store.add(certificate.clone());
        added.map_err(|error| TrustError::Untrustable(shown.clone(), index + 1, error))?;
    }
    config(Arc::new(Verifier::new(store, &certificates, &provider)?), provider)
}

fn config(verifier: Arc<dyn ServerCertVerifier>, provider: Arc<CryptoProvider>) -> Result<ClientConfig, TrustError> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(TrustError::Setup)?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TrustError> {
    let unread = |error| TrustError::Unread(path.display().to_string(), error);
    let facts = fs::metadata(path).map_err(unread)?;
    if !facts.is_file() {
        return Err(unread(io::Error::other("not a file")));
    }
    if facts.len() > MAX_BYTES {
        return Err(unread(io::Error::other(format!("larger than {MAX_BYTES} bytes"))));
    }
    fs::read(path).map_err(unread)
}

/// By who signed a server's certificate; and by the certificate itself, if exactly that is trusted.
#[derive(Debug)]
pub(crate) struct Verifier {
    by_signature: Arc<WebPkiServerVerifier>,
    /// Digests, because a system's store is a quarter of a megabyte.
    themselves: HashSet<[u8; 32]>,
}

impl Verifier {
    pub(crate) fn new(
        store: RootCertStore,
        certificates: &[CertificateDer<'_>],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TrustError> {
        let by_signature = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider)).build();
        let by_signature = by_signature.map_err(|error| TrustError::System(error.to_string()))?;
        Ok(Self { by_signature, themselves: certificates.iter().map(|certificate| fingerprint(certificate)).collect() })
    }
}

fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, certificate).as_ref());
    fingerprint
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.by_signature.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(error) if self.themselves.contains(&fingerprint(end_entity)) => {
                own_certificate::verify(end_entity, server_name, now, error).map(|()| ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_signature.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_signature.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_signature.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

    use super::*;

    /// In 2025.
    const NOW: Duration = Duration::from_hours(24 * 20_200);

    struct Made {
        pem: String,
        der: CertificateDer<'static>,
    }

    /// As `openssl req -x509` makes one: it signs itself, says that it is a CA's, and is good from 2020 to 2030.
    fn by_openssl(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Made {
        let key = KeyPair::generate().expect("a key");
        let mut params =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "shop.test");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        change(&mut params);
        let made = params.self_signed(&key).expect("signed");
        Made { pem: made.pem(), der: made.der().clone() }
    }

    /// What a client that trusts the certificates of this file says of a server that shows this one.
    fn verdict(file: &str, shown: &CertificateDer<'_>, host: &str) -> Result<(), String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certificates = pem::certificates(file.as_bytes()).expect("certificates");
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store.add(certificate.clone()).expect("a root");
        }
        let verifier = Verifier::new(store, &certificates, &provider).expect("a verifier");
        let host = ServerName::try_from(host).expect("a name");
        let verdict = verifier.verify_server_cert(shown, &[], &host, &[], UnixTime::since_unix_epoch(NOW));
        verdict.map(|_| ()).map_err(|error| crate::explain(&error).expect("an error of TLS"))
    }

    #[test]
    fn a_certificate_that_is_its_own_ca_is_believed_where_exactly_it_is_trusted() {
        let (own, other) = (by_openssl(&["localhost", "127.0.0.1"], |_| ()), by_openssl(&["localhost"], |_| ()));
        assert_eq!(verdict(&own.pem, &own.der, "localhost"), Ok(()));
        assert_eq!(verdict(&format!("{}{}", other.pem, own.pem), &own.der, "127.0.0.1"), Ok(()));
        assert!(verdict(&own.pem, &own.der, "evil.test").is_err_and(|why| why.contains("not valid for name")));
        assert!(verdict(&other.pem, &own.der, "localhost").is_err(), "the same name, and another key");
    }

    #[test]
    fn one_of_a_ca_that_is_not_trusted_is_believed_where_it_is_trusted_itself() {
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::new(CertificateParams::default(), &key);
        let params = CertificateParams::new(["localhost".to_owned()]).expect("names");
        let leaf = params.signed_by(&KeyPair::generate().expect("a key"), &issuer).expect("signed");
        assert_eq!(verdict(&leaf.pem(), leaf.der(), "localhost"), Ok(()));
        let other = by_openssl(&["localhost"], |_| ());
        let why = verdict(&other.pem, leaf.der(), "localhost").expect_err("nobody vouches for it");
        assert!(why.contains("trust its CA's certificate"), "{why}");
    }

    #[test]
    fn its_times_and_its_use_count_all_the_same() {
        let past = by_openssl(&["localhost"], |params| params.not_after = rcgen::date_time_ymd(2024, 1, 1));
        let future = by_openssl(&["localhost"], |params| params.not_before = rcgen::date_time_ymd(2028, 1, 1));
        let for_clients = by_openssl(&["localhost"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        for (made, said) in [(past, "certificate expired"), (future, "not valid yet")] {
            let why = verdict(&made.pem, &made.der, "localhost").expect_err("refused");
            assert!(why.contains(said), "{why}");
        }
        assert!(verdict(&for_clients.pem, &for_clients.der, "localhost").is_err());
    }

    #[test]
    fn a_name_in_the_subject_counts_only_where_there_is_no_other_and_the_certificate_is_trusted_itself() {
        let bare = by_openssl(&[], |_| ());
        assert_eq!(verdict(&bare.pem, &bare.der, "shop.test"), Ok(()));
        assert!(verdict(&bare.pem, &bare.der, "evil.test").is_err_and(|why| why.contains("subjectAltName=DNS:HOST")));
        let named = by_openssl(&["localhost"], |_| ());
        assert!(verdict(&named.pem, &named.der, "shop.test").is_err());
        let key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.distinguished_name.push(DnType::CommonName, "a CA");
        let ca_pem = ca.self_signed(&key).expect("signed").pem();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "shop.test");
        let leaf = params.signed_by(&KeyPair::generate().expect("a key"), &Issuer::new(ca, &key)).expect("signed");
        assert!(verdict(&ca_pem, leaf.der(), "shop.test").is_err());
    }

    #[test]
    fn a_file_without_certificates_is_named_with_what_is_wrong() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let shown = file.path().display().to_string();
        let said = |text: &str| {
            fs::write(file.path(), text).expect("written");
            of_file(file.path()).expect_err("refused").to_string()
        };
        assert_eq!(said(""), format!("{shown}: the file is empty"));
        let made = by_openssl(&["localhost"], |_| ());
        let marked = said(&format!("\u{feff}{}", made.pem));
        assert!(marked.starts_with(&shown) && marked.contains("byte order mark"), "{marked}");
        assert!(
            of_file(Path::new("/no/such/file")).expect_err("none").to_string().contains("cannot read /no/such/file")
        );
        assert!(of_file(Path::new("/")).expect_err("none").to_string().contains("not a file"));
        fs::write(file.path(), made.pem).expect("written");
        assert!(of_file(file.path()).is_ok());
    }
}
