//! The services together: started from the inside out, ended from the outside in.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anstyle::AnsiColor;
use anyhow::Context as _;
use chassis::config::Sources;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::banner::Mooring;
use super::console::{Console, Voice};
use super::keeper::{Charge, Farewell, HOPELESS_DEATHS, Keeper, Status};
use super::plan::{Berth, Plan};
use super::process::Launch;
use super::readiness::Readiness;
use crate::exit;
use crate::service::{self, Name};

/// The longest a service may take to become ready.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// The services that were started so far, in that order.
#[derive(Debug)]
pub(crate) struct Fleet {
    console: Console,
    program: PathBuf,
    keepers: Vec<Keeper>,
}

impl Fleet {
    pub(crate) fn new(console: Console) -> anyhow::Result<Self> {
        // Asked for once: after a rebuild the running file would have another name.
        let program = std::env::current_exe().context("cannot find the program's own file")?;
        Ok(Self { console, program, keepers: Vec::new() })
    }

    /// Starts the services one after another, each when the one before is ready. May be cancelled.
    pub(crate) async fn start(&mut self, plan: Plan) -> anyhow::Result<Vec<Mooring>> {
        let mut moorings = Vec::new();
        for berth in plan.services {
            moorings.push(self.add(berth).await?);
        }
        Ok(moorings)
    }

    /// Starts one more service and waits until it is ready. May be cancelled.
    pub(crate) async fn add(&mut self, berth: Berth) -> anyhow::Result<Mooring> {
        let begun = Instant::now();
        let (name, label, http, health) = (berth.name, berth.label, berth.http, berth.health);
        self.keepers.push(Keeper::start(self.charge(berth)?));
        let pid = self.last_is_ready().await?;
        let took = begun.elapsed().as_secs_f32();
        self.console.say(&format!("{label} is ready ({took:.2} s)"));
        Ok(Mooring { name, http, health, pid })
    }

    /// What is known of one service, now and later.
    pub(crate) fn status(&self, label: &str) -> Option<watch::Receiver<Status>> {
        self.keepers.iter().find(|keeper| keeper.voice.name == label).map(Keeper::status)
    }

    /// Ends one service, in peace or at once, and says how it left. May be cancelled.
    pub(crate) async fn remove(&mut self, label: &str, in_peace: bool) -> Farewell {
        let Some(place) = self.keepers.iter().position(|keeper| keeper.voice.name == label) else {
            return Farewell::Absent;
        };
        let keeper = &mut self.keepers[place];
        if !in_peace {
            keeper.kill();
        }
        let farewell = keeper.drain().await;
        self.keepers.remove(place);
        farewell
    }

    fn charge(&self, mut berth: Berth) -> anyhow::Result<Charge> {
        let readiness = Readiness::at(berth.health_url("/readiness")?)?;
        let launch = Launch {
            program: self.program.clone(),
            args: [service::COMMAND, service::LIFELINE, berth.name.as_str()].map(OsString::from).into(),
            settings: std::mem::take(&mut berth.settings),
            unset: std::mem::take(&mut berth.unset),
        };
        let sources = Sources::of_process().without(&launch.unset).with(&launch.settings);
        let patience = berth.name.patience(&sources);
        let voice = Voice { name: berth.label, ..voice(berth.name) };
        berth.release();
        Ok(Charge { voice, launch, readiness, patience, console: self.console.clone() })
    }

    async fn last_is_ready(&mut self) -> anyhow::Result<i32> {
        let keeper = self.keepers.last_mut().expect("a service was just started");
        let name = keeper.voice.name;
        let (code, what) = match timeout(START_DEADLINE, keeper.settled()).await {
            Ok(Status::Ready { pid }) => return Ok(pid),
            Ok(Status::Refused | Status::Starting) => {
                (exit::CONFIGURATION, format!("{name} refused its configuration:"))
            }
            Ok(Status::Hopeless { how }) => {
                (exit::FAILED, format!("{name} cannot start: {HOPELESS_DEATHS} times it {how}"))
            }
            Err(_) => {
                let seconds = START_DEADLINE.as_secs();
                (exit::FAILED, format!("{name} was not ready within {seconds} s. Its last lines:"))
            }
        };
        let said = keeper.said.last_words().into_iter().map(|line| format!("\n  {line}"));
        Err(exit::failure(code, what + &said.collect::<String>()))
    }

