//! Commands of a service beside serving: admin processes of the same executable, image and settings (the twelve-factor app, XII).
use std::pin::Pin;

use crate::{
    Service, Stop,
    config::{Configuration, Reader, Sources},
    telemetry::Telemetry,
};

/// Carries out a command; the log goes to stderr.
pub type CarryOut = fn(Order) -> Pin<Box<dyn Future<Output = Result<(), Stop>>>>;

/// The commands that a service has beside serving.
#[derive(Debug)]
pub struct Commands {
    /// As `--help` tells them.
    pub described: Vec<clap::Command>,
    /// Called with whichever was given.
    pub carry_out: CarryOut,
}

impl Default for Commands {
    fn default() -> Self {
        Self { described: Vec::new(), carry_out: |_| Box::pin(async { Ok(()) }) }
    }
}

/// A command that was given.
#[derive(Debug)]
pub struct Order {
    pub(crate) service: &'static Service,
    pub(crate) sources: Sources,
    /// The whole command line; its subcommand is the command.
    pub matches: clap::ArgMatches,
}

impl Order {
    /// Who was asked.
    pub fn service(&self) -> &'static Service {
        self.service
    }

    /// Reads the service's sections.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self.service, &self.sources)
    }

    /// Starts the log. What is dropped with the answer is written.
    pub fn log(&self, configuration: &Configuration) -> Result<CommandLog, Stop> {
        let telemetry = Telemetry::start_on_stderr(&configuration.platform)
            .map_err(|error| Stop::Failed(format!("cannot start the log: {error}")))?;
        for warning in &configuration.warnings {
            tracing::warn!("{warning}");
        }
        Ok(CommandLog(telemetry))
    }
}

/// The log of a command; dropping it writes what is left.
#[derive(Debug)]
pub struct CommandLog(#[expect(dead_code, reason = "held for its drop")] Telemetry);
