//! A fetch that takes long while strangers send unknown `kid`s: requests are not held for it (fault row 29).

use std::sync::Arc;
use std::time::Duration;

use token::{Algorithm, KeySource as _, Refusal, RemoteKeys, RemoteKeysConfig, VerifyingKey};
use tokio::task::JoinHandle;

use crate::key_server::{Answer, KeyServer, eventually, key, remote_keys};

type Found = JoinHandle<Result<Arc<VerifyingKey>, Refusal>>;

/// Keys that are loaded, of a server that does not answer any more.
async fn hanging(usual_fetch: Duration, keys: Vec<VerifyingKey>) -> (KeyServer, Arc<RemoteKeys>) {
    let server = KeyServer::start(Answer::Keys(keys)).await;
    let keys = remote_keys(RemoteKeysConfig { usual_fetch, ..server.config() });
    keys.refresh().await.expect("loads");
    server.close();
    (server, keys)
}

fn look_up(keys: &Arc<RemoteKeys>, kid: &str) -> Found {
    let (keys, kid) = (Arc::clone(keys), kid.to_owned());
    tokio::spawn(async move { keys.key(Some(&kid), Algorithm::EdDsa).await })
}

fn finished(requests: &[Found]) -> usize {
    requests.iter().filter(|request| request.is_finished()).count()
}

#[tokio::test]
async fn fault_29_a_fetch_that_hangs_holds_a_few_requests_only() {
    let good = key();
    let (server, keys) = hanging(Duration::from_millis(20), vec![good.clone()]).await;
    let strangers: Vec<_> = (0..40).map(|n| look_up(&keys, &n.to_string())).collect();
    eventually(|| finished(&strangers) == 36).await;
    // A fetch that takes longer than usual holds no request that comes later.
    assert_eq!(keys.key(Some("late"), Algorithm::EdDsa).await.err(), Some(Refusal::UnknownKey));
    assert!(keys.key(Some(good.kid()), Algorithm::EdDsa).await.is_ok(), "good traffic is unharmed");
    assert_eq!((finished(&strangers), server.hits()), (36, 2), "the others wait for the one fetch");
    server.open();
    for stranger in strangers {
        assert_eq!(stranger.await.expect("no panic").err(), Some(Refusal::UnknownKey));
    }
}

#[tokio::test]
async fn a_fetch_as_usual_is_waited_for_by_all() {
    let (old, new) = (key(), key());
    let (server, keys) = hanging(Duration::from_secs(20), vec![old.clone()]).await;
    server.answer(Answer::Keys(vec![old, new.clone()]));
    let bearers: Vec<_> = (0..40).map(|_| look_up(&keys, new.kid())).collect();
    eventually(|| server.hits() == 2).await;
    server.open();
    for bearer in bearers {
        assert_eq!(bearer.await.expect("no panic").expect("found").kid(), new.kid());
    }
}

#[tokio::test]
async fn a_slow_fetch_still_finds_the_key_of_those_that_came_first() {
    let (old, new) = (key(), key());
    let (server, keys) = hanging(Duration::ZERO, vec![old.clone()]).await;
    server.answer(Answer::Keys(vec![old, new.clone()]));
    let bearers: Vec<_> = (0..4).map(|_| look_up(&keys, new.kid())).collect();
    eventually(|| server.hits() == 2).await;
    assert_eq!(
        keys.key(Some(new.kid()), Algorithm::EdDsa).await.err(),
        Some(Refusal::UnknownKey),
        "the fifth does not wait"
    );
    server.open();
    for bearer in bearers {
        assert_eq!(bearer.await.expect("no panic").expect("found").kid(), new.kid());
    }
    assert!(keys.key(Some(new.kid()), Algorithm::EdDsa).await.is_ok());
}

/// Before there are any keys it is the same: nobody is kept waiting for an issuer that hangs.
#[tokio::test]
async fn without_keys_a_fetch_that_hangs_holds_a_few_requests_only() {
    let server = KeyServer::start(Answer::Keys(vec![key()])).await;
    server.close();
    let keys = remote_keys(RemoteKeysConfig { usual_fetch: Duration::from_millis(20), ..server.config() });
    let requests: Vec<_> = (0..40).map(|n| look_up(&keys, &n.to_string())).collect();
    eventually(|| finished(&requests) == 36).await;
    assert_eq!(keys.key(Some("late"), Algorithm::EdDsa).await.err(), Some(Refusal::KeysUnavailable));
    server.open();
    for request in requests {
        assert!(request.await.expect("no panic").is_err());
    }
}
