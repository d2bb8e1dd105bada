//! Refresh tokens: opaque, used once, in families (RFC 9700 section 4.14).
//!
//! A login founds a family; each refresh uses one token up and gives out the next. Whoever comes with a used one, the
//! thief or the one who was robbed, ends the family: nobody can tell the two apart. The exception is a client that did
//! not get the answer: for a short time it may repeat its refresh, if the next token was not used.
mod families;
pub mod routes;
mod secret;

pub use self::{
    families::{Created, Families, Granted, Limits, Refused},
    secret::RefreshToken,
};
