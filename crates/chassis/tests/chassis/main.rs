//! chassis as its users meet it: the environment in, problems or a configuration out.
mod configuration;
