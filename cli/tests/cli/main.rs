//! The real executable, as people start it.

mod certs;
mod doctor;
mod flotilla;
mod handshake;
mod http;
mod load;
mod needs;
mod processes;
mod suite;
mod token_decode;
mod token_login;
mod token_verify;
mod tokens;
mod up;
mod up_ends;
mod up_fails;
mod usage;
