//! A certificate chain with its private key: checked once, when it is loaded, so that no handshake finds out.
use std::{io, sync::Arc, time::SystemTime};

use certificates::{PemError, pem};
use rustls::{
    Error, InconsistentKeys, ServerConfig,
    client::verify_server_name,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    server::{NoServerSessionStorage, ParsedCertificate},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
};

use super::{chain, standing::Validity};

/// Why a pair of files is no use. Displays what is wrong with the file, without showing anything of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("cannot be read: {}", plain(.0))]
    CertificateUnread(#[source] io::Error),
    #[error("cannot be read: {}", plain(.0))]
    KeyUnread(#[source] io::Error),
    #[error("{0}")]
    NoCertificate(#[source] PemError),
    #[error(
        "the certificate is of X.509 version 1, which clients refuse; make one of version 3: \
         openssl req -x509 … -addext subjectAltName=DNS:HOST"
    )]
    OldVersion,
    #[error("the private key is that of certificate {0} in it; the server's own certificate must come first")]
    OutOfOrder(usize),
    #[error("a certificate in it cannot be read")]
    BrokenCertificate,
    #[error("{0}")]
    NoKey(#[source] PemError),
    #[error("the private key is of a kind or size that TLS has no use for")]
    UselessKey,
    #[error("the private key is not that of the certificate")]
    Mismatch,
    #[error("TLS cannot be set up with it: {0}")]
    Setup(#[source] Error),
}

impl Unusable {
    pub(super) const fn is_about_the_key(&self) -> bool {
        matches!(self, Self::KeyUnread(_) | Self::NoKey(_) | Self::UselessKey | Self::Mismatch)
    }

    /// The setting that names the file.
    pub(super) const fn setting(&self) -> &'static str {
        if self.is_about_the_key() { "TLS_KEY_FILE" } else { "TLS_CERT_FILE" }
    }
}

/// Who we are to clients.
#[derive(Debug)]
pub(super) struct Identity {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
    validity: Validity,
    remarks: Vec<String>,
}

impl Identity {
    /// From certificates, the server's own first, and a key.
    pub(super) fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, Unusable> {
        let chain = pem::certificates(certificates).map_err(Unusable::NoCertificate)?;
        let parsed: Option<Vec<_>> = chain.iter().map(|certificate| Certificate::from_der(certificate).ok()).collect();
        let parsed = parsed.ok_or(Unusable::BrokenCertificate)?;
        let certificate = chain.first().ok_or(Unusable::BrokenCertificate)?.clone();
        let validity = validity(&parsed).ok_or(Unusable::BrokenCertificate)?;
        let remarks = chain::remarks(&parsed);
        let key = pem::private_key(key).map_err(Unusable::NoKey)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certified = certified(chain, &parsed, key, &provider)?;
        let config = config(certified, provider).map_err(Unusable::Setup)?;
        Ok(Self { config: Arc::new(config), certificate, validity, remarks })
    }

    /// For a handshake.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// From when until when it is good.
    pub(super) const fn validity(&self) -> Validity {
        self.validity
    }

    /// Says in the log what clients may dislike about the chain.
    pub(super) fn tell_remarks(&self) {
        for why in &self.remarks {
            tracing::warn!(why, "clients may refuse the certificate");
        }
    }

    /// Its end, in seconds since 1970.
    pub(super) fn expires_at(&self) -> f64 {
        self.validity.end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
    }

    /// Whether a client would accept it for this host: a name or an address, without brackets or a port.
    pub(super) fn is_for(&self, host: &str) -> bool {
        let Ok(name) = ServerName::try_from(host) else { return false };
        ParsedCertificate::try_from(&self.certificate)
            .is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
    }
}

fn validity(chain: &[Certificate]) -> Option<Validity> {
    let of = |certificate: &Certificate| {
        let validity = certificate.tbs_certificate().validity();
        (validity.not_before.to_system_time(), validity.not_after.to_system_time())
    };
    Validity::of(&chain.iter().map(of).collect::<Vec<_>>())
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    parsed: &[Certificate],
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Unusable> {
    let key = provider.key_provider.load_private_key(key).map_err(|_| Unusable::UselessKey)?;
    if let Some(public) = key.public_key() {
        let has_it = |certificate: &Certificate| {
            let key = certificate.tbs_certificate().subject_public_key_info().to_der();
            key.is_ok_and(|key| key == public.as_ref())
        };
        match parsed.iter().position(has_it) {
            None => return Err(Unusable::Mismatch),
            Some(0) => {}
            Some(index) => return Err(Unusable::OutOfOrder(index + 1)),
        }
    }
    if parsed.first().is_some_and(chain::is_of_an_old_version) {
        return Err(Unusable::OldVersion);
    }
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        // Some kinds of keys do not tell their public half; those of this library all do.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(Unusable::Mismatch),
        Err(_) => Err(Unusable::BrokenCertificate),
    }
}

/// TLS 1.2 and 1.3, both with forward secrecy and authenticated encryption only (RFC 9325 section 4): the library has no
/// others.
fn config(certified: CertifiedKey, provider: Arc<CryptoProvider>) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    // Who offers other protocols only is told so in the handshake (RFC 7301 section 3.2).
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
    // Sessions are resumed by what the client keeps, so a crowd of clients takes no memory here. Each certificate has
    // tickets of its own: after a change everybody is shown the new one.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

fn plain(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};

    use rustls::pki_types::pem::PemObject as _;

    use super::{
        super::fixture::{pair, pair_of},
        *,
    };

    fn identity(certificate: &str, key: &str) -> Result<Identity, Unusable> {
        Identity::from_pem(certificate.as_bytes(), key.as_bytes())
    }

    fn unusable(certificate: &str, key: &str) -> Unusable {
        identity(certificate, key).expect_err("refused")
    }

    #[test]
    fn the_usual_kinds_of_keys_are_taken() {
        for kind in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519, &PKCS_RSA_SHA256] {
            let key = KeyPair::generate_for(kind).expect("a key");
            let (certificate, key) = pair_of(&key, &["localhost"], (2020, 2030));
            assert!(identity(&certificate, &key).is_ok());
        }
    }

    #[test]
    fn what_is_wrong_with_a_pair_is_told_before_anybody_is_shown_it() {
        let (certificate, key) = pair(&["localhost"], (2020, 2030));
        let (other, _) = pair(&["localhost"], (2020, 2030));
        let broken = certificate.replacen("MII", "AAA", 1);
        let half = &certificate[..certificate.len() / 2];
        let unreadable = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let nonsense = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(unusable(&other, &key), Unusable::Mismatch));
        assert!(matches!(unusable("", &key), Unusable::NoCertificate(PemError::Empty)));
        assert!(matches!(unusable(&key, &certificate), Unusable::NoCertificate(PemError::OtherBlock { .. })));
        assert!(matches!(unusable(&broken, &key), Unusable::NoCertificate(PemError::NotX509(1))));
        assert!(matches!(unusable(half, &key), Unusable::NoCertificate(PemError::NoEnd)));
        assert!(matches!(unusable(&certificate, "garbage"), Unusable::NoKey(PemError::Nothing(_))));
        assert!(matches!(unusable(&certificate, &unreadable), Unusable::NoKey(PemError::Encrypted)));
        assert!(matches!(unusable(&certificate, nonsense), Unusable::UselessKey));
        assert!(matches!(unusable(&format!("{other}{certificate}"), &key), Unusable::OutOfOrder(2)));
        let marked = unusable(&format!("\u{feff}{certificate}"), &key);
        assert!(marked.to_string().contains("byte order mark") && !marked.is_about_the_key(), "{marked}");
        let marked = unusable(&certificate, &format!("\u{feff}{key}"));
        assert!(marked.to_string().contains("byte order mark") && marked.is_about_the_key(), "{marked}");
    }

    /// As `openssl x509 -req -signkey` makes it, which old tutorials do.
    #[test]
    fn a_certificate_of_version_1_is_named() {
        let (certificate, key) = pair(&["localhost"], (2020, 2030));
        let mut der = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate").to_vec();
        let version_3 = der.windows(5).position(|field| field == [0xa0, 3, 2, 1, 2]).expect("a version");
        der[version_3 + 4] = 0;
        let base64 = base64::engine::general_purpose::STANDARD.encode(der);
        let old = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        let refusal = unusable(&old, &key);
        assert!(matches!(refusal, Unusable::OldVersion), "{refusal}");
        assert!(refusal.to_string().contains("subjectAltName"), "{refusal}");
    }

    #[test]
    fn a_chain_ends_with_the_first_that_ends() {
        let (certificate, key) = pair(&["localhost"], (2020, 2030));
        let (above, _) = pair(&["above"], (2021, 2027));
        let both = identity(&(certificate + &above), &key).expect("an identity");
        let years = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).expect("later").as_secs() / 31_556_952;
        let Validity { begin, end, .. } = both.validity();
        let within = Duration::from_hours(48);
        assert_eq!((years(begin + within) + 1970, years(end + within) + 1970), (2021, 2027));
        assert!((both.expires_at() - 1_798_761_600.0).abs() < 1.0, "{}", both.expires_at());
    }

    #[test]
    fn it_is_for_the_hosts_that_it_names() {
        let (certificate, key) = pair(&["shop.example.org", "*.example.com", "127.0.0.1", "::1"], (2020, 2030));
        let identity = identity(&certificate, &key).expect("an identity");
        for host in ["shop.example.org", "SHOP.example.org", "a.example.com", "127.0.0.1", "::1"] {
            assert!(identity.is_for(host), "{host}");
        }
        for host in
            ["example.com", "a.b.example.com", "localhost", "127.0.0.2", "", "a b", "evil.test", "*.example.com"]
        {
            assert!(!identity.is_for(host), "{host}");
        }
    }
}
