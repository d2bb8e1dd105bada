//! A login for the whole run: once before it begins, and the token refreshed before it expires.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use url::Url;

use super::bearer::Bearer;
use super::connection::Connector;
use super::deadline::Deadline;
use super::target::Target;
use crate::token;
use ::token::Clock;

const TIMEOUT: Duration = Duration::from_secs(15);
/// What no answer we expect comes near.
const MAX_BODY: usize = 256 * 1024;
/// After a refresh that failed.
const PAUSE: Duration = Duration::from_secs(2);
/// Between two renewals because of 401 at the most: where each new token is refused, a newer one does not help.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);
/// How often the clock on the wall is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Who logs in, and where.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The login's address.
    pub(crate) at: Target,
    pub(crate) user: String,
    pub(crate) password: SecretString,
}

/// What became of a run's token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renewals {
    pub(crate) refreshed: u64,
    /// How often there was to be a new token and was none, and why the last time.
    pub(crate) failed: u64,
    pub(crate) last_error: Option<String>,
}

/// A session that lasts as long as this value.
#[derive(Debug)]
pub(super) struct Session {
    bearer: Arc<Bearer>,
    renewals: Arc<Mutex<Renewals>>,
    refreshing: AbortHandle,
}

/// auth's answer. Fields that it may leave out are optional.
#[derive(Deserialize)]
struct Grant {
    token: String,
    expires_in: Option<u64>,
    refresh_token: Option<SecretString>,
}

impl Session {
    /// Logs in, and from then on refreshes the token in the background.
    pub(super) async fn begin(login: Login, connector: Connector, clock: Clock) -> anyhow::Result<Self> {
        let auth = Auth { login, connector, clock };
        let grant = auth.log_in().await.context("cannot log in")?;
        let bearer =
            Bearer::new(&grant.token).context("cannot log in: the token holds what no header field may hold")?;
        let (bearer, renewals) = (Arc::new(bearer), Arc::<Mutex<Renewals>>::default());
        let refreshing =
            tokio::spawn(auth.keep_fresh(grant, Arc::clone(&bearer), Arc::clone(&renewals))).abort_handle();
        Ok(Self { bearer, renewals, refreshing })
    }

    pub(super) fn bearer(&self) -> Arc<Bearer> {
        Arc::clone(&self.bearer)
    }

    pub(super) fn renewals(&self) -> Renewals {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.refreshing.abort();
    }
}

/// auth, as this session's client sees it.
struct Auth {
    login: Login,
    connector: Connector,
    clock: Clock,
}

