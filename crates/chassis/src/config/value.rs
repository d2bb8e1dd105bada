//! Values as people write them: addresses to listen on, and spans of time.
use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use serde::{Deserialize, de};
use url::Url;

/// An address to listen on, as Go writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenAddr {
    /// `127.0.0.1:8080`, `[::1]:80`. As in Go, `[::]:80` answers on IPv4 addresses too.
    One(SocketAddr),
    /// `:80`: every address of the machine, IPv6 and IPv4.
    Everywhere(u16),
    /// `localhost:8080`: both 127.0.0.1 and ::1, because browsers try one or the other.
    Localhost(u16),
}

impl ListenAddr {
    /// One address: the whole of it, or what stands for it.
    pub fn address(&self) -> SocketAddr {
        match *self {
            Self::One(address) => address,
            Self::Everywhere(port) => (Ipv6Addr::UNSPECIFIED, port).into(),
            Self::Localhost(port) => (Ipv4Addr::LOCALHOST, port).into(),
        }
    }
}

impl std::str::FromStr for ListenAddr {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once(':').ok_or("no port in it")? {
            ("", port) => Ok(Self::Everywhere(port_number(port)?)),
            (host, port) if host.eq_ignore_ascii_case("localhost") => Ok(Self::Localhost(port_number(port)?)),
            (_, port) => {
                port_number(port)?;
                text.parse().map(Self::One).map_err(|_| "not an IP address with a port")
            }
        }
    }
}

fn port_number(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "the port is not a number from 0 to 65535")
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(address) => address.fmt(f),
            Self::Everywhere(port) => write!(f, ":{port}"),
            Self::Localhost(port) => write!(f, "localhost:{port}"),
        }
    }
}

impl<'de> Deserialize<'de> for ListenAddr {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A span of time as humantime reads it: `500ms`, `2m`, `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|_| de::Error::custom("not a span of time with a unit"))
    }
}

/// An `http` or `https` URL with a host and without user or password, which a log would show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(pub Url);

impl<'de> Deserialize<'de> for HttpUrl {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let url = Url::parse(&text).map_err(|error| de::Error::custom(format!("not a URL ({error})")))?;
        // Browsers mend these, and so does the parser: it would take the path's first segment for the host.
        let is_mended = text.contains(['\\', ' ']) || text.contains(":///") || !text.contains("://");
        if !["http", "https"].contains(&url.scheme()) || !url.has_host() || is_mended {
            return Err(de::Error::custom("not an http or https URL"));
        }
        if url.fragment().is_some() {
            return Err(de::Error::custom("a URL with a fragment, which no request contains"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(de::Error::custom("a URL with user or password in it"));
        }
        Ok(Self(url))
    }
}

impl Span {
    /// Longer waits are a slip of the pen, and instants cannot be reckoned that far.
    const LONGEST: Duration = Duration::from_hours(24);

    /// The problem of a setting that is above 24 h.
    pub fn too_long(self, setting: &'static str) -> Option<(&'static str, String)> {
        (self.0 > Self::LONGEST).then(|| (setting, "too long; allowed: a span of time up to 24h".to_owned()))
    }

    /// The problem of a setting that is zero or above 24 h.
    pub fn zero_or_too_long(self, setting: &'static str) -> Option<(&'static str, String)> {
        let zero = self.0.is_zero().then(|| (setting, "zero; allowed: a span of time up to 24h".to_owned()));
        zero.or_else(|| self.too_long(setting))
    }
}

impl std::ops::Deref for Span {
    type Target = Duration;
    fn deref(&self) -> &Duration {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_be_written_as_go_writes_them() {
        for (written, meant) in [
            ("127.0.0.1:9080", ListenAddr::One(([127, 0, 0, 1], 9080).into())),
            (":80", ListenAddr::Everywhere(80)),
            ("localhost:0", ListenAddr::Localhost(0)),
            ("LOCALHOST:0", ListenAddr::Localhost(0)),
            ("[::1]:81", ListenAddr::One((Ipv6Addr::LOCALHOST, 81).into())),
        ] {
            assert_eq!(written.parse(), Ok(meant));
            assert_eq!(meant.to_string(), written.to_lowercase());
        }
    }

    #[test]
    fn an_address_that_is_none_says_what_it_lacks() {
        assert_eq!("nonsense".parse::<ListenAddr>(), Err("no port in it"));
        assert_eq!("1.2.3.4:http".parse::<ListenAddr>(), Err("the port is not a number from 0 to 65535"));
        assert_eq!("1.2.3.4:70000".parse::<ListenAddr>(), Err("the port is not a number from 0 to 65535"));
        assert_eq!("example.com:80".parse::<ListenAddr>(), Err("not an IP address with a port"));
    }

    #[test]
    fn a_url_is_not_mended() {
        let read = |text: &str| HttpUrl::deserialize(de::value::StrDeserializer::<de::value::Error>::new(text));
        for good in ["http://auth", "https://auth.example:8443/keys?version=1", "http://[::1]:8080/"] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in
            ["http:///x", "http://h/a b", "http://h\\x", "http:h", "ftp://h", "http://h/#f", "http://u:p@h/", "h"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
