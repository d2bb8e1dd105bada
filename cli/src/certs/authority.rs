//! The CA: founded, or known again by its key; signs servers' certificates.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use secrecy::zeroize::Zeroizing;
use x509_cert::Certificate;
use x509_cert::der::{DecodePem as _, Encode as _};

use super::BACKDATED;
use super::names::Name;

/// The longest common name (RFC 5280 appendix A.1, ub-common-name).
const LONGEST_COMMON_NAME: usize = 64;

/// From when until when a certificate is good.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    from: SystemTime,
    pub(super) until: SystemTime,
}

impl Validity {
    /// So many days from now on, and a little before.
    pub(super) fn of(days: u16, now: SystemTime) -> Self {
        Self { from: now - BACKDATED, until: now + Duration::from_hours(24) * u32::from(days) }
    }

    /// A certificate that outlived its CA would be good for nothing.
    pub(super) fn within(self, end: SystemTime) -> Self {
        Self { until: self.until.min(end), ..self }
    }

    /// How long that is.
    pub(super) fn days(self) -> u64 {
        self.until.duration_since(self.from).unwrap_or_default().as_secs() / (24 * 60 * 60)
    }

    fn write(self, params: &mut CertificateParams) {
        let since_epoch = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + since_epoch(self.from);
        params.not_after = epoch + since_epoch(self.until);
    }
}

/// A CA with its key. Its name follows from the key, so that the key alone is enough to sign in its name again, and two
/// CAs in one trust store are told apart.
#[derive(Debug)]
pub(super) struct Authority {
    key: KeyPair,
    certificate: String,
    until: SystemTime,
}

/// A server's certificate and its private key, both as PEM.
pub(super) struct Signed {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
}

impl Authority {
    /// Makes a key and a certificate that signs itself.
    pub(super) fn found(validity: Validity) -> anyhow::Result<Self> {
        let key = KeyPair::generate().context("cannot make a key for the CA")?;
        let mut params = params(&key);
        validity.write(&mut params);
        let certificate = params.self_signed(&key).context("cannot sign the CA's certificate")?.pem();
        Ok(Self { key, certificate, until: validity.until })
    }

    /// Knows a CA of ours again, by its key and its certificate.
    pub(super) fn known(key: &str, certificate: String) -> anyhow::Result<Self> {
        let key = KeyPair::from_pem(key).context("the CA's key is no private key in PEM")?;
        let parsed = Certificate::from_pem(&certificate).context("ca.pem is no certificate in PEM")?;
        let parsed = parsed.tbs_certificate();
        let same_key = parsed.subject_public_key_info().to_der().context("ca.pem has no readable key")?
            == key.subject_public_key_info();
        ensure!(same_key, "ca.pem has another key");
        let our_name = parsed.subject().to_string() == format!("CN={}", name(&key));
        ensure!(our_name, "ca.pem was not made by flotilla certs");
        Ok(Self { key, certificate, until: parsed.validity().not_after.to_system_time() })
    }

    /// When its certificate ends.
    pub(super) const fn good_until(&self) -> SystemTime {
        self.until
    }

    /// What clients have to know.
    pub(super) fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// What nobody has to know.
    pub(super) fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.serialize_pem())
    }

    /// Makes a key and a certificate for a server with these names.
    pub(super) fn sign(&self, names: &[Name], validity: Validity) -> anyhow::Result<Signed> {
        let key = KeyPair::generate().context("cannot make a key for the server")?;
        let mut server = CertificateParams::default();
        validity.write(&mut server);
        server.distinguished_name = DistinguishedName::new();
        // Clients compare the names below; this one is for people who look at lists.
        if let Some(name) = names.first().map(ToString::to_string).filter(|name| name.len() <= LONGEST_COMMON_NAME) {
            server.distinguished_name.push(DnType::CommonName, name);
        }
        server.subject_alt_names = names.iter().map(Name::to_san).collect::<Result<_, _>>()?;
        server.is_ca = IsCa::ExplicitNoCa;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let certificate = server.signed_by(&key, &Issuer::new(params(&self.key), &self.key));
        let certificate = certificate.context("cannot sign the server's certificate")?.pem();
        Ok(Signed { certificate, key: Zeroizing::new(key.serialize_pem()) })
    }
}

fn params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name(key));
    // It signs servers, never another CA.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn name(key: &KeyPair) -> String {
    let identifier = CertificateParams::default().key_identifier(key);
    let digits = identifier.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    format!("flotilla CA {digits:08x}")
}
