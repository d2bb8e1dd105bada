//! Events on stdout: JSON, one object a line, or text for people. Nothing else is ever written there.
//!
//! A thread of its own writes, from a bounded queue: a blocked or closed stdout loses lines (counted in
//! `log_lines_dropped_total`) but never holds a request up.
use std::{
    io::{self, BufWriter, IsTerminal, Write},
    time::SystemTime,
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{LogFormat, Platform};

/// Lines kept while stdout is slow: about half a megabyte.
const QUEUED_LINES: usize = 2048;

/// Keeps the writing thread alive; dropping it writes what is queued.
#[derive(Debug)]
pub struct Telemetry {
    _writing: WorkerGuard,
    dropped: ErrorCounter,
}

impl Telemetry {
    /// Starts logging. Called once in a process; a second call keeps the first subscriber.
    pub fn start(platform: &Platform) -> Self {
        let terminal = io::stdout().is_terminal();
        let (writer, writing) = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(QUEUED_LINES)
            .thread_name("log")
            .finish(BufWriter::new(Unbroken(io::stdout())));
        let dropped = writer.error_counter();
        let format = platform.log_format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
        subscribe(platform.rust_log.0.clone(), format, terminal, writer);
        Self { _writing: writing, dropped }
    }

    /// For the metric of dropped lines.
    pub(crate) fn dropped(&self) -> ErrorCounter {
        self.dropped.clone()
    }
}

fn subscribe(filter: Targets, format: LogFormat, colours: bool, writer: NonBlocking) {
    let registry = tracing_subscriber::registry().with(filter);
    // A process has one subscriber; tests that boot several services in one keep the first.
    let _ = match format {
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(layer.with_writer(writer)).try_init()
        }
        LogFormat::Text => {
            registry.with(fmt::layer().compact().with_target(false).with_ansi(colours).with_writer(writer)).try_init()
        }
    };
}

/// A stdout that never errs: when the reader has gone, lines are lost, and the service goes on.
struct Unbroken(io::Stdout);

impl Write for Unbroken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Ok(bytes.len()),
            outcome => outcome,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Now, as RFC 3339 in UTC with milliseconds: for what is shown to people, never for a judgement.
#[expect(clippy::disallowed_methods, reason = "a time stamp for people; nothing is judged by it")]
pub(crate) fn utc_now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}
