//! A whole suite: the monolith, or auth, hello and frontend.
use tokio::sync::OnceCell;

use crate::{
    Certificates, Client, Database, HealthPort, Launch, Origin, Process, Program, Store,
    compose::Project,
    environment,
    output::Output,
    skips::{CLUSTER, CONTAINERS, Capability, GATEWAY, POSTGRES},
};

/// What a suite consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One process.
    Monolith,
    /// Three processes, reached by the frontend.
    Split,
    /// The same three, with auth on PostgreSQL.
    Postgres,
    /// The same three in containers, as `docker-compose.yml` has them.
    Compose,
    /// The same three in a cluster, as the overlay dev has them, through its Ingress.
    Ingress,
    /// The same, through the Gateway of the overlay dev-gateway.
    Gateway,
    /// Whatever runs at `FLOTILLA_TARGET_URL`.
    Given,
}

impl Target {
    /// Those that can be tested in this run.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Monolith, Self::Split, Self::Postgres, Self::Compose, Self::Ingress, Self::Gateway];
        all.extend(environment::target_url().map(|_| Self::Given));
        all
    }

    /// As test names have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monolith => "monolith",
            Self::Split => "split",
            Self::Postgres => "postgres",
            Self::Compose => "compose",
            Self::Ingress => "cluster::ingress",
            Self::Gateway => "cluster::gateway",
            Self::Given => "given",
        }
    }

    /// What the machine must have for it.
    pub fn needs(self) -> Vec<&'static Capability> {
        match self {
            Self::Postgres => vec![&POSTGRES],
            Self::Compose => CONTAINERS.to_vec(),
            Self::Ingress => vec![&CLUSTER],
            Self::Gateway => vec![&CLUSTER, &GATEWAY],
            Self::Monolith | Self::Split | Self::Given => Vec::new(),
        }
    }

    /// A suite that is ready.
    pub async fn start(self) -> Suite {
        match self {
            Self::Monolith => Suite::monolith().await,
            Self::Split => Suite::split().await,
            Self::Postgres => Suite::split_on(Database::Postgres.fresh().await).await,
            Self::Compose => Suite::composed(Project::up(&[])),
            Self::Ingress | Self::Gateway => unreachable!("it is of a deployment, which starts it: see Shared::of"),
            Self::Given => Suite::given(),
        }
    }
}

/// A suite that is ready. Dropping it ends the processes that it started.
#[derive(Debug)]
pub struct Suite {
    origin: Origin,
    names: [String; 2],
    is_behind_an_ingress: bool,
    processes: Vec<Process>,
    token: OnceCell<String>,
    // After the processes that use it.
    store: Option<Store>,
    project: Option<Project>,
}

impl Suite {
    /// The monolith.
    pub async fn monolith() -> Self {
        Self::monolith_with(|launch| launch).await
    }

    /// The monolith, configured.
    pub async fn monolith_with(configure: impl Fn(Launch) -> Launch) -> Self {
        let mut monolith = configure(Launch::service(Program::Monolith)).spawn();
        let addresses = monolith.ready().await;
        Self::of(format!("http://{}", addresses.http), vec![monolith])
    }

    /// auth, hello and frontend.
    pub async fn split() -> Self {
        Self::split_with(|launch| launch).await
    }

    /// auth, hello and frontend; each start goes through `configure`, which can tell them apart by [`Launch::program`].
    pub async fn split_with(configure: impl Fn(Launch) -> Launch) -> Self {
        let start = |launch: Launch| configure(launch).spawn();
        let mut auth = start(Launch::service(Program::Auth));
        let auth_url = format!("http://{}", auth.listening().await.http);
        let jwks = format!("{auth_url}/.well-known/jwks.json");
        let mut hello = start(Launch::service(Program::Hello).set("JWKS_URL", jwks));
        let hello_url = format!("http://{}", hello.listening().await.http);
        let frontend = Launch::service(Program::Frontend).set("AUTH_URL", auth_url).set("HELLO_URL", hello_url);
        let mut frontend = start(frontend);
        auth.ready().await;
        hello.ready().await;
        let addresses = frontend.ready().await;
        Self::of(format!("http://{}", addresses.http), vec![frontend, hello, auth])
    }

