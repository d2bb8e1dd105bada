//! What clients may dislike about a chain of certificates that can be served: said when it is loaded, with how to mend it.
use x509_cert::{Certificate, certificate::Version, ext::pkix::SubjectAltName};

/// Whether clients refuse it for its age: version 1 has no extensions, so it names no host.
pub(super) fn is_of_an_old_version(certificate: &Certificate) -> bool {
    certificate.tbs_certificate().version() != Version::V3
}

/// One sentence for each thing, the server's own certificate first.
pub(super) fn remarks(chain: &[Certificate]) -> Vec<String> {
    let without_names = chain.first().filter(|certificate| !names_a_host(certificate)).map(|_| {
        "the certificate names no host, so most clients refuse it; make one that does: \
         openssl req -x509 … -addext subjectAltName=DNS:HOST"
            .to_owned()
    });
    without_names.into_iter().chain(disorder(chain)).collect()
}

fn names_a_host(certificate: &Certificate) -> bool {
    !matches!(certificate.tbs_certificate().get_extension::<SubjectAltName>(), Ok(None))
}

/// The first certificate behind which another one comes than that which signed it (RFC 5246 section 7.4.2).
fn disorder(chain: &[Certificate]) -> Option<String> {
    let signed_by = |upper: &Certificate, lower: &Certificate| {
        upper.tbs_certificate().subject() == lower.tbs_certificate().issuer()
    };
    let index = chain.windows(2).position(|pair| !signed_by(&pair[1], &pair[0]))?;
    let lower = &chain[index];
    let (number, next) = (index + 1, index + 2);
    if signed_by(lower, lower) {
        return Some(format!(
            "certificate {next} and what follows it is not needed, for certificate {number} signed itself; remove it"
        ));
    }
    let right = chain.iter().position(|upper| signed_by(upper, lower));
    Some(match right {
        Some(right) => format!(
            "the chain is out of order, so strict clients refuse it: certificate {} signed certificate {number}; put it right behind that",
            right + 1
        ),
        None => format!(
            "certificate {next} did not sign certificate {number}, so strict clients refuse the chain; put the one of {:?} between them",
            lower.tbs_certificate().issuer().to_string()
        ),
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
    use x509_cert::der::Decode as _;

    use super::*;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new([format!("{name}.test")]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    /// A server's certificate, one above it, and the root.
    fn chain() -> [Certificate; 3] {
        let key = || KeyPair::generate().expect("a key");
        let (root_key, middle_key) = (key(), key());
        let root = params("root").self_signed(&root_key).expect("signed");
        let root_issuer = Issuer::new(params("root"), &root_key);
        let middle = params("middle").signed_by(&middle_key, &root_issuer).expect("signed");
        let leaf = params("leaf").signed_by(&key(), &Issuer::new(params("middle"), &middle_key)).expect("signed");
        [leaf, middle, root].map(|made| Certificate::from_der(made.der()).expect("a certificate"))
    }

    #[test]
    fn a_chain_in_order_with_or_without_its_root_is_fine() {
        let chain = chain();
        for length in 1..=3 {
            assert_eq!(remarks(&chain[..length]), [""; 0]);
        }
    }

    #[test]
    fn what_is_out_of_order_missing_or_too_much_is_said() {
        let [leaf, middle, root] = chain();
        let said = |chain: &[&Certificate]| {
            let chain: Vec<_> = chain.iter().map(|certificate| (*certificate).clone()).collect();
            remarks(&chain).join(" ")
        };
        let swapped = said(&[&leaf, &root, &middle]);
        assert!(
            swapped.contains("out of order") && swapped.contains("certificate 3 signed certificate 1"),
            "{swapped}"
        );
        let gap = said(&[&leaf, &root]);
        assert!(gap.contains("put the one of \"CN=middle\" between them"), "{gap}");
        let more = said(&[&root, &middle]);
        assert!(more.contains("certificate 2 and what follows it is not needed"), "{more}");
    }

    #[test]
    fn a_certificate_without_names_is_told_of() {
        let key = KeyPair::generate().expect("a key");
        let bare = CertificateParams::default().self_signed(&key).expect("signed");
        let bare = Certificate::from_der(bare.der()).expect("a certificate");
        assert!(remarks(&[bare])[0].contains("subjectAltName=DNS:HOST"));
    }
}
