//! JWK thumbprints (RFC 7638): a key's name, computed from the key itself.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 over the required members, sorted by name and without white space, as base64url (43 characters).
///
/// Which members are required depends on the key type: `crv kty x` for Ed25519 (RFC 8037 §2), `e kty n` for RSA.
pub(crate) fn thumbprint<const N: usize>(members: [(&str, &str); N]) -> String {
    let members = BTreeMap::from(members);
    let json = serde_json::to_vec(&members).expect("a map of strings is always JSON");
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7638_section_3_1_rsa_example() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP\
                       ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY\
                       368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f\
                       M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(
            thumbprint([("n", modulus), ("e", "AQAB"), ("kty", "RSA")]),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn rfc_8037_appendix_a_3_ed25519_example() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert_eq!(
            thumbprint([("kty", "OKP"), ("crv", "Ed25519"), ("x", x)]),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
