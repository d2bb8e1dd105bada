//! Events on stdout: JSON, one object a line, or text for people. Nothing else is ever written there; the events of a
//! command, whose stdout is its answer, go to stderr.
mod access;
mod request;
mod stdout;

use std::{
    io::{self, IsTerminal},
    sync::Arc,
    time::SystemTime,
};

pub(crate) use access::{AccessLog, Line};
pub(crate) use stdout::Stdout;
use tracing_subscriber::{
    filter::Targets,
    fmt::{self, format},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use self::{request::WithRequestId, stdout::Guard};
use crate::config::{LogFormat, Platform};

/// Keeps the log going; dropping it writes what is left.
#[derive(Debug)]
pub(crate) struct Telemetry {
    stdout: Stdout,
    access: AccessLog,
    _writing: Guard,
}

impl Telemetry {
    /// Starts logging. Called once in a process.
    pub(crate) fn start(platform: &Platform) -> io::Result<Self> {
        let terminal = io::stdout().is_terminal();
        let (stdout, writing) = Stdout::start(io::stdout())?;
        let format = platform.log_format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
        subscribe(platform.rust_log.0.clone(), format, terminal, stdout.clone());
        let access = match format {
            LogFormat::Json => AccessLog::Json(stdout.clone()),
            LogFormat::Text => AccessLog::Text,
        };
        Ok(Self { stdout, access, _writing: writing })
    }

    /// Starts the log of a command: its stdout belongs to its answer, so events go to stderr.
    pub(crate) fn start_on_stderr(platform: &Platform) -> io::Result<Self> {
        let terminal = io::stderr().is_terminal();
        let (stderr, writing) = Stdout::start(io::stderr())?;
        let format = platform.log_format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
        subscribe(platform.rust_log.0.clone(), format, terminal, stderr.clone());
        Ok(Self { access: AccessLog::Text, stdout: stderr, _writing: writing })
    }

    /// For the layers.
    pub(crate) fn access_log(&self) -> AccessLog {
        self.access.clone()
    }

    /// For the metric of dropped lines.
    pub(crate) fn stdout(&self) -> Stdout {
        self.stdout.clone()
    }
}

fn subscribe(filter: Targets, format: LogFormat, colours: bool, stdout: Stdout) {
    let registry = tracing_subscriber::registry().with(filter);
    let writer = Arc::new(stdout);
    // Who embeds several services in one process keeps the first subscriber.
    let _ = match format {
        LogFormat::Json => {
            let lines =
                format::Format::default().json().flatten_event(true).with_current_span(false).with_span_list(false);
            let fields = format::JsonFields::new();
            let layer = fmt::layer().event_format(WithRequestId(lines)).fmt_fields(fields).with_writer(writer);
            registry.with(layer).try_init()
        }
        LogFormat::Text => {
            let lines = format::Format::default().compact().with_target(false);
            let layer = fmt::layer().event_format(WithRequestId(lines)).with_ansi(colours).with_writer(writer);
            registry.with(layer).try_init()
        }
    };
}

/// Now, as RFC 3339 in UTC with milliseconds: for what is shown to people, never for a judgement.
#[expect(clippy::disallowed_methods, reason = "a time stamp for people; nothing is judged by it")]
pub(crate) fn utc_now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
