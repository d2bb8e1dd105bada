//! `/login`: name and password in, an access token and a refresh token out.
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chassis::Problem;
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use crate::{
    audit,
    credentials::Credentials,
    error::Error,
    issued::Issued,
    limits::{Client, Throttled, name_hash},
    password::{HashError, MAX_BYTES, Verdict},
    refresh::{Created, RefreshToken},
    state::State as Auth,
    turns::Requester,
    users::Account,
};

/// Exchanges name and password for a pair of tokens.
#[utoipa::path(
    post,
    path = "/login",
    security(("basic" = []), ()),
    // By reference, because a type makes the body required. Nothing is, where Basic credentials are sent.
    request_body(content = ref("#/components/schemas/Credentials"), content_type = "application/json", description = "Where no Basic credentials are sent; at most 64 KiB"),
    responses(
        (status = 200, description = "An access token and a refresh token", body = Issued),
        (status = 400, description = "The body is no login: problem+json"),
        (status = 401, description = "Unknown user or wrong password, not told apart: problem+json with WWW-Authenticate"),
        (status = 413, description = "The body is too large: problem+json"),
        (status = 415, description = "The body is not application/json: problem+json"),
        (status = 429, description = "Too many failed logins of this account or peer: problem+json with Retry-After"),
        (status = 503, description = "The database does not answer, or too many logins wait: problem+json with Retry-After")
    )
)]
pub async fn log_in(
    State(auth): State<Auth>,
    client: Client,
    credentials: Credentials,
) -> Result<impl IntoResponse, Error> {
    let account = authenticate(&auth, client, credentials).await?;
    let now = auth.clock.now();
    let signer = auth.ring.issuer(now).ok_or(Error::NoKey)?;
    let token = RefreshToken::generate().ok_or(Error::NoRandomness)?;
    let created = auth.families.create(&account, token, now).await?;
    let created = created.ok_or_else(|| refused(&auth, client, Some(&account), "account_changed"))?;
    let Created { account, granted, ended } = created;
    if ended > 0 {
        tracing::info!(
            target: audit::TARGET, event = "sessions.limited", account = account.username, ended, peer = client.shown(),
            "the oldest sessions of the account have ended"
        );
    }
    let (issued, jti) = Issued::to(&signer, &account, &granted, now)?;
    tracing::info!(
        target: audit::TARGET, event = "login.succeeded", account = account.username, jti, peer = client.shown(),
        "login succeeded"
    );
    auth.counters.logins.count("succeeded");
    Ok(issued)
}

/// The same with HTTP Basic by GET, as the tutorials of 2016 do.
#[utoipa::path(
    get,
    path = "/login",
    security(("basic" = [])),
    responses(
        (status = 200, description = "An access token and a refresh token", body = Issued),
        (status = 401, description = "Unknown user or wrong password, not told apart: problem+json with WWW-Authenticate"),
        (status = 429, description = "Too many failed logins of this account or peer: problem+json with Retry-After"),
        (status = 503, description = "The database does not answer, or too many logins wait: problem+json with Retry-After")
    )
)]
pub async fn log_in_by_get(
    state: State<Auth>,
    client: Client,
    credentials: Credentials,
) -> Result<impl IntoResponse, Error> {
    log_in(state, client, credentials).await
}

/// Answers HEAD with 405. A router takes a route of GET for HEAD, too, but here GET creates a session, whose token an answer
/// without a body could not carry. So `Allow` does not name HEAD, whatever the method was.
pub async fn refuse_head(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::HEAD {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED).into_response()
    } else {
        next.run(request).await
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,POST"));
    }
    response
}

/// The account whose password this is. An unknown name costs the same hashing as a wrong password.
async fn authenticate(auth: &Auth, client: Client, credentials: Credentials) -> Result<Account, Error> {
    let Credentials { username, password } = credentials;
    auth.peers.check(client, Instant::now()).map_err(|delay| throttled(auth, client, delay))?;
    if password.expose_secret().len() > MAX_BYTES {
        // Nobody's password: it costs no hashing, so it must not cost the database anything either.
        auth.peers.failed(client, Instant::now());
        return Err(refused(auth, client, None, "unknown_account"));
    }
    let requester = Requester { client: client.network(), name: name_hash(&username) };
    let lookup = auth.lookups.acquire(&requester).await.ok_or(HashError::Busy)?;
    let account = auth.users.find(&username).await?.filter(|account| account.may_log_in(auth.demo));
    let check = async || auth.accounts.check(&requester.name, account.as_ref(), client, auth.clock.now()).await;
    let record = check().await?.map_err(|delay| {
        // Whoever knocks through a delay pays for it himself, or he would be first again whenever it ends.
        auth.peers.failed(client, Instant::now());
        throttled(auth, client, delay)
    })?;
    drop(lookup);
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let still_wanted = || auth.accounts.check_again(&record, auth.clock.now()).is_ok();
    let verdict = match auth.passwords.compare(password.clone(), stored, &requester, still_wanted).await {
        // Asked again, the database lets a client that has to wait before its first attempt come back.
        Err(HashError::Unwanted) => {
            return Err(throttled(auth, client, check().await?.err().unwrap_or(Throttled(1))));
        }
        verdict => verdict?,
    };
    match account {
        Some(account) if verdict != Verdict::Wrong => {
            auth.accounts.succeeded(&record, &account, auth.clock.now()).await?;
            if verdict == Verdict::FitsOldHash {
                rehash(auth, &account, password, &requester).await?;
            }
            Ok(account)
        }
        account => {
            auth.peers.failed(client, Instant::now());
            auth.accounts.failed(&record, auth.clock.now()).await?;
            let reason = if account.is_some() { "wrong_password" } else { "unknown_account" };
            Err(refused(auth, client, account.as_ref(), reason))
        }
    }
}

fn throttled(auth: &Auth, client: Client, Throttled(seconds): Throttled) -> Error {
    tracing::info!(target: audit::TARGET, event = "login.throttled", peer = client.shown(), seconds, "login throttled");
    auth.counters.logins.count("throttled");
    Error::Throttled(seconds)
}

/// A hash of an earlier setting, or of another system, becomes one of ours now that the password is known. When many
/// wait for hashing it is left to the next login.
async fn rehash(
    auth: &Auth,
    account: &Account,
    password: secrecy::SecretString,
    requester: &Requester,
) -> Result<(), Error> {
    let hash = match auth.passwords.hash(password, requester).await {
        Err(HashError::Busy) => return Ok(()),
        hash => hash?,
    };
    auth.users.rehash(account, &hash).await?;
    tracing::info!(target: audit::TARGET, event = "password.rehashed", account = account.username, "password rehashed");
    Ok(())
}

/// An unknown name is not logged: people type passwords into the wrong field.
fn refused(auth: &Auth, client: Client, account: Option<&Account>, reason: &'static str) -> Error {
    let account = account.map(|account| account.username.as_str());
    tracing::info!(target: audit::TARGET, event = "login.failed", account, reason, peer = client.shown(), "login failed");
    auth.counters.logins.count(reason);
    Error::Refused
}
