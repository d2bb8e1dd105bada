//! The options of `flotilla demo`, and where the demo takes place.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use url::Url;

use super::cluster::{self, Chosen};
use crate::credentials::Credentials;
use crate::load::display::Manner;
use crate::web;

const EXAMPLES: &str = "\
Examples:
  flotilla demo                              the list
  flotilla demo tokens
  flotilla demo rollout --pace 4s            with time to talk
  flotilla demo shutdown --drain-delay 0s    a promise that is broken: exit code 1
  flotilla demo faults --url localhost:8080 --health localhost:8085
  flotilla demo rollout --kubernetes         in the cluster of kubectl's current context
  flotilla demo health --kubernetes --context minikube

A demo starts a suite of its own on free ports, with two instances of hello, and ends it. With --url it
works on one that runs: `tokens` without the rotation of keys, and `faults`, which ends its faults.

With --kubernetes the suite is made in a cluster, in a namespace of its own that is deleted at the end;
nothing else there is touched. It needs kubectl, and in the cluster the images flotilla/auth:1.0.0,
flotilla/hello:1.0.0, flotilla/frontend:1.0.0, for `rollout` also flotilla/hello:2.0.0.

Exit codes:
  0    all was as promised
  1    something was not, or the demo could not be shown
  2    the command is wrong
  130  ended by Ctrl-C, with everything put back

docs/demo.md says what is seen, and why.";

/// The options of `flotilla demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// Which demo; without it they are listed
    #[arg(value_enum)]
    pub(super) name: Option<Name>,

    /// Work on a suite that runs, at this address, instead of one of the demo's own (tokens, faults)
    #[arg(long, requires = "name", conflicts_with = "kubernetes")]
    url: Option<String>,

    /// In the cluster of kubectl's current context, instead of on this machine
    #[arg(long, requires = "name")]
    kubernetes: bool,

    /// In the cluster of this context of kubectl's
    #[arg(long, value_name = "NAME", requires = "kubernetes")]
    context: Option<String>,

    /// The name of the namespace that is made and deleted there; it must not exist [default: flotilla-demo- and six
    /// characters]
    #[arg(long, value_name = "NAME", requires = "kubernetes", value_parser = cluster::namespace::name)]
    namespace: Option<String>,

    /// Where the cluster gets the images from, such as registry.example.com/flotilla [default: only from those that were
    /// loaded into it]
    #[arg(long, value_name = "REGISTRY", requires = "kubernetes", value_parser = cluster::registry)]
    registry: Option<String>,

    /// The health port of its hello (faults)
    #[arg(long, value_name = "URL", requires = "url")]
    health: Option<String>,

    /// Who logs in there (tokens); a password that is not after the colon is taken from `FLOTILLA_PASSWORD`, or asked for
    /// [default: the demo account]
    #[arg(short, long, value_name = "USER[:PASSWORD]", requires = "url", value_parser = Credentials::parse)]
    user: Option<Credentials>,

    /// How long each sentence stands before the next step, at most 1m
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = up_to_a_minute)]
    pub(super) pace: Duration,

    /// How long hello keeps serving after SIGTERM (its `DRAIN_DELAY`), at most 1m; 0s breaks promises [default: 2s; in a
    /// cluster 5s]
    #[arg(long, value_name = "TIME", conflicts_with = "url", value_parser = up_to_a_minute)]
    drain_delay: Option<Duration>,

    /// One line a second instead of a picture of the load; also where there is no terminal
    #[arg(long)]
    plain: bool,
}

/// Of hello on this machine, unless told otherwise.
const DRAIN_DELAY: Duration = Duration::from_secs(2);

fn up_to_a_minute(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time > Duration::from_mins(1) { Err("wanted: at most 1m".to_owned()) } else { Ok(time) }
}

/// The demos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Name {
    /// A token is shown, forged, left to expire; keys rotate
    Tokens,
    /// A sick instance by readiness, and one by liveness
    Health,
    /// All instances are replaced under load
    Rollout,
    /// An instance that is slow, and one that fails
    Faults,
    /// An instance is ended under load, by SIGTERM and by SIGKILL
    Shutdown,
}

