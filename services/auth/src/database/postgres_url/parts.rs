//! The parts of a URL, decoded.
use std::fmt::Write as _;

use super::ENCODE;

/// The parts of a URL: `user:password@host:port,host:port/database?name=value&name=value`.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// Hosts and their ports as they are written, decoded.
    pub(super) hosts: Vec<(String, Option<String>)>,
    pub(super) database: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
    /// Whether a slash in the password seems to have ended it.
    is_cut_short: bool,
}

impl Parts {
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
        let mut parts = Self::default();
        let (authority, after) = split_at_any(rest, &['/']);
        // As libpq does: what stands before an @ is a user and a password, whatever else is in it.
        let (authority, path) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => {
                parts.credentials(credentials)?;
                let (hosts, query) = split_at_any(hosts, &['?']);
                (hosts, if query.is_empty() { after } else { &rest[rest.len() - query.len() - after.len()..] })
            }
            None => split_at_any(rest, &['/', '?']),
        };
        // Another @ further on: a password with a slash in it ended the authority too early.
        parts.is_cut_short = parts.user.is_none() && !authority.is_empty() && path.contains('@');
        if parts.is_cut_short && path.split('?').next().is_some_and(|path| path.contains('@')) {
            return Err(ENCODE.to_owned());
        }
        let outcome = parts.hosts(authority).and_then(|()| parts.path(path));
        outcome.map_err(|wrong| parts.explain(wrong))?;
        Ok(parts)
    }

    /// What is wrong; the likelier cause, if there is one. Then no part of the text is shown: it may be the password.
    pub(super) fn explain(&self, wrong: String) -> String {
        if self.is_cut_short { ENCODE.to_owned() } else { wrong }
    }

    fn credentials(&mut self, text: &str) -> Result<(), String> {
        let (user, password) = text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
        let decode = |text| decode(text).ok_or_else(|| ENCODE.to_owned());
        self.user = Some(decode(user)?).filter(|user| !user.is_empty());
        self.password = password.map(decode).transpose()?;
        Ok(())
    }

    fn hosts(&mut self, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Ok(());
        }
        for host in text.split(',') {
            let (host, port) = split_port(host)?;
            let decode = |text| decode(text).ok_or_else(|| "a host with a broken percent-encoding".to_owned());
            self.hosts.push((decode(host)?, port.map(decode).transpose()?));
        }
        Ok(())
    }

    fn path(&mut self, text: &str) -> Result<(), String> {
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let database = decode(path.strip_prefix('/').unwrap_or(path));
        let database = database.ok_or("the database's name has a broken percent-encoding; write % as %25")?;
        self.database = Some(database).filter(|name| !name.is_empty());
        for pair in query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or("a parameter without a value; allowed: NAME=VALUE")?;
            let name = decode(name).ok_or("a parameter's name has a broken percent-encoding")?;
            let value = decode(value).ok_or_else(|| format!("{name} has a broken percent-encoding; write % as %25"))?;
            self.parameters.push((name, value));
        }
        Ok(())
    }
}

/// What stands before the first of these characters, and the rest from there on.
fn split_at_any<'a>(text: &'a str, characters: &[char]) -> (&'a str, &'a str) {
    text.split_at(text.find(characters).unwrap_or(text.len()))
}

/// An IPv6 address stands in brackets.
fn split_port(host: &str) -> Result<(&str, Option<&str>), String> {
    let after_host = if let Some(rest) = host.strip_prefix('[') {
        let (address, after) = rest.split_once(']').ok_or("an IPv6 address without its closing bracket")?;
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return Err("in brackets is no IPv6 address".to_owned());
        }
        (address, after)
    } else {
        split_at_any(host, &[':'])
    };
    match after_host {
        (host, "") => Ok((host, None)),
        (host, port) => match port.strip_prefix(':') {
            Some(port) if !port.contains(':') => Ok((host, Some(port).filter(|port| !port.is_empty()))),
            _ => Err("an IPv6 address stands in brackets: [::1]:5432".to_owned()),
        },
    }
}

/// `%2F` is a slash; a plus sign is itself. None if it is broken, or no UTF-8, or has a NUL.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits)
                .ok()
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|byte| *byte != 0)?);
            rest = after;
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The same the other way round, every byte of it.
pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        // Writing to a string cannot fail.
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}
