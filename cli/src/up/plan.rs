//! What is to be started: which services, on which ports, with which settings.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use chassis::config::Sources;
use url::Url;

use super::{
    door::Door,
    ports::{Held, Ports, any},
};
use crate::service::Name;

/// What `up --help` says of the services' settings.
pub(crate) const SETTINGS_HELP: &str = "\
Settings:
  The services read their settings from the environment as ever (AUTH_TOKEN_TTL=1m),
  but for those that make them a suite. These, and their _FILE forms, do not count:
    AUTH_HTTP_ADDR, AUTH_HEALTH_ADDR, AUTH_DATA_DIR, AUTH_PUBLIC_URL, AUTH_TRUSTED_PROXIES
    HELLO_HTTP_ADDR, HELLO_HEALTH_ADDR, HELLO_JWKS_URL
    FRONTEND_HTTP_ADDR, FRONTEND_HEALTH_ADDR, FRONTEND_AUTH_URL, FRONTEND_HELLO_URL
    MONOLITH_HTTP_ADDR, MONOLITH_HEALTH_ADDR, MONOLITH_DATA_DIR
  nor, with --ephemeral, AUTH_DATABASE_URL and MONOLITH_DATABASE_URL.
  LOG_FORMAT is what --log-format says.
  Switches and faults are on: AUTH_LAB, HELLO_LAB, FRONTEND_LAB and MONOLITH_LAB are true unless you set them.
  With FRONTEND_TLS_CERT_FILE and FRONTEND_TLS_KEY_FILE the suite speaks TLS; flotilla certs makes such files.";

/// The services, in the order of their start.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) services: Vec<Berth>,
    /// How people reach the last of them.
    pub(super) door: Door,
}

/// A service's place: its ports and its settings.
#[derive(Debug)]
pub(crate) struct Berth {
    pub(crate) name: Name,
    /// What it is called where there are several of that name.
    pub(crate) label: &'static str,
    pub(crate) http: SocketAddr,
    pub(crate) health: SocketAddr,
    /// Variables on top of the user's own.
    pub(crate) settings: Vec<(String, String)>,
    /// Variables of the user that would contradict them.
    pub(crate) unset: Vec<String>,
    /// Both ports, held so that nobody takes them before the service does.
    held: [Held; 2],
}

impl Plan {
    /// Chooses ports: the suite's own as asked for, the others next to it where they are free.
    pub(crate) fn new(port: u16, monolith: bool) -> anyhow::Result<Self> {
        let mut ports = Ports::from(port);
        let entry = ports.entry()?;
        let entry_health = ports.next()?;
        if monolith {
            let monolith = Berth::new(Name::Monolith, entry, entry_health)?;
            return Ok(Self { services: vec![monolith], door: Door::default() });
        }
        let door = Door::of(&Sources::of_process());
        let mut auth = Berth::new(Name::Auth, ports.next()?, ports.next()?)?;
        let mut hello = Berth::new(Name::Hello, ports.next()?, ports.next()?)?;
        let mut frontend = Berth::new(Name::Frontend, entry, entry_health)?;
        hello.takes_keys_from(auth.http);
        frontend.set("AUTH_URL", format!("http://{}", auth.http));
        frontend.set("HELLO_URL", format!("http://{}", hello.http));
        // Clients come by the frontend: that is where auth is, and the frontend knows who they are.
        auth.set("PUBLIC_URL", format!("{}://{}", door.scheme(), frontend.http));
        auth.set("TRUSTED_PROXIES", frontend.http.ip().to_string());
        Ok(Self { services: vec![auth, hello, frontend], door })
    }

    /// Tells the services where data goes and how to log.
    pub(crate) fn furnish(&mut self, data: &Path, ephemeral: bool, log_format: &str) -> anyhow::Result<()> {
        let data = data.to_str().context("the path of the data directory is not valid UTF-8")?;
        for berth in &mut self.services {
            berth.settings.push(("LOG_FORMAT".to_owned(), log_format.to_owned()));
            if matches!(berth.name, Name::Auth | Name::Monolith) {
                berth.set("DATA_DIR", data.to_owned());
                if ephemeral {
                    // "Nothing is kept" must not be undone by a database that the environment names.
                    berth.unset("DATABASE_URL");
                    berth.unset("DATABASE_URL_FILE");
                }
            }
        }
        Ok(())
    }
}

impl Berth {
    fn new(name: Name, http: Held, health: Held) -> anyhow::Result<Self> {
        let mut berth = Self {
            name,
            label: name.as_str(),
            http: http.address()?,
            health: health.address()?,
            settings: Vec::new(),
            unset: Vec::new(),
            held: [http, health],
        };
        // Both loopback addresses: a browser tries ::1 first for localhost.
        berth.set("HTTP_ADDR", format!("localhost:{}", berth.http.port()));
        berth.set("HEALTH_ADDR", format!("localhost:{}", berth.health.port()));
        berth.switch_lab_on(&Sources::of_process());
        Ok(berth)
    }

