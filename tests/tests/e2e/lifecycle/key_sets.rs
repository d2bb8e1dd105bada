//! An issuer whose key set goes bad after it was good (fault 8): hello keeps the last good one, whatever comes.
use e2e::{Client, Jws, LONG, Launch, Process, Program, Test, eventually, jws::OwnKey};
use serde_json::json;

use super::fake::{Fake, Reply};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        an_error_in_the_key_sets_place_changes_nothing,
        garbage_in_the_key_sets_place_changes_nothing,
        an_empty_key_set_changes_nothing,
        an_endless_key_set_changes_nothing,
        half_a_key_set_changes_nothing,
        an_issuer_that_falls_silent_changes_nothing,
        a_key_set_that_comes_back_is_taken,
        fetches_are_counted_by_outcome_and_the_key_sets_age_is_shown,
    ]
}

/// auth, and a hello that gets auth's keys from a server in between.
struct Scene {
    auth: Client,
    issuer: Fake,
    hello: Client,
    good: String,
    _processes: [Process; 2],
}

impl Scene {
    async fn set() -> Self {
        let mut auth = Launch::service(Program::Auth).ready().await;
        let client = auth.client().await;
        let good = client.key_set(200).await.body;
        let issuer = Fake::that(Reply::whole(200, &good)).await;
        let mut hello = Launch::service(Program::Hello).set("JWKS_URL", issuer.url()).ready().await;
        let scene = Self { auth: client, issuer, hello: hello.client().await, good, _processes: [auth, hello] };
        scene.only_good_tokens_are_good().await;
        scene
    }

    /// New tokens each time: none is known from before.
    async fn only_good_tokens_are_good(&self) {
        let token = self.auth.logged_in().await.token().to_owned();
        self.hello.holding(&token).secure(200).await;
        let forged = OwnKey::generate().sign(Jws::parse(&token));
        self.hello.holding(forged.compact()).secure(401).await;
    }

    /// A token with an unknown key makes hello ask.
    async fn hello_asks_again(&self) {
        let token = self.auth.logged_in().await.token().to_owned();
        let unknown = Jws::parse(&token).with_header("kid", "unknown").compact();
        let before = self.issuer.asked();
        self.hello.holding(unknown).secure(401).await;
        self.issuer.is_asked_after(before).await;
    }

    async fn withstands(self, reply: Reply) {
        self.issuer.replies(reply);
        self.hello_asks_again().await;
        self.only_good_tokens_are_good().await;
    }
}

async fn an_error_in_the_key_sets_place_changes_nothing() {
    let scene = Scene::set().await;
    let good = scene.good.clone();
    scene.withstands(Reply::whole(500, &good)).await;
}

async fn garbage_in_the_key_sets_place_changes_nothing() {
    for garbage in ["", "<html>", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[{}]}"#] {
        Scene::set().await.withstands(Reply::whole(200, garbage)).await;
    }
}

async fn an_empty_key_set_changes_nothing() {
    Scene::set().await.withstands(Reply::whole(200, r#"{"keys":[]}"#)).await;
}

async fn an_endless_key_set_changes_nothing() {
    let own = json!({"keys": [OwnKey::generate().jwk()], "padding": "x".repeat(10 << 20)});
    Scene::set().await.withstands(Reply::whole(200, &own.to_string())).await;
}

async fn half_a_key_set_changes_nothing() {
    let scene = Scene::set().await;
    let Reply::Bytes(mut bytes) = Reply::whole(200, &scene.good) else { unreachable!() };
    bytes.truncate(bytes.len() - 2);
    scene.withstands(Reply::Bytes(bytes)).await;
}

async fn an_issuer_that_falls_silent_changes_nothing() {
    let scene = Scene::set().await;
    let before = scene.issuer.asked();
    scene.issuer.replies(Reply::Silence);
    let token = scene.auth.logged_in().await.token().to_owned();
    let waiting = scene.hello.holding(Jws::parse(&token).with_header("kid", "unknown").compact());
    let waiting = tokio::spawn(async move { waiting.secure(401).await });
    scene.issuer.is_asked_after(before).await;
    scene.only_good_tokens_are_good().await;
    waiting.await.expect("refused in the end");
}

async fn a_key_set_that_comes_back_is_taken() {
    let own = OwnKey::generate();
    let scene = Scene::set().await;
    let token = Jws::parse(scene.auth.logged_in().await.token()).with_header("kid", "own");
    let token = scene.hello.holding(own.sign(token).compact());
    scene.issuer.replies(Reply::whole(200, &json!({"keys": [own.jwk()]}).to_string()));
    token.secure(200).await;
}

async fn fetches_are_counted_by_outcome_and_the_key_sets_age_is_shown() {
    let issuer = Fake::that(Reply::whole(500, "")).await;
    let mut hello = Launch::service(Program::Hello).set("JWKS_URL", issuer.url()).spawn();
    let health = hello.health().await;
    let failed = r#"jwks_fetches_total{outcome="failed"} "#;
    let metrics = eventually("a fetch has failed", LONG, async || {
        let metrics = health.get("/metrics").send(200).await.body;
        metrics.lines().any(|line| line.strip_prefix(failed).is_some_and(|count| count != "0")).then_some(metrics)
    })
    .await;
    assert!(metrics.contains(r#"jwks_fetches_total{outcome="succeeded"} 0"#), "{metrics}");
    assert!(!metrics.contains("\njwks_age_seconds "), "there is no key set to have an age: {metrics}");
    let own = OwnKey::generate();
    issuer.replies(Reply::whole(200, &json!({"keys": [own.jwk()]}).to_string()));
    hello.ready().await;
    let metrics = health.get("/metrics").send(200).await.body;
    assert!(metrics.contains(r#"jwks_fetches_total{outcome="succeeded"} 1"#), "{metrics}");
    let age = metrics.lines().find_map(|line| line.strip_prefix("jwks_age_seconds ")).expect("the age");
    assert!((0.0..60.0).contains(&age.parse::<f64>().expect("a number")), "{age}");
}