    /// auth, hello and frontend, which speaks TLS with this certificate.
    pub async fn encrypted(certificates: &Certificates) -> Self {
        let suite = Self::split_with(|launch| match launch.program() {
            Program::Frontend => launch.encrypted(certificates),
            _ => launch,
        })
        .await;
        let encrypted = Origin::from(suite.origin.url().replace("http://", "https://"));
        Self { origin: encrypted.trusting(certificates.read("ca.pem")), ..suite }
    }

    /// auth, hello and frontend, with accounts and keys in this database.
    pub async fn split_on(store: Store) -> Self {
        let suite = Self::split_with(|launch| store.under(launch)).await;
        Self { store: Some(store), ..suite }
    }

    /// The one that runs at `FLOTILLA_TARGET_URL`.
    pub fn given() -> Self {
        Self::of(environment::target_url().expect("FLOTILLA_TARGET_URL is set"), Vec::new())
    }

    /// The one of a compose project.
    pub fn composed(project: Project) -> Self {
        let suite = Self::of(project.origin("frontend", 80), Vec::new());
        Self { project: Some(project), ..suite }
    }

    /// The one of an environment in a cluster, whose tokens have this issuer and this audience.
    pub fn behind_an_ingress(origin: Origin, issuer: String, audience: String) -> Self {
        Self { names: [issuer, audience], is_behind_an_ingress: true, ..Self::of(origin, Vec::new()) }
    }

    fn of(origin: impl Into<Origin>, processes: Vec<Process>) -> Self {
        let names = ["auth.service", "hello.service"].map(str::to_owned);
        let (origin, token) = (origin.into(), OnceCell::new());
        Self { origin, names, is_behind_an_ingress: false, processes, token, store: None, project: None }
    }

    /// Issuer and audience of its tokens.
    pub fn names(&self) -> [&str; 2] {
        self.names.each_ref().map(String::as_str)
    }

    /// Whether something that is not ours passes requests on to it.
    pub fn is_behind_an_ingress(&self) -> bool {
        self.is_behind_an_ingress
    }

    /// Where it answers.
    pub fn origin(&self) -> &str {
        self.origin.url()
    }

    /// Its database, if it was started on one that was given.
    pub fn store(&self) -> &Store {
        self.store.as_ref().expect("a suite on a database that was given")
    }

    /// Its compose project, if it is one.
    pub fn project(&self) -> &Project {
        self.project.as_ref().expect("a suite of a compose project")
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Client {
        Client::new(self.origin.clone())
    }

    /// Somebody who has logged in as the demo account; all have the same token.
    pub async fn token_holder(&self) -> Client {
        let client = self.anonymous();
        let token = self.token.get_or_init(async || client.logged_in().await.token().to_owned()).await;
        client.holding(token)
    }

    /// One of its processes.
    pub fn process(&mut self, program: Program) -> &mut Process {
        let found = self.processes.iter_mut().find(|process| process.program() == program);
        found.unwrap_or_else(|| panic!("this suite has no {}", program.name()))
    }

    /// Takes one of its processes out, to end it or to start another in its place.
    pub fn take(&mut self, program: Program) -> Process {
        let place = self.processes.iter().position(|process| process.program() == program);
        self.processes.swap_remove(place.unwrap_or_else(|| panic!("this suite has no {}", program.name())))
    }

    /// The health port of one of its processes.
    pub async fn health(&mut self, program: Program) -> HealthPort {
        self.process(program).health().await
    }

    /// Its processes, to be held by somebody else.
    pub fn into_processes(self) -> Vec<Process> {
        self.processes
    }

    /// What its processes write.
    pub fn outputs(&self) -> Vec<(Program, Output)> {
        self.processes.iter().map(|process| (process.program(), process.output().clone())).collect()
    }
}
