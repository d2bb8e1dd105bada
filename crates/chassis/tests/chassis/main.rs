//! chassis as its users meet it: the environment in, problems or a configuration out.
mod configuration;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod secrets;
