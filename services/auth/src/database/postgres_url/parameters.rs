//! libpq's parameters: what is honored, what is true anyway, and what is refused with the reason.
use std::time::Duration;

use super::{parts::Parts, tls::Tls};

/// Values that are true here anyway. Any other value of these would be a promise that auth cannot keep.
const TRUE_ANYWAY: [(&str, &[&str]); 17] = [
    ("channel_binding", &["disable", "prefer"]),
    ("client_encoding", &["UTF8", "utf8", "UTF-8", "utf-8", "unicode"]),
    ("gssencmode", &["disable", "prefer"]),
    ("keepalives", &["0"]),
    ("load_balance_hosts", &["disable"]),
    ("max_protocol_version", &["3.0"]),
    ("min_protocol_version", &["3.0"]),
    ("replication", &["false", "off", "no", "0"]),
    ("requiressl", &["0"]),
    ("ssl_max_protocol_version", &["TLSv1.3"]),
    ("ssl_min_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("sslcertmode", &["allow"]),
    ("sslcompression", &["0"]),
    ("sslnegotiation", &["postgres"]),
    ("sslsni", &["1"]),
    ("target_session_attrs", &["any", "read-write", "primary"]),
    ("tcp_user_timeout", &["0"]),
];

/// Parameters that auth has no use for, or no means.
const REFUSED: [(&str, &str); 23] = [
    ("gssdelegation", "auth has no GSSAPI"),
    ("gsslib", "auth has no GSSAPI"),
    ("keepalives_count", "auth checks its connections every 2 s: remove it"),
    ("keepalives_idle", "auth checks its connections every 2 s: remove it"),
    ("keepalives_interval", "auth checks its connections every 2 s: remove it"),
    ("krbsrvname", "auth has no GSSAPI"),
    ("oauth_client_id", "auth has no OAuth log-in to PostgreSQL"),
    ("oauth_client_secret", "auth has no OAuth log-in to PostgreSQL"),
    ("oauth_issuer", "auth has no OAuth log-in to PostgreSQL"),
    ("oauth_scope", "auth has no OAuth log-in to PostgreSQL"),
    ("passfile", "set the environment variable PGPASSFILE"),
    ("pgbouncer", "auth finds out by itself whether it talks to a pooler: remove it"),
    ("require_auth", "auth cannot restrict how the server asks for the password"),
    ("requirepeer", "auth cannot verify the owner of a socket"),
    ("scram_client_key", "write the password"),
    ("scram_server_key", "write the password"),
    ("service", "write host, port, user and database"),
    ("servicefile", "write host, port, user and database"),
    ("sslcrl", "auth reads no revocation lists"),
    ("sslcrldir", "auth reads no revocation lists"),
    ("sslkeylogfile", "auth never writes down the keys of its connections"),
    ("sslpassword", "store the key unencrypted, readable by auth alone"),
    ("ssl", "only ssl=true is known; write sslmode"),
];

/// Variables that libpq reads for parameters which a URL lacks, of those that say how securely a server is reached. (Who
/// connects where, `PGHOST`, `PGUSER`, `PGPASSWORD` and so on, sqlx reads by itself.)
const VARIABLES: [(&str, &str); 15] = [
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("gssencmode", "PGGSSENCMODE"),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("sslcert", "PGSSLCERT"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
];

/// What a URL's parameters and its parts say together.
#[derive(Default)]
pub(super) struct Parameters {
    /// User, password and database.
    pub(super) identity: Vec<(&'static str, String)>,
    pub(super) options: Vec<String>,
    pub(super) application_name: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) tls: Tls,
    hosts: Option<String>,
    address: Option<String>,
    ports: Option<String>,
    fallback_name: Option<String>,
}

impl Parameters {
    pub(super) fn of(parts: &Parts, environment: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut all = Self::default();
        let said = [("user", &parts.user), ("password", &parts.password), ("dbname", &parts.database)];
        for (name, value) in said {
            all.identity.extend(value.clone().map(|value| (name, value)));
        }
        for (name, value) in &parts.parameters {
            all.take(name, value)?;
        }
        for (name, variable) in VARIABLES {
            let is_said = parts.parameters.iter().any(|(said, _)| said == name || (said == "ssl" && name == "sslmode"));
            if let Some(value) = environment(variable).filter(|value| !is_said && !value.is_empty()) {
                all.take(name, &value).map_err(|wrong| format!("the environment variable {variable}: {wrong}"))?;
            }
        }
        all.application_name = all.application_name.or(all.fallback_name.take());
        all.tls.check()?;
        Ok(all)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = Some(value.to_owned());
        match name {
            "host" => self.hosts = text,
            "hostaddr" => self.address = text,
            "port" => self.ports = text,
            "user" => self.identity.push(("user", value.to_owned())),
            "password" => self.identity.push(("password", value.to_owned())),
            "dbname" => self.identity.push(("dbname", value.to_owned())),
            "options" => self.options.push(value.to_owned()),
            "application_name" => self.application_name = text,
            "fallback_application_name" => self.fallback_name = text,
            "connect_timeout" => self.connect_timeout = seconds(value)?,
            // As libpq: what JDBC writes.
            "ssl" if value == "true" => return self.take("sslmode", "require"),
            _ if self.tls.take(name, value)? => {}
            _ => return judge(name, value),
        }
        Ok(())
    }

    /// Host and port of each server. The parameters `host` and `port` replace those in front of the path.
    pub(super) fn hosts(&self, url: &Parts) -> Result<Vec<(String, Option<u16>)>, String> {
        let (hosts, mut ports): (Vec<String>, Vec<Option<String>>) = match (&self.hosts, &self.address) {
            (Some(_), Some(_)) => return Err(together()),
            (None, Some(_)) if url.hosts.iter().any(|(host, _)| !host.is_empty()) => return Err(together()),
            (Some(hosts), None) => hosts.split(',').map(|host| (host.to_owned(), None)).unzip(),
            (None, Some(addresses)) => addresses.split(',').map(|host| (host.to_owned(), None)).unzip(),
            (None, None) if url.hosts.is_empty() => (vec![String::new()], vec![None]),
            (None, None) => url.hosts.iter().cloned().unzip(),
        };
        if self.address.is_some() && hosts.iter().any(|host| host.parse::<std::net::IpAddr>().is_err()) {
            return Err("hostaddr: allowed: an IP address, or several with commas between them".to_owned());
        }
        if let Some(said) = &self.ports {
            let said: Vec<&str> = said.split(',').collect();
            if said.len() != 1 && said.len() != hosts.len() {
                return Err(format!(
                    "port: {} ports for {} hosts; allowed: one, or as many as hosts",
                    said.len(),
                    hosts.len()
                ));
            }
            ports = (0..hosts.len()).map(|index| Some(said[index % said.len()].to_owned())).collect();
        }
        hosts.into_iter().zip(ports).map(|(host, said)| Ok((checked(host)?, port(said.as_deref())?))).collect()
    }
}

fn together() -> String {
    "hostaddr goes without a host: auth connects to the one that it also verifies".to_owned()
}

fn checked(host: String) -> Result<String, String> {
    if host.starts_with('@') {
        return Err("host: auth knows no abstract sockets; allowed: a name, an address, or the directory of a socket"
            .to_owned());
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::to_owned).unwrap_or(host);
    if host.starts_with('/')
        || !host.contains(|character: char| character.is_whitespace() || "/@?#".contains(character))
    {
        return Ok(host);
    }
    Err(format!("the host is no name and no address; {}", super::ENCODE))
}

fn port(said: Option<&str>) -> Result<Option<u16>, String> {
    let Some(said) = said.filter(|said| !said.is_empty()) else { return Ok(None) };
    let port = said.parse().ok().filter(|port| *port != 0);
    // The text could be a part of a password with a slash in it.
    port.map(Some).ok_or_else(|| {
        format!("the port is no number from 1 to 65535, or the password is cut short; {}", super::ENCODE)
    })
}

/// Zero or less is no limit, as in libpq.
fn seconds(value: &str) -> Result<Option<Duration>, String> {
    let seconds: i64 = value.parse().map_err(|_| "connect_timeout: allowed: a number of seconds")?;
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

/// A parameter that changes nothing, or cannot be honored, or that libpq does not know either. Values are never shown: a
/// password may stand in the wrong place.
fn judge(name: &str, value: &str) -> Result<(), String> {
    if let Some((_, allowed)) = TRUE_ANYWAY.iter().find(|(known, _)| *known == name) {
        let allowed_values = || allowed.join(", ");
        return if allowed.contains(&value) {
            Ok(())
        } else {
            Err(format!("{name}: auth cannot honor this value{}; allowed: {}", why(name, value), allowed_values()))
        };
    }
    if let Some((_, why)) = REFUSED.iter().find(|(known, _)| *known == name) {
        return Err(format!("{name} is not supported: {why}"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return Err(format!("a parameter that PostgreSQL's clients do not know; {}", super::ENCODE));
    }
    Err(format!("PostgreSQL's clients know no parameter {name}{}", similar(name)))
}

/// What helps with the values that are refused most often.
fn why(name: &str, value: &str) -> &'static str {
    match (name, value) {
        ("channel_binding", _) => {
            ", for it knows SCRAM without channel binding only: remove it, and use sslmode=verify-full"
        }
        ("target_session_attrs", _) => ", for it writes with every login",
        _ => "",
    }
}

/// A known name that differs by a letter or two.
fn similar(name: &str) -> String {
    const HONORED: [&str; 15] = [
        "host",
        "hostaddr",
        "port",
        "user",
        "password",
        "dbname",
        "options",
        "application_name",
        "fallback_application_name",
        "connect_timeout",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "target_session_attrs",
    ];
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    let nearest = HONORED.into_iter().min_by_key(|known| distance(known)).filter(|known| distance(known) <= 2);
    nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"))
}
