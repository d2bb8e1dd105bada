//! A suite of the demo's own, on free ports, nothing kept: auth, two instances of hello behind a balancer, frontend.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::Command;
use tokio::sync::watch;
use url::Url;

use super::balancer::{Balancer, NOTICE};
use super::instances::{Gone, Instances, drain_delay};
use super::kubelet::Kubelet;
use super::rollout::in_words;
use super::show;
use crate::load;
use crate::service::{self, Name};
use crate::up::console::Console;
use crate::up::data::DataDir;
use crate::up::fleet::Fleet;
use crate::up::keeper::{Farewell, Status};
use crate::up::plan::{Berth, Plan};

/// The least that auth allows: a new key signs seven seconds after it was made, instead of five minutes.
const JWKS_MAX_AGE: &str = "6s";

/// The names that instances get, in turn. More are never started.
const NAMES: [&str; 4] = ["hello-1", "hello-2", "hello-3", "hello-4"];

/// An instance of hello.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) name: &'static str,
    health: SocketAddr,
    status: watch::Receiver<Status>,
    #[expect(dead_code, reason = "it probes as long as the instance is listed here")]
    kubelet: Kubelet,
}

impl Instance {
    /// An address on its health port.
    pub(super) fn health(&self, path: &str) -> Url {
        address(self.health).join(path).expect("a path")
    }

    /// Its process, while it serves.
    fn pid(&self) -> Option<i32> {
        match *self.status.borrow() {
            Status::Ready { pid } => Some(pid),
            _ => None,
        }
    }
}

/// What is there once it was started.
#[derive(Debug)]
struct Set {
    balancer: Balancer,
    auth: SocketAddr,
    frontend: SocketAddr,
    /// auth's settings, for commands on its keys.
    settings: Vec<(String, String)>,
    unset: Vec<String>,
}

/// The suite. Its processes end with this value at the latest.
#[derive(Debug)]
pub(super) struct Stage {
    fleet: Fleet,
    data: DataDir,
    drain_delay: Duration,
    set: Option<Set>,
    pub(super) instances: Vec<Instance>,
    begun: usize,
}

impl Stage {
    pub(super) fn new(drain_delay: Duration) -> anyhow::Result<Self> {
        let fleet = Fleet::new(Console::silent().context("cannot start the console")?)?;
        let data = DataDir::ephemeral()?;
        Ok(Self { fleet, data, drain_delay, set: None, instances: Vec::new(), begun: 0 })
    }

