//! The order of a start, and what ends it.
//!
//! Read the configuration whole → bind both ports → log → answer on the health port, alive and not ready →
//! let the service build its state → answer on the http port → ready. After a signal: not ready → keep serving
//! for the drain delay → stop accepting → finish what is in flight → end.
use std::{ffi::OsString, future::Future, process::ExitCode, sync::Arc, time::Duration};

use tokio::sync::OnceCell;

use crate::{
    Identity, Life, Service, clock_jumps,
    command_line::{self, Asked},
    commands::{Commands, Order},
    config::{Configuration, Platform, Reader, Section, Setting, Settings, Sources},
    descriptors,
    faults::Faults,
    health::{self, Health, HealthPort},
    healthcheck,
    life::address,
    limits::Limits,
    metrics::Metrics,
    middleware::{Port, Shared, Surroundings, surround_other},
    server::{Plain, Server, bind},
    shutdown::Shutdown,
    stop::{Stop, report},
    telemetry::Telemetry,
};

const MAX_WORKERS: usize = 4;
/// Threads for name resolution and files, in addition to those of the service's own work, so that neither keeps the other
/// waiting. Each costs memory.
const BLOCKING_THREADS: usize = 8;
/// A start that is not held up ends this soon after a signal, with time to spare.
const HEARD_WITHIN: Duration = Duration::from_millis(500);

/// Runs a service to its end: parses the command line, starts the runtime, boots, and turns the outcome into an exit code.
/// `sections` are the service's own settings, for `--help`.
pub fn run<B, F>(
    service: &'static Service,
    sections: &[&[Setting]],
    arguments: impl IntoIterator<Item = OsString>,
    boot: B,
) -> ExitCode
where
    B: FnOnce(Boot) -> F,
    F: Future<Output = Result<(), Stop>>,
{
    run_with_commands(service, sections, Commands::default(), arguments, boot)
}

