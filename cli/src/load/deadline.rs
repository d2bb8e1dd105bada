//! A deadline that moves with every request. The timer below it is set anew only when it goes off, because setting it
//! for each request would cost more than the requests' other bookkeeping together.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// When what is waited for must have happened.
pub(super) struct Deadline {
    at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(super) const fn at(at: Instant) -> Self {
        Self { at, timer: None }
    }

    /// Moves it, to later only: an earlier one would be noticed late.
    pub(super) fn move_to(&mut self, at: Instant) {
        self.at = at;
    }

    pub(super) fn instant(&self) -> Instant {
        self.at
    }

    /// Ready once it has passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(self.at)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= self.at {
                return Poll::Ready(());
            }
            timer.as_mut().reset(self.at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_passes_where_it_was_moved_to_last() {
        let start = Instant::now();
        let mut deadline = Deadline::at(start + Duration::from_secs(1));
        poll_fn(|cx| {
            assert!(deadline.poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        deadline.move_to(start + Duration::from_secs(3));
        poll_fn(|cx| deadline.poll(cx)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        assert_eq!(deadline.instant(), start + Duration::from_secs(3));
    }
}
