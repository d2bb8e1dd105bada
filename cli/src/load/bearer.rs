//! The access token that all requests carry: read by every connection, replaced when it is refreshed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use http::HeaderValue;

/// The `Authorization` field of now.
#[derive(Debug)]
pub(super) struct Bearer {
    field: RwLock<HeaderValue>,
    /// Changes with the field: asked before every request, and cheaper than the lock.
    generation: AtomicU64,
}

impl Bearer {
    /// `None` for a token that no field can hold.
    pub(super) fn new(token: &str) -> Option<Self> {
        Some(Self { field: RwLock::new(field(token)?), generation: AtomicU64::new(1) })
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
