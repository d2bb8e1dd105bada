//! Signals: the first of SIGTERM or SIGINT asks for a drain, the second ends the process at once.
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    Draining,
    /// With the signal's number.
    Forced(u8),
}

/// Tells everybody how far the end has come. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<Stage>);

impl Shutdown {
    /// Listens for signals from now on.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (tell, told) = watch::channel(Stage::Running);
        let term = signal(SignalKind::terminate())?;
        let int = signal(SignalKind::interrupt())?;
        tokio::spawn(follow(term, int, tell));
        Ok(Self(told))
    }

    /// Returns once a drain is asked for.
    pub(crate) async fn draining(&self) {
        self.reached(|stage| stage >= Stage::Draining).await;
    }

    /// Returns, with the signal's number, once the end is forced.
    pub(crate) async fn forced(&self) -> u8 {
        match self.reached(|stage| matches!(stage, Stage::Forced(_))).await {
            Stage::Forced(signal) => signal,
            Stage::Running | Stage::Draining => 0,
        }
    }

    async fn reached(&self, is_reached: impl Fn(Stage) -> bool) -> Stage {
        let mut told = self.0.clone();
        let reached = told.wait_for(|stage| is_reached(*stage)).await.ok().map(|stage| *stage);
        match reached {
            Some(stage) => stage,
            // The teller lives as long as the runtime.
            None => std::future::pending().await,
        }
    }
}

async fn follow(mut term: Signal, mut int: Signal, tell: watch::Sender<Stage>) {
    for count in 0u8.. {
        let number = tokio::select! {
            _ = term.recv() => 15,
            _ = int.recv() => 2,
        };
        tell.send_replace(if count == 0 { Stage::Draining } else { Stage::Forced(number) });
    }
}
