//! Whom a certificate is for: host names, all hosts of a domain, addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use anyhow::anyhow;
use rcgen::SanType;
use url::Host;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Where the suite is reached on a laptop and in the walkthroughs; `*.example.com` as in 2016.
const USUAL: [&str; 6] = ["localhost", "127.0.0.1", "::1", "*.example.com", "flotilla.test", "*.flotilla.test"];

/// One name in a certificate (RFC 5280 section 4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A host, or `*.` and a domain: any one label before it (RFC 9525 section 6.3).
    Host(String),
    /// An address, which must be in the certificate as one.
    Address(IpAddr),
}

/// The names that a certificate is for unless told otherwise.
pub(super) fn usual() -> Vec<Name> {
    USUAL.iter().map(|text| text.parse().expect("each of them is a name")).collect()
}

/// The names that a certificate is for; those of other kinds are left out.
pub(super) fn of(certificate: &Certificate) -> anyhow::Result<Vec<Name>> {
    let found = certificate.tbs_certificate().get_extension::<SubjectAltName>();
    let (_, SubjectAltName(names)) = found
        .map_err(|error| anyhow!("its names cannot be read: {error}"))?
        .ok_or_else(|| anyhow!("no names in it"))?;
    let known = names.iter().filter_map(|name| match name {
        GeneralName::DnsName(host) => Some(Name::Host(host.to_string())),
        GeneralName::IpAddress(bytes) => address(bytes.as_bytes()).map(Name::Address),
        _ => None,
    });
    Ok(known.collect())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

impl Name {
    /// As it is written into a certificate.
    pub(super) fn to_san(&self) -> anyhow::Result<SanType> {
        Ok(match self {
            Self::Host(host) => SanType::DnsName(host.as_str().try_into()?),
            Self::Address(address) => SanType::IpAddress(*address),
        })
    }

    /// Whether somebody could be asked by it as it is.
    pub(super) const fn is_concrete(&self) -> bool {
        !matches!(self, Self::Host(host) if matches!(host.as_bytes(), [b'*', ..]))
    }
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "not a host name, *.domain or IP address";
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let (star, domain) = text.strip_prefix("*.").map_or(("", text), |domain| ("*.", domain));
        // What else it reads as an address (`127.1`), or forgives (`a%62c`), a certificate's name must not be.
        let plain = domain.chars().all(|character| character.is_alphanumeric() || "-._".contains(character));
        let labels = !domain.ends_with('.') && domain.split('.').all(|label| (1..=63).contains(&label.len()));
        match Host::parse(domain) {
            Ok(Host::Domain(host)) if plain && labels && host.len() <= 253 => Ok(Self::Host(format!("{star}{host}"))),
            _ => Err(WRONG),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => f.write_str(host),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_domains_and_addresses_are_names() {
        for (written, meant) in [
            ("localhost", "localhost"),
            ("Shop.Example.ORG", "shop.example.org"),
            ("*.example.com", "*.example.com"),
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("192.168.49.2", "192.168.49.2"),
            ("FE80:0::1", "fe80::1"),
        ] {
            assert_eq!(written.parse::<Name>().unwrap().to_string(), meant);
        }
    }

    #[test]
    fn what_a_browser_would_not_compare_is_no_name() {
        for text in [
            "",
            "*",
            "*.",
            "*.*.com",
            "a.*.com",
            "a b",
            "https://a",
            "a:443",
            "a/b",
            "127.1",
            "1.2.3",
            "[::1]",
            "a..b",
            "a.",
            "a%62c",
            "user@a",
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        assert!(format!("{}.com", "a".repeat(64)).parse::<Name>().is_err());
    }

    #[test]
    fn only_a_wildcard_is_not_concrete() {
        let concrete: Vec<_> = usual().iter().filter(|name| name.is_concrete()).map(ToString::to_string).collect();
        assert_eq!(concrete, ["localhost", "127.0.0.1", "::1", "flotilla.test"]);
    }
}
