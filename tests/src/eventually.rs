//! Waiting for a condition: a test never sleeps for a result.
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);
/// Long enough for a debug build on a busy machine; a test that waits this long has failed.
pub const LONG: Duration = Duration::from_secs(30);

/// Looks until there is something to return. Panics at the deadline, naming what did not happen.
pub async fn eventually<T>(what: &str, within: Duration, look: impl AsyncFnMut() -> Option<T>) -> T {
    every(PAUSE, what, within, look).await
}

/// The same, with so long between two looks.
pub(crate) async fn every<T>(
    pause: Duration,
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "did not happen within {within:?}: {what}");
        sleep(pause).await;
    }
}