    /// Ends all services, the outermost first. Says whether all drained. May be cancelled.
    pub(crate) async fn drain(&mut self) -> bool {
        let mut peaceful = true;
        while let Some(keeper) = self.keepers.last_mut() {
            let begun = Instant::now();
            let name = keeper.voice.name;
            self.console.say(&format!("stopping {name}"));
            let farewell = keeper.drain().await;
            peaceful &= matches!(farewell, Farewell::Drained | Farewell::Absent);
            self.console.say(&in_words(&farewell, name, begun.elapsed(), keeper.patience));
            self.keepers.pop();
        }
        peaceful
    }

    /// Ends all services at once.
    pub(crate) async fn kill(&mut self) {
        for keeper in &self.keepers {
            keeper.kill();
        }
        let begun = Instant::now();
        for mut keeper in std::mem::take(&mut self.keepers).into_iter().rev() {
            let farewell = keeper.gone().await;
            self.console.say(&in_words(&farewell, keeper.voice.name, begun.elapsed(), keeper.patience));
        }
    }
}

/// How a service left, as it is said.
fn in_words(farewell: &Farewell, name: &str, took: Duration, patience: Duration) -> String {
    match farewell {
        Farewell::Drained => format!("{name} has stopped ({:.2} s)", took.as_secs_f32()),
        Farewell::Ended { how } => format!("{name} {how} while it was to drain"),
        Farewell::Overdue => format!("{name} did not stop within {:.0} s and was killed", patience.as_secs_f32()),
        Farewell::Killed => format!("{name} was killed"),
        Farewell::Absent => format!("{name} was not running"),
    }
}

const fn voice(name: Name) -> Voice {
    let colour = match name {
        Name::Auth => AnsiColor::Cyan,
        Name::Hello => AnsiColor::Green,
        Name::Frontend => AnsiColor::Magenta,
        Name::Monolith => AnsiColor::Blue,
    };
    Voice { name: name.as_str(), colour: Some(colour) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::console::tests::Paper;
    use crate::up::keeper::tests::{NEVER_READY, keeper, until};

    fn fleet(keeper: Keeper, paper: &Paper) -> Fleet {
        Fleet { console: paper.console(), program: PathBuf::new(), keepers: vec![keeper] }
    }

    #[tokio::test]
    async fn a_service_that_never_becomes_ready_is_told_with_its_last_lines() {
        let paper = Paper::default();
        let keeper = keeper("echo waiting for keys; exec sleep 600", NEVER_READY, &paper);
        until("its line", || keeper.said.last_words() == ["waiting for keys"]).await;
        let mut fleet = fleet(keeper, &paper);
        // From here on, waiting takes no time.
        tokio::time::pause();
        let error = fleet.last_is_ready().await.unwrap_err().to_string();
        assert_eq!(error, "script was not ready within 30 s. Its last lines:\n  waiting for keys");
        tokio::time::resume();
        fleet.kill().await;
    }

    #[tokio::test]
    async fn a_service_that_will_not_drain_is_killed_in_the_end() {
        let paper = Paper::default();
        let keeper = keeper("trap '' TERM; echo deaf; exec sleep 600", NEVER_READY, &paper);
        until("the trap", || keeper.said.last_words() == ["deaf"]).await;
        let mut fleet = fleet(keeper, &paper);
        tokio::time::pause();
        assert!(!fleet.drain().await);
        until("the report", || paper.text().contains("script did not stop within 7 s and was killed")).await;
    }

    #[tokio::test]
    async fn a_service_that_ends_badly_while_it_drains_is_told_with_its_code() {
        let paper = Paper::default();
        let keeper = keeper("trap 'exit 3' TERM; echo set; while :; do sleep 0.01; done", NEVER_READY, &paper);
        until("the trap", || keeper.said.last_words() == ["set"]).await;
        let mut fleet = fleet(keeper, &paper);
        assert!(!fleet.drain().await);
        until("the report", || paper.text().contains("script ended with exit code 3 while it was to drain")).await;
    }

    #[tokio::test]
    async fn a_service_that_never_starts_is_given_up_with_what_it_said_on_stderr() {
        let paper = Paper::default();
        let keeper = keeper("echo listening; echo no disk >&2; exit 1", NEVER_READY, &paper);
        let mut fleet = fleet(keeper, &paper);
        let error = fleet.last_is_ready().await.unwrap_err().to_string();
        assert_eq!(error, "script cannot start: 3 times it ended with exit code 1\n  no disk");
    }
}
