//! The access rule for holders of a role, as an extractor: a handler that takes [`RoleBearer`] is open to them only.
//!
//! ```
//! use token::{Role, RoleBearer};
//!
//! enum Presenter {}
//!
//! impl Role for Presenter {
//!     const NAME: &'static str = "presenter";
//! }
//!
//! async fn greet_presenter(bearer: RoleBearer<Presenter>) -> String {
//!     format!("Hello, presenter {}", bearer.claims.sub)
//! }
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::bearer::{Access, Bearer};
use crate::claims::Claims;
use crate::refusal::Refusal;
use crate::rejection::Rejection;

/// A role that handlers may require. A type of its own, so that a handler's signature can say which.
pub trait Role {
    /// The name in the token's `roles`, exactly.
    const NAME: &'static str;
}

/// The claims of the request's access token, whose subject has the role `R`.
///
/// Without a good token the request is refused as by [`Bearer`]; with one that lacks the role by 403 (RFC 6750 §3.1).
pub struct RoleBearer<R> {
    /// What the token says.
    pub claims: Arc<Claims>,
    // Private: there is no other way to such a value than the check below.
    role: PhantomData<fn() -> R>,
}

impl<R, S> FromRequestParts<S> for RoleBearer<R>
where
    R: Role,
    Access: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let Bearer(claims) = Bearer::from_request_parts(parts, state).await?;
        if !claims.has_role(R::NAME) {
            return Err(Access::from_ref(state).verifier.refuse(Refusal::Role(R::NAME)).into());
        }
        Ok(Self { claims, role: PhantomData })
    }
}

// Not derived: a derive would demand it of the role.
impl<R: Role> fmt::Debug for RoleBearer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleBearer").field("role", &R::NAME).field("claims", &self.claims).finish()
    }
}
