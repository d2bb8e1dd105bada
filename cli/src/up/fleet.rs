//! The services together: started from the inside out, ended from the outside in.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anstyle::AnsiColor;
use anyhow::Context as _;
use tokio::time::{Instant, timeout};

use super::banner::Mooring;
use super::console::{Console, Voice};
use super::keeper::{Charge, Farewell, Keeper, Status};
use super::plan::{Berth, Plan};
use super::process::Launch;
use super::readiness::Readiness;
use crate::exit;
use crate::service::{self, Name};

/// The longest a service may take to become ready.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// The services that were started so far, in that order.
#[derive(Debug)]
pub(super) struct Fleet {
    console: Console,
    program: PathBuf,
    keepers: Vec<Keeper>,
}

impl Fleet {
    pub(super) fn new(console: Console) -> anyhow::Result<Self> {
        // Asked for once: after a rebuild the running file would have another name.
        let program = std::env::current_exe().context("cannot find the program's own file")?;
        Ok(Self { console, program, keepers: Vec::new() })
    }

    /// Starts the services one after another, each when the one before is ready. May be cancelled.
    pub(super) async fn start(&mut self, plan: Plan) -> anyhow::Result<Vec<Mooring>> {
        let mut moorings = Vec::new();
        for berth in plan.services {
            let begun = Instant::now();
            let (name, http, health) = (berth.name, berth.http, berth.health);
            self.keepers.push(Keeper::start(self.charge(berth)?));
            let pid = self.last_is_ready().await?;
            let took = begun.elapsed().as_secs_f32();
            self.console.say(&format!("{} is ready ({took:.2} s)", name.as_str()));
            moorings.push(Mooring { name, http, health, pid });
        }
        Ok(moorings)
    }

    fn charge(&self, mut berth: Berth) -> anyhow::Result<Charge> {
        let readiness = Readiness::at(berth.health_url("/readiness")?)?;
        let launch = Launch {
            program: self.program.clone(),
            args: [service::COMMAND, service::LIFELINE, berth.name.as_str()].map(OsString::from).into(),
            settings: std::mem::take(&mut berth.settings),
            unset: std::mem::take(&mut berth.unset),
        };
        let voice = voice(berth.name);
        berth.release();
        Ok(Charge { voice, launch, readiness, console: self.console.clone() })
    }

    async fn last_is_ready(&mut self) -> anyhow::Result<i32> {
        let keeper = self.keepers.last_mut().expect("a service was just started");
        let name = keeper.voice.name;
        let last_lines = |keeper: &Keeper| keeper.recent.lines().join("\n  ");
        match timeout(START_DEADLINE, keeper.settled()).await {
            Ok(Status::Ready { pid }) => Ok(pid),
            Ok(Status::Refused | Status::Starting) => Err(exit::failure(
                exit::CONFIGURATION,
                format!("{name} refused its configuration:\n  {}", last_lines(keeper)),
            )),
            Err(_) => Err(exit::failure(
                exit::FAILED,
                format!(
                    "{name} was not ready within {} s. Its last lines:\n  {}",
                    START_DEADLINE.as_secs(),
                    last_lines(keeper)
                ),
            )),
        }
    }

    /// Ends all services, the outermost first. Says whether all went in peace. May be cancelled.
    pub(super) async fn drain(&mut self) -> bool {
        let mut peaceful = true;
        while let Some(keeper) = self.keepers.last_mut() {
            let begun = Instant::now();
            let name = keeper.voice.name;
            self.console.say(&format!("stopping {name}"));
            let farewell = keeper.drain().await;
            let took = begun.elapsed().as_secs_f32();
            match farewell {
                Farewell::Drained => self.console.say(&format!("{name} has stopped ({took:.2} s)")),
                Farewell::Killed => self.console.say(&format!("{name} did not stop within {took:.0} s and was killed")),
                Farewell::Absent => self.console.say(&format!("{name} was not running")),
            }
            peaceful &= farewell != Farewell::Killed;
            self.keepers.pop();
        }
        peaceful
    }

    /// Ends all services at once.
    pub(super) async fn kill(&mut self) {
        for keeper in &self.keepers {
            keeper.kill();
        }
        for keeper in &mut self.keepers {
            keeper.gone().await;
        }
        self.keepers.clear();
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
        until("its line", || keeper.recent.lines() == ["waiting for keys"]).await;
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
        until("the trap", || keeper.recent.lines() == ["deaf"]).await;
        let mut fleet = fleet(keeper, &paper);
        tokio::time::pause();
        assert!(!fleet.drain().await);
        until("the report", || paper.text().contains("script did not stop within 30 s and was killed")).await;
    }
}
