//! Keys fetched over HTTP while all goes well: first load, rotation, refresh, and strangers who ask for unknown keys.

use std::sync::Arc;
use std::time::Duration;

use token::{Algorithm, Fetches, KeySource as _, Refusal, RemoteKeysConfig, SigningKey, Verifier};

use crate::fixtures::{AUDIENCE, ISSUER, TTL, now, policy, user};
use crate::key_server::{Answer, INTERVAL, KeyServer, eventually, key, pass, remote_keys};

#[tokio::test]
async fn after_the_first_load_tokens_are_verified_without_asking_again() {
    let signer = SigningKey::generate().expect("randomness");
    let server = KeyServer::start(Answer::Keys(vec![signer.verifying_key()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    let verifier = Verifier::new(keys.clone(), policy(Algorithm::EdDsa)).expect("in order");
    let issuer = token::Issuer::new(signer, ISSUER.into(), AUDIENCE.into(), TTL).expect("in order");
    for _ in 0..10 {
        let token = issuer.issue(&user(), now()).expect("issues").token;
        verifier.verify(&token, now()).await.expect("good");
    }
    assert_eq!(server.hits(), 1);
    let once = Fetches { succeeded: 1, failed: 0 };
    assert_eq!(keys.fetches(), once);
}

#[tokio::test]
async fn fault_9_a_rotated_key_is_fetched_once_and_no_request_fails() {
    let (old, new) = (key(), key());
    let server = KeyServer::start(Answer::Keys(vec![old.clone()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    server.answer(Answer::Keys(vec![old.clone(), new.clone()]));
    server.close();

    let requests: Vec<_> = (0..100)
        .map(|_| {
            let (keys, kid) = (keys.clone(), new.kid().to_owned());
            tokio::spawn(async move { keys.key(Some(&kid), Algorithm::EdDsa).await.map(|key| key.kid().to_owned()) })
        })
        .collect();
    eventually(|| server.hits() == 2).await;
    // Good traffic does not wait for that fetch.
    assert!(keys.known(Some(old.kid()), Algorithm::EdDsa).is_some());
    server.open();
    for request in requests {
        assert_eq!(request.await.expect("no panic").as_deref(), Ok(new.kid()));
    }
    assert_eq!(server.hits(), 2, "one fetch for a hundred requests");
}

#[tokio::test]
async fn security_4_fault_10_a_flood_of_unknown_kids_causes_one_fetch_per_interval() {
    let good = key();
    let server = KeyServer::start(Answer::Keys(vec![good.clone()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    for interval in 1..=3 {
        for n in 0..200 {
            let refusal = keys.key(Some(&format!("{interval}-{n}")), Algorithm::EdDsa).await.err();
            assert_eq!(refusal, Some(Refusal::UnknownKey));
            assert!(keys.key(Some(good.kid()), Algorithm::EdDsa).await.is_ok(), "good traffic is unharmed");
        }
        assert_eq!(server.hits(), 1 + interval);
        pass(INTERVAL).await;
    }
}

#[tokio::test]
async fn a_hundred_unknown_kids_at_once_share_one_fetch() {
    let server = KeyServer::start(Answer::Keys(vec![key()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    server.close();
    let strangers: Vec<_> = (0..100)
        .map(|n| {
            let keys = keys.clone();
            tokio::spawn(async move { keys.key(Some(&n.to_string()), Algorithm::EdDsa).await.err() })
        })
        .collect();
    eventually(|| server.hits() == 2).await;
    server.open();
    for stranger in strangers {
        assert_eq!(stranger.await.expect("no panic"), Some(Refusal::UnknownKey));
    }
    assert_eq!(server.hits(), 2);
}

#[tokio::test]
async fn a_key_published_during_a_fetch_is_found_by_the_next() {
    let (old, new) = (key(), key());
    let server = KeyServer::start(Answer::Keys(vec![old.clone()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    // Our own scheduled fetch is under way and will bring the old set.
    server.close();
    let scheduled = tokio::spawn({
        let keys = keys.clone();
        async move { keys.refresh().await }
    });
    eventually(|| server.hits() == 2).await;
    server.answer(Answer::Keys(vec![old, new.clone()]));
    let request = tokio::spawn({
        let (keys, kid) = (keys.clone(), new.kid().to_owned());
        async move { keys.key(Some(&kid), Algorithm::EdDsa).await.map(|_| ()) }
    });
    tokio::task::yield_now().await;
    server.open();
    scheduled.await.expect("no panic").expect("loads");
    assert_eq!(request.await.expect("no panic"), Ok(()));
    assert_eq!(server.hits(), 3);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cancel_the_fetch_others_wait_for() {
    let (old, new) = (key(), key());
    let server = KeyServer::start(Answer::Keys(vec![old])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    server.answer(Answer::Keys(vec![new.clone()]));
    server.close();
    let impatient = tokio::spawn({
        let (keys, kid) = (keys.clone(), new.kid().to_owned());
        async move { keys.key(Some(&kid), Algorithm::EdDsa).await.map(|_| ()) }
    });
    eventually(|| server.hits() == 2).await;
    impatient.abort();
    server.open();
    eventually(|| keys.known(Some(new.kid()), Algorithm::EdDsa).is_some()).await;
    assert_eq!(server.hits(), 2);
}

#[tokio::test]
async fn the_generation_moves_only_with_the_keys() {
    let (one, two) = (key(), key());
    let server = KeyServer::start(Answer::Keys(vec![one.clone(), two.clone()])).await;
    let keys = server.keys();
    let never = keys.generation();
    keys.refresh().await.expect("loads");
    let loaded = keys.generation();
    assert_ne!(loaded, never);
    server.answer(Answer::Keys(vec![two, one.clone()]));
    keys.refresh().await.expect("loads");
    assert_eq!(keys.generation(), loaded, "the same keys in another order");
    server.answer(Answer::Keys(vec![one]));
    keys.refresh().await.expect("loads");
    assert_ne!(keys.generation(), loaded);
}

#[tokio::test]
async fn a_key_that_is_no_longer_published_is_no_longer_trusted() {
    let (old, new) = (key(), key());
    let server = KeyServer::start(Answer::Keys(vec![old.clone()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    server.answer(Answer::Keys(vec![new.clone()]));
    keys.refresh().await.expect("loads");
    assert!(keys.known(Some(old.kid()), Algorithm::EdDsa).is_none());
    assert!(keys.known(Some(new.kid()), Algorithm::EdDsa).is_some());
}

#[tokio::test]
async fn the_background_refresh_sees_a_rotation_by_itself() {
    let (old, new) = (key(), key());
    let server = KeyServer::start(Answer::Keys(vec![old])).await;
    let keys = remote_keys(RemoteKeysConfig { refresh: Duration::from_millis(20), ..server.config() });
    keys.refresh().await.expect("loads");
    let refresh = keys.spawn_refresh();
    server.answer(Answer::Keys(vec![new.clone()]));
    eventually(|| keys.known(Some(new.kid()), Algorithm::EdDsa).is_some()).await;
    refresh.abort();
}

#[tokio::test]
async fn the_background_refresh_loads_the_keys_if_nobody_did() {
    let server = KeyServer::start(Answer::Keys(vec![key()])).await;
    let keys = remote_keys(RemoteKeysConfig { refresh: Duration::from_millis(20), ..server.config() });
    let refresh = keys.spawn_refresh();
    eventually(|| keys.loaded()).await;
    refresh.abort();
}

#[tokio::test]
async fn the_documents_max_age_shortens_the_time_to_the_next_fetch() {
    let server = KeyServer::start(Answer::KeysFor(vec![key()], "public, max-age=30")).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    let refresh = keys.spawn_refresh();
    // Once so that the task has begun its pause; jitter takes at most a fifth off.
    tokio::task::yield_now().await;
    pass(Duration::from_secs(23)).await;
    tokio::task::yield_now().await;
    assert_eq!(server.hits(), 1);
    pass(Duration::from_secs(8)).await;
    eventually(|| server.hits() == 2).await;
    refresh.abort();
}

#[tokio::test]
async fn the_background_refresh_ends_with_the_source() {
    let server = KeyServer::start(Answer::Keys(vec![key()])).await;
    let keys = remote_keys(RemoteKeysConfig { refresh: Duration::from_millis(5), ..server.config() });
    let refresh = keys.spawn_refresh();
    eventually(|| keys.loaded()).await;
    let weak = Arc::downgrade(&keys);
    drop(keys);
    eventually(|| refresh.is_finished()).await;
    assert!(weak.upgrade().is_none());
}
