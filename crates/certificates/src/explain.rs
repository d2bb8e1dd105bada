//! Why a handshake failed, in words that say what to do about it.
use std::{error::Error as StdError, io};

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// What TLS had to say, somewhere among the causes of an error, with what to do about it.
pub fn explain(error: &(dyn StdError + 'static)) -> Option<String> {
    let error = within(error)?;
    Some(match hint(error) {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    })
}

/// An I/O error does not count what it wraps among its causes.
fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    if let Some(found) = error.downcast_ref::<Error>() {
        return Some(found);
    }
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.and_then(|inner| within(inner)).or_else(|| error.source().and_then(within))
}

fn hint(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::InvalidCertificate(error) => return of_certificate(error),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS on this port; perhaps it is plain http"
        }
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol => {
            "the server does not speak HTTP/1.1"
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            "server and client have no version or cipher of TLS in common; TLS 1.2 and 1.3 are spoken here"
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => "the server has no certificate for this host",
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a certificate of its clients, and none can be given here"
        }
        _ => return None,
    })
}

fn of_certificate(error: &CertificateError) -> Option<&'static str> {
    Some(match error {
        CertificateError::UnknownIssuer => {
            "no certificate that is trusted here signed it; trust its CA's certificate, and let the server send the \
             certificates between that and its own"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "renew the server's certificate, or set this machine's clock right"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "set the clock right, here or where the certificate was made"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ask by a name that the certificate has, or make one with this name: openssl req -x509 … -addext \
             subjectAltName=DNS:HOST"
        }
        CertificateError::BadSignature => {
            "another certificate of the same name is trusted here, not the one that signed it"
        }
        // The names of the library below, whose types are not shown.
        CertificateError::Other(other) => match format!("{:?}", other.0).as_str() {
            "CaUsedAsEndEntity" => {
                "the server shows a CA's certificate as its own; trust exactly this certificate, or make one with \
                 openssl req -x509 … -addext basicConstraints=critical,CA:FALSE"
            }
            "UnsupportedCertVersion" => {
                "it is of X.509 version 1; make one of version 3: openssl req -x509 … -addext subjectAltName=DNS:HOST"
            }
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rustls::{
        pki_types::{CertificateDer, pem::PemObject as _},
        server::ParsedCertificate,
    };

    use super::*;

    /// Of `openssl x509 -req -signkey`, without an extension.
    const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBJTCBywIUX0CSe3YOaXw6kT56rwzxy2yuxAMwCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTIwMTE0MDExOVoYDzIxMjYxMTA3MTQwMTE5
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQc8RbKyZQ8AAT5TBOiL2g1rV6E6ic4U8OfefGfYrgWffJQFijrNyemvvfIxRD3
5yZAidCngT55sQz2LcpQXfjjMAoGCCqGSM49BAMCA0kAMEYCIQCr1zFJtzXTmLTe
HbVHzMTU3p/2vNrXnPDLrF6Kh0ROKAIhAIcxwloa/mxpboj/B7ah7c1xSdMFKSY2
Ir4VmBxhpgUz
-----END CERTIFICATE-----
";

    #[test]
    fn a_certificate_of_version_1_is_named_with_what_to_make_instead() {
        let certificate = CertificateDer::from_pem_slice(VERSION_1.as_bytes()).expect("a certificate");
        let Err(error) = ParsedCertificate::try_from(&certificate) else { panic!("version 1 is known") };
        let said = explain(&error).expect("words");
        assert!(said.contains("version 1") && said.contains("openssl req -x509"), "{said}");
    }

    #[test]
    fn the_cause_is_found_however_it_is_wrapped() {
        let cause = || Error::InvalidMessage(InvalidMessage::InvalidContentType);
        let once = io::Error::new(io::ErrorKind::InvalidData, cause());
        let twice = io::Error::other(io::Error::other(cause()));
        for error in [&cause() as &(dyn StdError + 'static), &once, &twice] {
            let said = explain(error).expect("words");
            assert!(said.contains("does not speak TLS"), "{said}");
        }
        assert_eq!(explain(&io::Error::other("the cable")), None);
    }
}
