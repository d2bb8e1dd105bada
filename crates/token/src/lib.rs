//! Access tokens and nothing else: no user, no database, no route.
//!
//! An access token is a JWS in compact form (RFC 7515), typed `at+jwt` (RFC 9068), signed with Ed25519
//! (RFC 8037) or with ES256, or in classic mode with a shared secret (HS256), as the 2016 tutorial did. Another issuer's tokens may
//! be verified, too, with RS256 and under another type, where a verifier is told so.
//!
//! # Where things are
//! - [`issuer`]: [`Issuer`] signs. It holds the only private key.
//! - [`verifier`]: [`Verifier`] judges a token in a fixed order and remembers good ones for a while
//!   (`verified_tokens`). What it demands is the [`Policy`], what it accepts of a header is [`accepted`]; what it
//!   answers is [`Claims`] or a [`Refusal`]. `received_claims` reads the claims one by one.
//! - [`compact`]: the three parts of a token and its header, taken apart strictly (`unique_members`: JSON without
//!   duplicate members).
//! - [`signing_key`], [`verifying_key`], [`key_set`], [`jwk`]: keys, checked when they are loaded; nothing later
//!   has to ask whether a key is any good. `thumbprint` names them (RFC 7638).
//! - [`key_source`]: [`KeySource`] stands between the verifier and where keys come from. [`StaticKeys`] holds them in
//!   the process, [`RemoteKeys`] fetches a key set over HTTP ([`remote_keys`]).
//! - [`bearer`]: [`Bearer`], the axum extractor. Having it in a handler's signature is the access rule. [`role`]:
//!   [`RoleBearer`], the same for holders of a role. What both say to those they turn away is `rejection`.
//! - [`clock`]: [`Clock`], the one place that reads the ambient time. Everything else takes `now`.
//!
//! # What a reader should know first
//! A verifier accepts the algorithms it was configured with: one, unless it is told more, and a shared secret's only
//! alone. A key carries its algorithm in its type.
//! Every refusal costs bounded work and looks the same from outside; its [reason](Refusal::reason) goes to the log and
//! to the metrics only.

pub mod accepted;
pub mod algorithm;
pub mod bearer;
pub mod claims;
pub mod clock;
pub mod compact;
pub mod issuer;
pub mod jwk;
pub mod key_error;
pub mod key_set;
pub mod key_source;
pub mod policy;
mod received_claims;
pub mod refusal;
mod rejection;
pub mod remote_keys;
#[cfg(test)]
mod rfc_vectors;
pub mod role;
pub mod signing_key;
mod thumbprint;
mod unique_members;
mod verified_tokens;
pub mod verifier;
pub mod verifying_key;

pub use accepted::{AcceptedError, Algorithms, TokenTypes};
pub use algorithm::{Algorithm, SigningAlgorithm};
pub use bearer::{Access, Bearer};
pub use claims::Claims;
pub use clock::Clock;
pub use compact::CompactToken;
pub use issuer::{IssueError, IssuedToken, Issuer, Subject};
pub use jwk::{Jwk, Jwks};
pub use key_error::KeyError;
pub use key_set::{KeySet, SkippedKey};
pub use key_source::{BoxFuture, KeyFuture, KeySource, StaticKeys};
pub use policy::{Policy, PolicyError};
pub use received_claims::ClaimsError;
pub use refusal::Refusal;
pub use rejection::Rejection;
pub use remote_keys::{FetchError, Fetches, RemoteKeys, RemoteKeysConfig};
pub use role::{Role, RoleBearer};
pub use signing_key::SigningKey;
pub use verifier::Verifier;
pub use verifying_key::VerifyingKey;
