//! The real executable, as people start it.

mod certs;
mod demo;
mod demo_ends;
mod demo_url;
mod doctor;
mod fake;
mod flotilla;
mod handshake;
mod http;
mod load;
mod load_ends;
mod load_login;
mod load_shown;
mod load_target;
mod load_tls;

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
