//! Limits on failed logins: by account and client, which every replica shares, and by peer, which each counts for itself.
//! While one of them says no, the right password is refused, too: an answer that told it from a wrong one would be a guess.
mod account;
mod client;
mod peer;

pub(crate) use self::account::{FORGOTTEN_AFTER, KNOWN_FOR};
pub use self::{
    account::{Accounts, name_hash},
    client::Client,
    peer::Peers,
};

/// To be tried again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled(pub u32);
