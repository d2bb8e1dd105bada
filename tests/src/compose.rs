//! The suite as `docker-compose.yml` has it, under a project name of the test's own. Needs [`skips::CONTAINERS`](crate::skips::CONTAINERS).
use std::{net::SocketAddr, process::Command, thread};

use crate::{
    Client, HealthPort, audit,
    container::{Told, unique},
    reaper,
};

/// The file.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker-compose.yml");

/// A project. Dropping it removes its containers, networks and volumes; after a panic the logs are shown.
#[derive(Debug)]
pub struct Project {
    name: String,
}

impl Project {
    /// Started by `up --wait` with these flags, on free ports.
    pub fn up(flags: &[&str]) -> Self {
        let project = Self::down();
        project.start(flags);
        project
    }

    /// Named, and nothing else.
    pub fn down() -> Self {
        let name = unique("project");
        reaper::add(&format!("project={name}"));
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `up --wait`. Images are not built: they are there, or the test would not run.
    pub fn start(&self, flags: &[&str]) -> Told {
        self.run(&[&["up", "--wait", "--no-build"], flags].concat()).expect(0)
    }

    /// `docker compose …` on this project.
    pub fn run(&self, arguments: &[&str]) -> Told {
        Told::by(&mut self.command(arguments))
    }

    /// The same, with this on its stdin.
    pub fn tell(&self, arguments: &[&str], text: &str) -> Told {
        Told::by_telling(&mut self.command(arguments), text)
    }

    /// Adds an account, by a container of auth's image for this one command.
    pub fn add_user(&self, name: &str, password: &str) {
        audit::secret(password);
        let command = ["run", "--rm", "--no-deps", "-T", "auth", "user", "add", name, "--password-stdin"];
        self.tell(&command, password).expect(0);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["compose", "--file", FILE, "--project-name", &self.name]).args(arguments);
        let ports =
            ["FLOTILLA_PORT", "FLOTILLA_HEALTH_PORT", "FLOTILLA_MONOLITH_PORT", "FLOTILLA_MONOLITH_HEALTH_PORT"];
        command.envs(ports.map(|port| (port, "0"))).env("FLOTILLA_VERSION", env!("CARGO_PKG_VERSION"));
        command
    }

    /// Where a port of a service is on this machine.
    pub fn address(&self, service: &str, port: u16) -> SocketAddr {
        let told = self.run(&["port", service, &port.to_string()]).expect(0);
        told.out.trim().parse().unwrap_or_else(|_| panic!("no address in {told:?}"))
    }

    /// The same as a URL.
    pub fn origin(&self, service: &str, port: u16) -> String {
        format!("http://{}", self.address(service, port))
    }

    /// A client of the frontend.
    pub fn client(&self) -> Client {
        Client::new(self.origin("frontend", 80))
    }

    /// A client of the frontend's health port.
    pub fn health(&self) -> HealthPort {
        HealthPort::new(self.origin("frontend", 81))
    }

    /// The containers of a service, by id.
    pub fn containers(&self, service: &str) -> Vec<String> {
        let told = self.run(&["ps", "--all", "--quiet", service]).expect(0);
        told.out.lines().map(str::to_owned).collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let logs = self.run(&["logs", "--no-color", "--no-log-prefix"]);
        audit::keep_lines("compose", logs.out.lines());
        if thread::panicking() {
            eprintln!("{}", self.run(&["logs", "--no-color"]).out);
        }
        self.run(&["--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1"]);
        reaper::remove(&format!("project={}", self.name));
    }
}
