//! Whose address it is: what may be loaded without saying that one owns it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses where clouds answer every machine with its credentials, in networks that are otherwise near or shared:
/// AWS and Google over IPv6, Alibaba, Oracle. Most clouds use 169.254.169.254, which is link-local.
const METADATA: [IpAddr; 4] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// Whether `address` is on this machine or in a network that is nobody else's: loopback, private (RFC 1918, RFC 4193),
/// set aside for benchmarks (RFC 2544); and for a name that only a cluster knows the shared space of RFC 6598, which
/// clusters take their addresses from, and providers those of their customers. Metadata services are never near, so
/// neither is the link-local network (RFC 3927, RFC 4291).
pub(super) fn is_near(address: IpAddr, in_cluster: bool) -> bool {
    let address = plain(address);
    !is_metadata(address)
        && match address {
            IpAddr::V4(address) => is_near_v4(address, in_cluster),
            IpAddr::V6(address) => address.is_loopback() || address.is_unspecified() || address.is_unique_local(),
        }
}

/// Whether a metadata service of a cloud could answer at `address`.
pub(super) fn is_metadata(address: IpAddr) -> bool {
    let address = plain(address);
    METADATA.contains(&address)
        || match address {
            IpAddr::V4(address) => address.is_link_local(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        }
}

/// The IPv4 address that an IPv6 one stands for, where it does.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => embedded(six).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether a host name (lower case) is one of a cluster or of the local network: `hello`, `hello.shop.svc`, `….local`.
pub(super) fn is_cluster_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.rsplit_once('.') {
        Some((_, top)) => matches!(top, "svc" | "local"),
        None => !host.contains(':'),
    }
}

fn is_near_v4(address: Ipv4Addr, in_cluster: bool) -> bool {
    address.is_loopback()
        || address.is_private()
        // A connection to it goes to this machine.
        || address.is_unspecified()
        || matches!(address.octets(), [198, 18 | 19, _, _])
        || in_cluster && matches!(address.octets(), [100, 64..=127, _, _])
}

/// The IPv4 address that an IPv6 one stands for: mapped (RFC 4291 §2.5.5.2) or translated (RFC 6052 §2.1).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let translated = match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    };
    address.to_ipv4_mapped().or(translated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(address: &str) -> bool {
        is_near(address.parse().unwrap(), false)
    }

    #[test]
    fn this_machine_and_private_networks_are_near() {
        for address in [
            "127.0.0.1",
            "127.8.9.10",
            "0.0.0.0",
            "10.96.0.10",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.49.2",
            "198.19.0.1",
            "::1",
            "::",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
        ] {
            assert!(near(address), "{address}");
        }
    }

    #[test]
    fn everybody_elses_are_not() {
        for address in [
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "100.64.0.1",
            "11.0.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "0.0.0.1",
            "198.20.0.1",
            "2001:db8::1",
            "2606:4700::1111",
            "ff02::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:a00:1::1",
        ] {
            assert!(!near(address), "{address}");
        }
    }

    #[test]
    fn a_metadata_service_needs_consent_in_every_spelling() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "192.0.0.192",
        ] {
            let address = address.parse().unwrap();
            assert!(is_metadata(address), "{address}");
            assert!(!is_near(address, false) && !is_near(address, true), "{address}, whatever its name");
        }
        for address in ["fd00:ec2::253", "100.64.0.1", "10.0.0.1", "127.0.0.1"] {
            assert!(!is_metadata(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_shared_space_is_near_only_under_a_clusters_name() {
        let address = "100.64.3.4".parse().unwrap();
        assert!(is_near(address, true));
        assert!(!is_near(address, false));
        assert!(!is_near("8.8.8.8".parse().unwrap(), true), "a name alone makes nothing near");
    }

    #[test]
    fn a_clusters_names_are_known() {
        for name in ["hello", "localhost", "hello.shop.svc", "hello.shop.svc.cluster.local.", "printer.local"] {
            assert!(is_cluster_name(name), "{name}");
        }
        for name in ["example.com", "svc.example", "hello.svc.example", "local.example", "8.8.8.8", "::1"] {
            assert!(!is_cluster_name(name), "{name}");
        }
    }
}