    /// Switches and faults are on here, unless the user's own setting says otherwise.
    fn switch_lab_on(&mut self, users: &Sources) {
        let variable = self.variable("LAB");
        if !users.has(&variable) && !users.has(&format!("{variable}_FILE")) {
            self.settings.push((variable, "true".to_owned()));
        }
    }

    /// A further hello, on ports that are free, with keys of this auth.
    pub(crate) fn hello(label: &'static str, auth: SocketAddr) -> anyhow::Result<Self> {
        let mut hello = Self { label, ..Self::new(Name::Hello, any()?, any()?)? };
        hello.takes_keys_from(auth);
        Ok(hello)
    }

    fn takes_keys_from(&mut self, auth: SocketAddr) {
        self.set("JWKS_URL", format!("http://{auth}/.well-known/jwks.json"));
    }

    /// The address of a path on the health port.
    pub(crate) fn health_url(&self, path: &str) -> anyhow::Result<Url> {
        Ok(format!("http://{}{path}", self.health).parse()?)
    }

    /// Lets go of the ports, for the service to take them.
    pub(crate) fn release(self) {
        drop(self.held);
    }

    pub(crate) fn set(&mut self, setting: &str, value: String) {
        self.settings.push((self.variable(setting), value));
        // A value and its file together are an error, and ours is to win.
        self.unset(&format!("{setting}_FILE"));
    }

    pub(crate) fn unset(&mut self, setting: &str) {
        self.unset.push(self.variable(setting));
    }

    fn variable(&self, setting: &str) -> String {
        format!("{}_{setting}", self.name.as_str().to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::TcpListener};

    use super::*;

    fn setting<'a>(berth: &'a Berth, name: &str) -> &'a str {
        let found = berth.settings.iter().find(|(setting, _)| setting == name);
        &found.unwrap_or_else(|| panic!("{name} is not set")).1
    }

    #[test]
    fn services_start_from_the_inside_out_on_ports_of_their_own() {
        let plan = Plan::new(0, false).unwrap();
        let names: Vec<_> = plan.services.iter().map(|berth| berth.name).collect();
        assert_eq!(names, [Name::Auth, Name::Hello, Name::Frontend]);
        let ports: BTreeSet<_> = plan.services.iter().flat_map(|berth| [berth.http, berth.health]).collect();
        assert_eq!(ports.len(), 6);
    }

    #[test]
    fn each_is_told_where_the_others_are() {
        let plan = Plan::new(0, false).unwrap();
        let [auth, hello, frontend] = plan.services.as_slice() else { panic!("three services") };
        assert_eq!(setting(hello, "HELLO_JWKS_URL"), format!("http://{}/.well-known/jwks.json", auth.http));
        assert_eq!(setting(frontend, "FRONTEND_AUTH_URL"), format!("http://{}", auth.http));
        assert_eq!(setting(frontend, "FRONTEND_HELLO_URL"), format!("http://{}", hello.http));
        assert_eq!(setting(auth, "AUTH_HEALTH_ADDR"), format!("localhost:{}", auth.health.port()));
        assert!(hello.unset.contains(&"HELLO_JWKS_URL_FILE".to_owned()));
    }

    #[test]
    fn only_who_has_accounts_gets_the_data() {
        let mut plan = Plan::new(0, false).unwrap();
        plan.furnish(Path::new("/data"), true, "text").unwrap();
        let [auth, hello, _] = plan.services.as_slice() else { panic!("three services") };
        assert_eq!(setting(auth, "AUTH_DATA_DIR"), "/data");
        assert_eq!(setting(auth, "LOG_FORMAT"), "text");
        assert!(auth.unset.contains(&"AUTH_DATABASE_URL".to_owned()));
        assert!(!hello.settings.iter().any(|(name, _)| name == "HELLO_DATA_DIR"));
    }

    #[test]
    fn help_names_every_variable_of_the_users_that_does_not_count() {
        for monolith in [false, true] {
            let mut plan = Plan::new(0, monolith).unwrap();
            plan.furnish(Path::new("/data"), true, "text").unwrap();
            let ours = plan.services.iter().flat_map(|berth| {
                let set = berth.settings.iter().map(|(name, _)| name);
                set.chain(&berth.unset)
            });
            for name in ours.filter(|name| !name.ends_with("_FILE")) {
                assert!(SETTINGS_HELP.contains(name.as_str()), "{name} is not named");
            }
        }
    }

    #[test]
    fn a_taken_port_is_named_with_the_flag_that_changes_it() {
        for host in ["127.0.0.1", "::1"] {
            let Ok(held) = TcpListener::bind((host, 0)) else { continue };
            let port = held.local_addr().unwrap().port();
            let error = Plan::new(port, true).unwrap_err().to_string();
            assert!(error.starts_with(&format!("port {port} is taken")), "{error}");
            assert!(error.contains("--port"), "{error}");
        }
    }
}
