//! The signals that end what runs until Ctrl-C: `up`, `load`.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::exit;

/// A wrapper (`timeout`, a process manager) may pass on a signal that the terminal has sent to us too: that is not a
/// person losing patience.
pub(crate) const ECHO: Duration = Duration::from_millis(300);

/// A signal that arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) name: &'static str,
    /// The exit code of a process that ends at once by it.
    pub(crate) code: u8,
}

const INTERRUPT: Ending = Ending { name: "Ctrl-C", code: exit::INTERRUPTED };
const TERMINATE: Ending = Ending { name: "SIGTERM", code: 143 };
const HANG_UP: Ending = Ending { name: "the terminal was closed", code: 129 };

/// From its making on, these signals no longer end the process by themselves.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            // Under nohup, which moves the output to a file, it has to stay ignored.
            hang_up: if io::stdout().is_terminal() { Some(signal(SignalKind::hangup())?) } else { None },
        })
    }

    pub(crate) async fn next(&mut self) -> Ending {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
            _ = hang_up => HANG_UP,
        }
    }

    /// The next signal after this time; what arrives before it is not counted.
    pub(crate) async fn next_after(&mut self, time: Duration) -> Ending {
        let early = async {
            loop {
                self.next().await;
            }
        };
        // It never ends by itself.
        let _ = timeout(time, early).await;
        self.next().await
    }
}