impl Name {
    pub(super) const ALL: [Self; 5] = [Self::Tokens, Self::Health, Self::Rollout, Self::Faults, Self::Shutdown];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Health => "health",
            Self::Rollout => "rollout",
            Self::Faults => "faults",
            Self::Shutdown => "shutdown",
        }
    }

    /// A line for the list.
    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Tokens => "a token is used, forged, left to expire; keys rotate, and nobody notices",
            Self::Health => "a sick instance gets no traffic (readiness), or is started anew (liveness)",
            Self::Rollout => "every hello is replaced by a new one under load, and no request fails",
            Self::Faults => "one hello becomes slow, then fails; what users see of it, and that it ends",
            Self::Shutdown => "a hello ends under load: by SIGTERM no request is lost, by SIGKILL some are",
        }
    }

    /// What will be done, to the audience.
    pub(super) const fn promise(self) -> &'static str {
        match self {
            Self::Tokens => {
                "We log in, show the token, change one character of it, let one expire, and change the keys that tokens are \
                 signed with while others use theirs. A good token always works, a bad one never."
            }
            Self::Health => {
                "Two instances of hello share the traffic. We make one not ready, then one not alive, and watch who \
                 answers. No request may fail."
            }
            Self::Rollout => {
                "Two instances of hello are replaced, one after the other, while users keep asking. No request may fail."
            }
            Self::Faults => {
                "We make one hello slow, then let half of its answers fail, then end that. Users must see just what we \
                 do, and nothing of it afterwards."
            }
            Self::Shutdown => {
                "We end one hello by SIGTERM while requests are in flight: none may be lost. Then another by SIGKILL, to \
                 see that the measurement would tell."
            }
        }
    }

    /// Whether it changes nothing but what it can put back over the network.
    const fn works_on_a_running_suite(self) -> bool {
        matches!(self, Self::Tokens | Self::Faults)
    }
}

/// Who logs in.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) password: SecretString,
}

/// The account that every suite has unless it is told otherwise.
pub(super) fn demo_user() -> User {
    User { name: "user".to_owned(), password: "password".into() }
}

/// Where a demo takes place.
#[derive(Debug)]
pub(super) enum Place {
    /// In a suite of its own, whose hellos have this drain delay.
    Own(Duration),
    /// In one of its own in a cluster.
    Kubernetes(Box<Chosen>),
    /// In one that runs.
    Running(Box<Running>),
}

/// A suite that somebody else started.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) origin: Url,
    pub(super) health: Option<Url>,
    pub(super) user: User,
}

impl Options {
    pub(super) fn display(&self) -> Manner {
        if self.plain { Manner::Lines } else { Manner::Picture }
    }

    fn own_place(&self) -> Place {
        if !self.kubernetes {
            return Place::Own(self.drain_delay.unwrap_or(DRAIN_DELAY));
        }
        let (context, namespace, registry) = (self.context.clone(), self.namespace.clone(), self.registry.clone());
        let drain_delay = self.drain_delay.unwrap_or(cluster::DRAIN_DELAY);
        Place::Kubernetes(Box::new(Chosen { context, namespace, registry, drain_delay }))
    }

    /// The place, checked. Asks for the password, if it has to.
    pub(super) fn place(&self, name: Name) -> anyhow::Result<Place> {
        let Some(url) = &self.url else { return Ok(self.own_place()) };
        if !name.works_on_a_running_suite() {
            bail!(
                "demo {} ends and starts processes, so it needs a suite of its own: leave --url out (tokens and faults \
                 take it)",
                name.word()
            );
        }
        let origin = web::address(url).context("--url")?;
        let health = self.health.as_deref().map(web::address).transpose().context("--health")?;
        if name == Name::Faults && health.is_none() {
            bail!(
                "demo faults: say by --health where the health port of that suite's hello is, for example localhost:8085"
            );
        }
        if name == Name::Tokens && health.is_some() {
            bail!("demo tokens asks no health port: leave --health out");
        }
        if name == Name::Faults && self.user.is_some() {
            bail!("demo faults needs nobody to log in: leave --user out");
        }
        let user = match &self.user {
            None => demo_user(),
            Some(user) => User { name: user.name().to_owned(), password: user.password(false)? },
        };
        Ok(Place::Running(Box::new(Running { origin, health, user })))
    }
}
