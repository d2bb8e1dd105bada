//! Waiting until a service says that it is ready.

use std::time::Duration;

use reqwest::Client;
use tokio::time::sleep;
use url::Url;

use crate::web;

/// A ready service answers in a millisecond; one that does not will be asked again.
const TIMEOUT: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Each question is a line in the service's log, so they become fewer.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The question that is asked of one service.
#[derive(Clone, Debug)]
pub(super) struct Readiness {
    client: Client,
    url: Url,
}

impl Readiness {
    pub(super) fn at(url: Url) -> anyhow::Result<Self> {
        Ok(Self { client: web::client(&url, TIMEOUT)?, url })
    }

    /// Comes back when the service is ready.
    pub(super) async fn reached(&self) {
        let mut pause = FIRST_PAUSE;
        while !self.is_ready().await {
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = web::answer(self.client.get(self.url.clone())).await;
        answer.is_ok_and(|answer| answer.status.is_success())
    }
}
