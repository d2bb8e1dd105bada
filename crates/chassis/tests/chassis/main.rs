//! chassis as its users meet it: the environment in, problems or a configuration out.
mod blanks;
mod configuration;
mod hanging;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod secrets;