    /// Starts everything, from the inside out. May be cancelled.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        let balancer = Balancer::start().await.context("cannot listen on a free port")?;
        let mut plan = Plan::new(0, false)?;
        plan.furnish(self.data.path(), true, "text")?;
        let Ok([mut auth, _, mut frontend]) = <[Berth; 3]>::try_from(plan.services) else {
            unreachable!("a suite is auth, hello and frontend")
        };
        auth.set("JWKS_MAX_AGE", JWKS_MAX_AGE.to_owned());
        auth.set("DEMO_USER", "true".to_owned());
        without_secret(&mut auth);
        frontend.set("HELLO_URL", format!("http://{}", balancer.at));
        for setting in ["TLS_CERT_FILE", "TLS_KEY_FILE", "REDIRECT_ADDR"] {
            frontend.unset(setting);
        }
        let (settings, unset) = (auth.settings.clone(), auth.unset.clone());
        self.set = Some(Set { balancer, auth: auth.http, frontend: frontend.http, settings, unset });
        self.fleet.add(auth).await?;
        self.add_instance().await?;
        self.add_instance().await?;
        self.fleet.add(frontend).await?;
        Ok(())
    }

    /// Starts one more hello, waits until it is ready, and says its name.
    pub(super) async fn add_instance(&mut self) -> anyhow::Result<&'static str> {
        let set = self.set.as_ref().expect("it was started");
        let name = *NAMES.get(self.begun).context("no name is left for a further hello")?;
        self.begun += 1;
        let mut berth = Berth::hello(name, set.auth)?;
        berth.settings.push(("POD_NAME".to_owned(), name.to_owned()));
        berth.settings.push(("LOG_FORMAT".to_owned(), "text".to_owned()));
        berth.set("DRAIN_DELAY", drain_delay(self.drain_delay));
        berth.set("LAB", "true".to_owned());
        // So that a token is refused when it says it is, and not seconds later.
        berth.set("LEEWAY", "0s".to_owned());
        without_secret(&mut berth);
        let board = set.balancer.board();
        board.join(name, berth.http);
        let health = berth.health;
        self.fleet.add(berth).await?;
        let status = self.fleet.status(name).expect("it was just started");
        let kubelet = Kubelet::watch(name, health, status.clone(), board.clone())?;
        self.instances.push(Instance { name, health, status, kubelet });
        board.until_ready(name).await;
        Ok(name)
    }

    /// Ends a hello, in peace (SIGTERM) or not (SIGKILL), and says how it left. It is not started again.
    pub(super) async fn remove_instance(&mut self, name: &str, in_peace: bool) -> Farewell {
        let board = self.set.as_ref().expect("it was started").balancer.board();
        // As in a cluster, where a pod that is to end leaves its Services by that, and not by its probes.
        let news = async {
            tokio::time::sleep(NOTICE).await;
            board.leave(name);
        };
        let (farewell, ()) = tokio::join!(self.fleet.remove(name, in_peace), news);
        self.instances.retain(|instance| instance.name != name);
        farewell
    }

    fn instance(&self, name: &str) -> &Instance {
        self.instances.iter().find(|instance| instance.name == name).expect("it is one of the names")
    }

    /// The frontend, where people are.
    pub(super) fn origin(&self) -> Url {
        address(self.set.as_ref().expect("it was started").frontend)
    }

    /// The one address of all instances of hello, without a frontend before it.
    fn service(&self) -> Url {
        address(self.set.as_ref().expect("it was started").balancer.at)
    }

    /// Who is there, for the audience.
    pub(super) fn cast(&self) -> String {
        format!(
            "A suite of our own runs at {}: auth, hello-1 and hello-2 with a balancer before them, frontend.",
            self.origin().as_str().trim_end_matches('/')
        )
    }

    /// `auth key rotate`, and what it said.
    pub(super) async fn rotate_keys(&self) -> anyhow::Result<String> {
        let set = self.set.as_ref().expect("it was started");
        let program = std::env::current_exe().context("cannot find the program's own file")?;
        let mut command = Command::new(program);
        command.args([service::COMMAND, Name::Auth.as_str(), "key", "rotate"]);
        for name in &set.unset {
            command.env_remove(name);
        }
        command.envs(set.settings.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.context("cannot run auth key rotate")?;
        if !output.status.success() {
            bail!("auth key rotate: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Ends everything. What was in it was made for this demo, so nothing is waited for.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        self.instances.clear();
        self.fleet.kill().await;
        self.data.close()
    }
}

impl Instances for Stage {
    const TO_USERS: &'static str = "each over a new connection";
    const TO_STRICT_USERS: &'static str = Self::TO_USERS;
    const STRICT: &'static str =
        "Straight to hello: the frontend would try once more what was lost, and hide what we want to see.";
    const ANEW: &'static str =
        "Three probes failed; it was asked to end (SIGTERM), finished its requests, and a new process took its place.";

    async fn names(&mut self) -> anyhow::Result<[String; 2]> {
        let names: Vec<_> = self.instances.iter().map(|instance| instance.name.to_owned()).collect();
        Ok(<[String; 2]>::try_from(names).expect("whoever ends one adds one"))
    }

    fn health(&self, name: &str, path: &str) -> Url {
        self.instance(name).health(path)
    }

    /// Through the balancer, as within a cluster: it chooses for each connection.
    fn users(&self, rate: u32) -> anyhow::Result<load::plan::Plan> {
        let plan = show::users(&self.service(), "/", rate)?;
        Ok(load::plan::Plan { keep_alive: false, ..plan })
    }

    fn strict_users(&self, rate: u32) -> anyhow::Result<load::plan::Plan> {
        self.users(rate)
    }

    async fn life(&self, name: &str) -> anyhow::Result<Option<String>> {
        Ok(self.instance(name).pid().map(|pid| format!("process {pid}")))
    }

    async fn endpoints(&self) -> anyhow::Result<Option<Vec<String>>> {
        Ok(None)
    }

    async fn end(&mut self, name: &str) -> anyhow::Result<Gone> {
        let farewell = self.remove_instance(name, true).await;
        Ok(Gone { in_peace: farewell == Farewell::Drained, how: in_words(&farewell) })
    }

    async fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        self.remove_instance(name, false).await;
        Ok(())
    }

    async fn reinforce(&mut self) -> anyhow::Result<String> {
        let new = self.add_instance().await?;
        Ok(format!("{new} is there, so that somebody is left."))
    }
}

/// Both sides of a secret that the environment may name: this suite is about keys.
fn without_secret(berth: &mut Berth) {
    for setting in ["SECRET", "SECRET_FILE"] {
        berth.unset(setting);
    }
}

fn address(at: SocketAddr) -> Url {
    format!("http://{at}").parse().expect("an address")
}
