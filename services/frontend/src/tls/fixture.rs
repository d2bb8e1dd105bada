//! Certificates for the tests of this module, each of which signs itself.
use rcgen::{CertificateParams, KeyPair};

/// A certificate and its key, as PEM.
pub(super) type Pair = (String, String);

/// Good in these years, from their first of January.
pub(super) fn pair(names: &[&str], years: (i32, i32)) -> Pair {
    pair_of(&KeyPair::generate().expect("a key"), names, years)
}

/// The same with a key of another kind.
pub(super) fn pair_of(key: &KeyPair, names: &[&str], (from, until): (i32, i32)) -> Pair {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    (params.self_signed(key).expect("signed").pem(), key.serialize_pem())
}
