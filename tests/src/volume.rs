//! A volume of the test's own. Needs [`skips::CONTAINERS`](crate::skips::CONTAINERS).
use crate::{
    container::{docker, unique},
    reaper,
};

/// Removed with the value.
#[derive(Debug)]
pub struct Volume(String);

impl Volume {
    /// An empty one.
    #[expect(clippy::new_without_default, reason = "it makes something on the machine")]
    pub fn new() -> Self {
        let volume = Self(unique("volume"));
        reaper::add(&format!("volume={}", volume.0));
        docker(["volume", "create", &volume.0]).expect(0);
        volume
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        docker(["volume", "rm", "--force", &self.0]);
        reaper::remove(&format!("volume={}", self.0));
    }
}
