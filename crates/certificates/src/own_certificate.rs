//! A server's certificate that is trusted itself, not by who signed it.
//!
//! `openssl req -x509` makes a certificate that signs itself and says that it is a CA's. The verifier wants to meet such
//! a certificate above a server's, never as a server's own. But whoever put exactly this certificate among those that
//! are trusted means the server that shows it, as with curl. Its times, its use and its names count all the same.
use std::time::Duration;

use rustls::{
    CertificateError, Error,
    client::verify_server_name,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use x509_cert::{
    Certificate,
    der::{Decode as _, asn1::ObjectIdentifier},
    ext::pkix::{ExtendedKeyUsage, SubjectAltName},
};

const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const ANY_USE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// Whether a certificate that is trusted itself is good for this host now; else the error, which is `otherwise` where
/// there is nothing better to say.
pub(crate) fn verify(
    certificate: &CertificateDer<'_>,
    host: &ServerName<'_>,
    now: UnixTime,
    otherwise: Error,
) -> Result<(), Error> {
    let Ok(parsed) = Certificate::from_der(certificate) else { return Err(otherwise) };
    check_times(&parsed, now)?;
    if !is_for_servers(&parsed) {
        return Err(otherwise);
    }
    let checked = ParsedCertificate::try_from(certificate)?;
    match verify_server_name(&checked, host) {
        Ok(()) => Ok(()),
        Err(_) if has_common_name_only(&parsed, host) => Ok(()),
        Err(error) => Err(error),
    }
}

fn check_times(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let validity = certificate.tbs_certificate().validity();
    let seconds = |at: Duration| UnixTime::since_unix_epoch(at);
    let (not_before, not_after) =
        (seconds(validity.not_before.to_unix_duration()), seconds(validity.not_after.to_unix_duration()));
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(())
}

fn is_for_servers(certificate: &Certificate) -> bool {
    match certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>() {
        Ok(None) => true,
        Ok(Some((_, ExtendedKeyUsage(uses)))) => uses.contains(&SERVER_AUTH) || uses.contains(&ANY_USE),
        Err(_) => false,
    }
}

/// `openssl req -x509` without `-addext` names the host in the subject only. That is no way to name a host (RFC 9525
/// section 1.2), except where exactly this certificate is trusted, so that nobody else's can be meant.
fn has_common_name_only(certificate: &Certificate, host: &ServerName<'_>) -> bool {
    let certificate = certificate.tbs_certificate();
    let names_hosts = !matches!(certificate.get_extension::<SubjectAltName>(), Ok(None));
    let name = certificate.subject().common_name().ok().flatten();
    !names_hosts && name.is_some_and(|name| name.value().eq_ignore_ascii_case(&host.to_str()))
}
