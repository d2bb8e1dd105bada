//! Certificates and private keys as people have them, and which certificates of servers a client trusts.
//!
//! | module | does |
//! |---|---|
//! | [`pem`] | reads certificates and keys; an error says what is wrong with a file and how to mend it |
//! | [`trust`] | verifies servers by the system's certificates or by those of a file |
//! | [`explain()`] | says in words why a handshake failed |
pub mod explain;
mod own_certificate;
pub mod pem;
mod system;
pub mod trust;

pub use self::{explain::explain, pem::PemError, trust::TrustError};
