//! Refresh tokens: opaque, used once, in families (RFC 9700 section 4.14).
//!
//! A login founds a family; each refresh uses one token up and gives out the next. Whoever comes with a used one, the
//! thief or the one who was robbed, ends the family: nobody can tell the two apart.
mod families;
pub mod routes;
mod secret;

pub use self::{
    families::{Families, Granted, Refused},
    secret::RefreshToken,
};
