//! How logins are answered: what hashing costs, how many may wait, whom to believe.
use chassis::config::{Networks, Section, Setting};
use serde::{Deserialize, de};

use crate::password::{Load, MAX_CONCURRENCY, Memory};

/// More failures of an address than this are no limit: at one hashing at a time nobody reaches it in a minute.
const MOST_FAILURES_THAT_LIMIT: u32 = 10_000;

/// How logins are answered.
#[derive(Debug, Deserialize)]
pub struct Login {
    /// Memory of one password hashing.
    pub password_memory_kib: Memory,
    /// How many hashings run at the same time.
    pub password_concurrency: usize,
    /// How many logins may wait for one.
    pub login_queue: usize,
    /// Failed logins that a peer may have at once.
    pub peer_failures: u32,
    /// Sessions that an account may have.
    pub max_sessions: u32,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Option<Networks>,
}

impl Section for Login {
    const SETTINGS: &'static [Setting] = &[
        Setting::new(
            "PASSWORD_MEMORY_KIB",
            "3072",
            "a number from 1024 to 65536",
            "memory of one argon2id hashing, with as many passes as make it worth 7 MiB and 5; 3 MiB fit a 16 MiB pod",
        ),
        Setting::new(
            "PASSWORD_CONCURRENCY",
            "1",
            "a number from 1 to 64",
            "how many passwords are hashed at the same time, each in memory of its own",
        ),
        Setting::new(
            "LOGIN_QUEUE",
            "128",
            "a number from 1 to 10000",
            "how many logins may wait to be hashed; beyond it the client with the most waiting gets 503",
        ),
        Setting::new(
            "PEER_FAILURES",
            "100",
            "a number from 1 to 1000000",
            "failed logins an address may have at once, and one more each second; after them 429. Counted by each replica. Above 10000, which limits nothing, TRUSTED_PROXIES or the demo account is required",
        ),
        Setting::new(
            "MAX_SESSIONS",
            "100",
            "a number from 1 to 10000",
            "sessions of an account that can be refreshed; one more login ends the oldest",
        ),
        Setting::optional(
            "TRUSTED_PROXIES",
            "nobody's X-Forwarded-For is believed",
            "networks and addresses separated by commas, such as 10.0.0.0/8",
            "proxies that tell the address of their client",
        ),
    ];

    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if !(1..=MAX_CONCURRENCY).contains(&self.password_concurrency) {
            problems.push(("PASSWORD_CONCURRENCY", "out of range; allowed: a number from 1 to 64".to_owned()));
        }
        if !(1..=10_000).contains(&self.login_queue) {
            problems.push(("LOGIN_QUEUE", "out of range; allowed: a number from 1 to 10000".to_owned()));
        }
        if !(1..=1_000_000).contains(&self.peer_failures) {
            problems.push(("PEER_FAILURES", "out of range; allowed: a number from 1 to 1000000".to_owned()));
        }
        if !(1..=10_000).contains(&self.max_sessions) {
            problems.push(("MAX_SESSIONS", "out of range; allowed: a number from 1 to 10000".to_owned()));
        }
        problems
    }
}

impl Login {
    /// What is wrong if strangers can reach this auth: the limit by address is switched off, as one does behind a proxy
    /// that makes all clients look like one. A development system, which has the demo account, may do without the limit.
    pub(super) fn unlimited_peers(&self, is_development: bool) -> Option<(&'static str, String)> {
        let is_off = self.peer_failures > MOST_FAILURES_THAT_LIMIT;
        (is_off && self.trusted_proxies.is_none() && !is_development).then(|| {
            let wrong = format!(
                "above {MOST_FAILURES_THAT_LIMIT} there is no limit by address; allowed without the demo account: a number from 1 to \
                 {MOST_FAILURES_THAT_LIMIT}, or the networks of the proxies in front in TRUSTED_PROXIES, so that clients are told apart"
            );
            ("PEER_FAILURES", wrong)
        })
    }

    /// How much hashing at once.
    pub fn load(&self) -> Load {
        Load { memory: self.password_memory_kib, concurrency: self.password_concurrency, queue: self.login_queue }
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kib = String::deserialize(deserializer)?.parse().ok();
        kib.and_then(Self::kib).ok_or_else(|| de::Error::custom("not a number in the allowed range"))
    }
}
