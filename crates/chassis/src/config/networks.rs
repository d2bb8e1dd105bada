//! Networks as people write them: `10.0.0.0/8, 192.168.1.7`.
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, de};

/// A set of networks; a single address is one, too.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether an address is in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl std::str::FromStr for Networks {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = |text: &str| {
            let text = text.trim();
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            // `IpNet` takes zeros in front of a number, which others read as octal.
            let is_address = text.split('/').next().is_some_and(|address| address.parse::<IpAddr>().is_ok());
            match network.map(canonical) {
                Ok(network) if is_address && network.prefix_len() > 0 => Ok(network),
                Ok(_) if is_address => Err("a network of every address, so each client could claim to be another one"),
                _ => Err("not a list of networks"),
            }
        };
        text.split(',').map(network).collect::<Result<_, _>>().map(Self)
    }
}

/// Clients are known by their IPv4 address, also where it came as ::ffff:192.0.2.7.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    let mapped = network.addr().to_canonical();
    let prefix = network.prefix_len().checked_sub(MAPPED_BITS).filter(|_| mapped.is_ipv4() != network.addr().is_ipv4());
    prefix.and_then(|prefix| IpNet::new(mapped, prefix).ok()).unwrap_or(network)
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_as_ranges_or_addresses() {
        let networks: Networks = "10.0.0.0/8, 192.168.1.7,fd00::/8".parse().expect("networks");
        for (address, inside) in [
            ("10.9.8.7", true),
            ("::ffff:10.9.8.7", true),
            ("11.0.0.1", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
            ("fd00::1", true),
        ] {
            assert_eq!(networks.contain(address.parse().expect("an address")), inside, "{address}");
        }
        let mapped: Networks = "::ffff:10.0.0.0/104".parse().expect("networks");
        assert!(mapped.contain([10, 9, 8, 7].into()) && !mapped.contain([11, 9, 8, 7].into()));
        assert!("10.0.0.0/33".parse::<Networks>().is_err());
        assert!("somewhere".parse::<Networks>().is_err());
        assert!("010.0.0.0/8".parse::<Networks>().is_err());
    }

    #[test]
    fn a_network_of_every_address_is_refused() {
        for all in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.0/8, 0.0.0.0/0"] {
            assert!(all.parse::<Networks>().is_err_and(|wrong| wrong.contains("every address")), "{all}");
        }
    }
}