/// The same for a service that has commands beside serving: admin processes of the same executable and settings
/// (the twelve-factor app, XII).
pub fn run_with_commands<B, F>(
    service: &'static Service,
    sections: &[&[Setting]],
    commands: Commands,
    arguments: impl IntoIterator<Item = OsString>,
    boot: B,
) -> ExitCode
where
    B: FnOnce(Boot) -> F,
    F: Future<Output = Result<(), Stop>>,
{
    let mut all = sections.to_vec();
    all.extend([Settings::SETTINGS, Platform::SETTINGS]);
    let asked = match command_line::parse(service, &all, commands.described, arguments, Sources::of_process()) {
        Ok(asked) => asked,
        Err(usage) => {
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    descriptors::raise_limit();
    let runtime = match runtime(service) {
        Ok(runtime) => runtime,
        Err(error) => return report(service, &Stop::Failed(format!("cannot start threads: {error}"))),
    };
    let code = runtime.block_on(async {
        match asked {
            Asked::Healthcheck { liveness, sources } => healthcheck::ask(service, &sources, liveness).await,
            Asked::Serve(sources) => serve(service, sources, boot).await,
            Asked::Command { matches, sources } => {
                let outcome = (commands.carry_out)(Order { service, sources, matches: *matches }).await;
                outcome.map_or_else(|stop| report(service, &stop), |()| ExitCode::SUCCESS)
            }
        }
    });
    // A blocking thread that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

fn runtime(service: &Service) -> std::io::Result<tokio::runtime::Runtime> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING_THREADS + service.blocking_threads)
        .enable_all()
        .build()
}

async fn serve<B, F>(service: &'static Service, sources: Sources, boot: B) -> ExitCode
where
    B: FnOnce(Boot) -> F,
    F: Future<Output = Result<(), Stop>>,
{
    let shutdown = match Shutdown::listen() {
        Ok(shutdown) => shutdown,
        Err(error) => return report(service, &Stop::Failed(format!("cannot listen for signals: {error}"))),
    };
    let started = Arc::new(OnceCell::new());
    tokio::spawn(end_a_start_that_hangs(shutdown.clone(), Arc::clone(&started)));
    let boot = boot(Boot { service, sources, shutdown: shutdown.clone(), started: Arc::clone(&started) });
    let asked_before_start = async {
        shutdown.draining().await;
        // Once it serves, the drain is the boot order's own last step.
        if started.initialized() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        outcome = boot => outcome.map_or_else(|stop| report(service, &stop), |()| ExitCode::SUCCESS),
        () = asked_before_start => ExitCode::SUCCESS,
        signal = shutdown.forced() => ExitCode::from(128 + signal),
    }
}

/// Ends the process after a signal when the start holds the thread that should hear it: a call to a file system whose server
/// is gone returns late or never.
async fn end_a_start_that_hangs(shutdown: Shutdown, started: Arc<OnceCell<()>>) {
    shutdown.draining().await;
    let forced = tokio::time::timeout(HEARD_WITHIN, shutdown.forced()).await;
    if !started.initialized() {
        std::process::exit(forced.map_or(0, |signal| 128 + i32::from(signal)));
    }
}

/// The start of a process, before it lives.
#[derive(Debug)]
pub struct Boot {
    service: &'static Service,
    sources: Sources,
    shutdown: Shutdown,
    started: Arc<OnceCell<()>>,
}

impl Boot {
    /// Reads the service's sections.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self.service, &self.sources)
    }

    /// Begins to live: binds both ports, logs, answers on the health port.
    pub async fn live(self, configuration: Configuration) -> Result<Life, Stop> {
        let Self { service, sources, shutdown, started } = self;
        // Everything is read, and there may be secrets in it.
        drop(sources);
        let Configuration { settings, platform, lab, effective, warnings } = configuration;
        let prefix = service.prefix;
        let http = bind(settings.http_addr, &format!("{prefix}HTTP_ADDR")).await.map_err(Stop::Failed)?;
        let health_listener =
            bind(settings.health_addr, &format!("{prefix}HEALTH_ADDR")).await.map_err(Stop::Failed)?;
        let telemetry =
            Telemetry::start(&platform).map_err(|error| Stop::Failed(format!("cannot start the log: {error}")))?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        let (health, metrics, faults) = (Health::default(), Metrics::default(), Faults::default());
        metrics.register_dropped_lines(telemetry.stdout());
        clock_jumps::watch(&metrics);
        let identity = Identity::new(service.name, &platform);
        let shared = Shared {
            health: health.clone(),
            metrics: metrics.clone(),
            faults: faults.clone(),
            access_log: telemetry.access_log(),
        };
        let outer = Surroundings::new(Port::Http, &identity, shared.clone(), &settings);
        let outer_health = Surroundings::new(Port::Health, &identity, shared, &settings);
        let limits = Limits::new(service, &settings, effective);
        let port = HealthPort {
            health: health.clone(),
            faults,
            metrics: metrics.clone(),
            effective: Arc::clone(&limits.effective),
            lab,
            listener: address(&health_listener, settings.health_addr.address()).ip(),
        };
        let start = health.condition("start");
        tracing::info!(
            service = service.name,
            version = crate::service::VERSION,
            revision = crate::service::REVISION,
            http = %address(&http, settings.http_addr.address()),
            health = %address(&health_listener, settings.health_addr.address()),
            "listening"
        );
        let router = surround_other(health::routes(port), outer_health);
        let health_server =
            Server::start(health_listener, Plain, router, limits.for_health(&settings), settings.timeouts(), None);
        Ok(Life {
            identity,
            health,
            metrics,
            settings,
            start,
            surroundings: outer,
            shutdown,
            started,
            http,
            beside: Vec::new(),
            limits,
            health_server,
            _telemetry: telemetry,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    /// All of them must run at the same time, or none passes the barrier.
    #[test]
    fn the_work_of_a_service_leaves_threads_for_name_resolution() {
        let service = Service { name: "hasher", prefix: "HASHER_", about: "Hashes.", blocking_threads: 24 };
        let runtime = runtime(&service).expect("a runtime");
        let barrier = Arc::new(Barrier::new(BLOCKING_THREADS + service.blocking_threads));
        let work: Vec<_> = (0..BLOCKING_THREADS + service.blocking_threads)
            .map(|_| {
                let barrier = Arc::clone(&barrier);
                runtime.spawn_blocking(move || _ = barrier.wait())
            })
            .collect();
        let all = futures_util::future::join_all(work);
        let outcome = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), all).await });
        runtime.shutdown_background();
        assert!(outcome.is_ok(), "not all run at the same time");
    }
}