impl Auth {
    async fn keep_fresh(self, mut grant: Grant, bearer: Arc<Bearer>, renewals: Arc<Mutex<Renewals>>) {
        let (mut pause, mut refusals_count_from) = (PAUSE, Instant::now());
        loop {
            let refused = async {
                tokio::time::sleep_until(refusals_count_from).await;
                bearer.when_refused().await;
            };
            tokio::select! {
                () = self.is_due(grant.expires_in) => pause = PAUSE,
                () = refused => {
                    refusals_count_from = Instant::now() + pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
            grant = loop {
                match self.renew(&grant).await {
                    Ok(new) => break new,
                    Err(error) => {
                        let mut renewals = renewals.lock().unwrap_or_else(PoisonError::into_inner);
                        renewals.failed += 1;
                        renewals.last_error = Some(format!("{error:#}"));
                    }
                }
                tokio::time::sleep(PAUSE).await;
            };
            if bearer.replace(&grant.token).is_some() {
                renewals.lock().unwrap_or_else(PoisonError::into_inner).refreshed += 1;
            }
        }
    }

    /// Waits until a token of this life is to be renewed.
    async fn is_due(&self, life: Option<u64>) {
        match life {
            Some(life) => passes(&self.clock, renewal(life)).await,
            None => std::future::pending().await,
        }
    }

    /// By the refresh token; where that is refused, by the password.
    async fn renew(&self, grant: &Grant) -> anyhow::Result<Grant> {
        if let Some(refresh_token) = &grant.refresh_token {
            let body = serde_json::json!({ "refresh_token": refresh_token.expose_secret() }).to_string();
            let path = self.login.at.path().strip_suffix("/login").map(|base| format!("{base}/refresh"));
            let at = self.login.at.at(path.as_deref().unwrap_or("/refresh"));
            let (status, answer) = self.post(&at, None, body).await.context("cannot refresh the token")?;
            if status == StatusCode::OK {
                return grant_in(&answer);
            }
            if status != StatusCode::UNAUTHORIZED {
                bail!("cannot refresh the token: {}{} answered {status}", at.origin(), at.path());
            }
        }
        self.log_in().await.context("cannot log in again")
    }

    async fn log_in(&self) -> anyhow::Result<Grant> {
        let Login { at, user, password } = &self.login;
        let credentials = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut basic = HeaderValue::try_from(format!("Basic {credentials}"))?;
        basic.set_sensitive(true);
        let (status, answer) = self.post(at, Some(basic), String::new()).await?;
        if status != StatusCode::OK {
            let problem: Option<Value> = serde_json::from_slice(&answer).ok();
            let url: Url = format!("{}{}", at.origin(), at.path()).parse()?;
            bail!("{}", token::refusal(status, problem.as_ref(), &url));
        }
        grant_in(&answer).with_context(|| format!("{} is no auth, and no frontend", at.origin()))
    }

    async fn post(
        &self,
        at: &Target,
        authorization: Option<HeaderValue>,
        body: String,
    ) -> anyhow::Result<(StatusCode, Vec<u8>)> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = at.path().parse()?;
        let fields = request.headers_mut();
        fields.insert(HOST, at.authority());
        fields.insert(USER_AGENT, HeaderValue::from_static(concat!("flotilla/", env!("CARGO_PKG_VERSION"))));
        match authorization {
            Some(field) => fields.insert(AUTHORIZATION, field),
            None => fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json")),
        };
        let late = || anyhow!("no complete answer from {} within {} s", at.origin(), TIMEOUT.as_secs());
        let connected = self.connector.connect(Instant::now() + TIMEOUT, TIMEOUT).await;
        let mut link = connected.map_err(|failure| anyhow!("no answer from {}: {}", at.origin(), failure.detail))?;
        let mut deadline = Deadline::at(Instant::now() + TIMEOUT);
        let answer = link.ask(request, &mut deadline).await.map_err(|_| late())?;
        let (head, mut incoming) = answer.with_context(|| format!("no answer from {}", at.origin()))?.into_parts();
        let mut body = Vec::new();
        link.read(&mut incoming, &mut deadline, &mut body, MAX_BODY).await.map_err(|_| late())??;
        Ok((head.status, body))
    }
}

/// With a third of its life left, so that one failure is no trouble yet. A token's times are whole seconds (RFC 7519 §2),
/// so the first of its life may be gone already.
fn renewal(life: u64) -> Duration {
    const AT_ONCE: Duration = Duration::from_millis(300);
    Duration::from_secs(life.saturating_sub(1)).mul_f64(2.0 / 3.0).max(AT_ONCE)
}

/// Waits until so much time has passed by either clock: the runtime's stands still while a machine is suspended, and the
/// one on the wall can be set.
async fn passes(clock: &Clock, time: Duration) {
    let (begun, end) = (clock.now(), Instant::now() + time);
    let by_the_wall = || clock.now().duration_since(begun).unwrap_or_default();
    while Instant::now() < end && by_the_wall() < time {
        tokio::time::sleep_until(end.min(Instant::now() + LOOK)).await;
    }
}

fn grant_in(answer: &[u8]) -> anyhow::Result<Grant> {
    // The parser's own words could repeat a token.
    serde_json::from_slice(answer).map_err(|_| anyhow!("the answer holds no token"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_token_is_renewed_while_it_is_good() {
        for life in [2, 5, 900, 86_400] {
            assert!(renewal(life) < Duration::from_secs(life - 1), "{life}");
        }
        assert_eq!(renewal(901).as_secs(), 600);
    }

    /// How long the runtime's clock ran until ten minutes had passed, where the other one does this after its first look.
    async fn ten_minutes(later: impl Fn(SystemTime, u64) -> SystemTime + Send + Sync + 'static) -> Duration {
        let (begun, looks) = (SystemTime::UNIX_EPOCH + Duration::from_hours(24), AtomicU64::new(0));
        let clock = Clock::from_fn(move || later(begun, looks.fetch_add(1, Ordering::Relaxed)));
        let start = Instant::now();
        passes(&clock, Duration::from_mins(10)).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_the_machine_was_suspended_counts() {
        let minutes = |minutes| Duration::from_mins(minutes);
        // The first look is at the beginning, the fourth after two seconds.
        let suspended = ten_minutes(move |begun, look| begun + minutes(if look < 3 { 0 } else { 60 })).await;
        assert!(suspended <= Duration::from_secs(3), "{suspended:?}");
        assert_eq!(ten_minutes(|begun, _| begun).await, minutes(10), "a clock that stands still holds nothing up");
        let set_back = ten_minutes(move |begun, look| if look == 0 { begun } else { begun - minutes(60) }).await;
        assert_eq!(set_back, minutes(10));
    }

    #[test]
    fn an_answer_without_a_token_is_not_repeated() {
        assert!(grant_in(br#"{"token":"t","expires_in":900,"refresh_token":"r","more":1}"#).is_ok());
        let error = grant_in(br#"{"secret":"s"}"#).err().unwrap();
        assert_eq!(error.to_string(), "the answer holds no token");
    }
}
