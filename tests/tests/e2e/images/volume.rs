//! A volume of the test's own.
use e2e::container::docker;

/// Removed with the value.
pub(crate) struct Volume(String);

impl Volume {
    pub(crate) fn new() -> Self {
        Self(docker(["volume", "create"]).expect(0).out.trim().to_owned())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        docker(["volume", "rm", "--force", &self.0]);
    }
}
