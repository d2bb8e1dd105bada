//! Two instances of hello that share the traffic, wherever they run: what the demos of health and shutdown ask of them.

use std::time::Duration;

use url::Url;

use crate::load::plan::Plan;

/// How an instance left that was asked to.
#[derive(Debug)]
pub(super) struct Gone {
    /// Whether it drained.
    pub(super) in_peace: bool,
    /// To complete a sentence about it.
    pub(super) how: String,
}

/// Instances of hello.
pub(super) trait Instances {
    /// How users reach them, to complete "… requests a second".
    const TO_USERS: &'static str;
    /// The same for those who see every loss.
    const TO_STRICT_USERS: &'static str;
    /// Why these see every loss.
    const STRICT: &'static str;
    /// What happened to one that was not alive.
    const ANEW: &'static str;

    /// The names of those that are ready, two. Each has its [health port](Self::health) from now on.
    async fn names(&mut self) -> anyhow::Result<[String; 2]>;

    /// An address on the health port of one of these.
    fn health(&self, name: &str, path: &str) -> Url;

    /// Users, so many requests a second.
    fn users(&self, rate: u32) -> anyhow::Result<Plan>;

    /// Users for whom nobody tries once more what was lost.
    fn strict_users(&self, rate: u32) -> anyhow::Result<Plan>;

    /// Which of its lives an instance lives, while it serves.
    async fn life(&self, name: &str) -> anyhow::Result<Option<String>>;

    /// Who is listed to get traffic, where there is such a list.
    async fn endpoints(&self) -> anyhow::Result<Option<Vec<String>>>;

    /// Ends an instance by SIGTERM, for good.
    async fn end(&mut self, name: &str) -> anyhow::Result<Gone>;

    /// Ends it by SIGKILL.
    async fn kill(&mut self, name: &str) -> anyhow::Result<()>;

    /// Sees that there are two again, and says how that came.
    async fn reinforce(&mut self) -> anyhow::Result<String>;
}

/// A drain delay as hello's setting has it.
pub(super) fn drain_delay(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}
