//! The access token that all requests carry: read by every connection, replaced when it is refreshed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use http::HeaderValue;
use tokio::sync::watch;

/// The `Authorization` field of now.
#[derive(Debug)]
pub(super) struct Bearer {
    field: RwLock<HeaderValue>,
    /// Changes with the field: asked before every request, and cheaper than the lock.
    generation: AtomicU64,
    /// The newest generation that a service refused.
    refused: watch::Sender<u64>,
}

impl Bearer {
    /// `None` for a token that no field can hold.
    pub(super) fn new(token: &str) -> Option<Self> {
        Some(Self { field: RwLock::new(field(token)?), generation: AtomicU64::new(1), refused: watch::Sender::new(0) })
    }

    /// `None` for a token that no field can hold.
    pub(super) fn replace(&self, token: &str) -> Option<()> {
        *self.field.write().unwrap_or_else(PoisonError::into_inner) = field(token)?;
        self.generation.fetch_add(1, Ordering::Release);
        Some(())
    }

    pub(super) fn field(&self) -> HeaderValue {
        self.field.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A service answered 401 to the token of this generation.
    pub(super) fn refused(&self, generation: u64) {
        self.refused.send_if_modified(|newest| {
            let is_news = *newest < generation;
            *newest = generation.max(*newest);
            is_news
        });
    }

    /// Waits until the token of now is refused.
    pub(super) async fn when_refused(&self) {
        let mut refused = self.refused.subscribe();
        // The sender is kept by `self`.
        let _ = refused.wait_for(|refused| *refused >= self.generation.load(Ordering::Acquire)).await;
    }

    pub(super) const fn generation(&self) -> &AtomicU64 {
        &self.generation
    }
}

/// RFC 6750 §2.1; never shown in a debug output.
fn field(token: &str) -> Option<HeaderValue> {
    let mut field = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    field.set_sensitive(true);
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_counts_for_the_token_that_was_refused() {
        let bearer = Bearer::new("first").unwrap();
        bearer.refused(1);
        bearer.when_refused().await;
        bearer.replace("second").unwrap();
        bearer.refused(1);
        let waiting = bearer.when_refused();
        tokio::pin!(waiting);
        assert!(futures_pending(waiting.as_mut()).await, "that was the first");
        bearer.refused(2);
        waiting.await;
    }

    async fn futures_pending(future: std::pin::Pin<&mut impl Future>) -> bool {
        tokio::select! { biased; _ = future => false, () = tokio::task::yield_now() => true }
    }

    #[test]
    fn a_new_token_is_a_new_generation_and_is_never_shown() {
        let bearer = Bearer::new("first").unwrap();
        let before = bearer.generation().load(Ordering::Acquire);
        bearer.replace("second").unwrap();
        assert_eq!(bearer.field(), "Bearer second");
        assert_ne!(bearer.generation().load(Ordering::Acquire), before);
        assert!(!format!("{bearer:?}").contains("second"));
        assert!(Bearer::new("line\nbreak").is_none());
    }
}
