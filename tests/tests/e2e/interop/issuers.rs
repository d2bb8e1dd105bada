//! Tokens of an issuer that is not ours, made with PyJWT, at hello.
use e2e::{Client, LONG, Launch, Process, Program, Stream, Test, eventually, tool::Tool};
use serde_json::{Value, json};

use super::python;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![PYTHON_JWT:
        a_foreign_token_is_accepted_where_its_algorithm_is_listed,
        a_foreign_token_is_refused_where_its_algorithm_is_not_listed,
        keys_that_are_not_taken_are_named_in_the_log,
        hello_says_why_no_key_of_a_set_is_taken,
        a_foreign_token_of_another_issuer_or_for_another_audience_is_refused,
        a_foreign_token_is_an_access_token_unless_other_types_are_listed,
        a_foreign_token_has_what_ours_have,
        a_foreign_token_may_lack_type_and_name_and_have_fractions_where_that_is_set,
        a_foreign_issuers_roles_count,
    ]
}

const ALGORITHMS: [&str; 3] = ["EdDSA", "ES256", "RS256"];
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://greetings.example";

/// A running issuer, gone with the test.
struct Issuer {
    client: Client,
    _tool: Tool,
}

impl Issuer {
    async fn of(algorithms: &[&str]) -> Self {
        let mut command = python("issuer.py");
        command.args(algorithms);
        let tool = Tool::start(command);
        let said = async || tool.output().of(Stream::Out).first().cloned();
        let origin = eventually("the issuer listens", LONG, said).await;
        Self { client: Client::new(origin), _tool: tool }
    }

    /// A hello that trusts it.
    fn trusting(&self) -> Launch {
        let url = format!("{}/jwks.json", self.client.origin());
        Launch::service(Program::Hello).set("JWKS_URL", url).set("ISSUER", ISSUER).set("AUDIENCE", AUDIENCE)
    }

    async fn signs(&self, alg: &str, claims: Value, headers: Value) -> String {
        let mut all = json!({"iss": ISSUER, "aud": AUDIENCE});
        all.as_object_mut().expect("an object").extend(claims.as_object().expect("claims").clone());
        let body = json!({"alg": alg, "claims": all, "headers": headers});
        let answer = self.client.request("POST", "/token").json(&body).send(200).await;
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    /// A token that is good where its algorithm is.
    async fn token(&self, alg: &str) -> String {
        self.with(alg, json!({})).await
    }

    async fn with(&self, alg: &str, claims: Value) -> String {
        self.signs(alg, claims, json!({"typ": "at+jwt"})).await
    }
}

/// The reason is for the log and the metric only.
async fn is_refused(hello: &mut Process, token: String, reason: &str) {
    let counted = async |health: &e2e::HealthPort| {
        let metrics = health.get("/metrics").send(200).await.body;
        let name = format!("token_refusals_total{{reason=\"{reason}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or(0)
    };
    let (client, health) = (hello.client().await, hello.health().await);
    let before: u64 = counted(&health).await;
    let answer = client.holding(token).secure(401).await;
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla", error="invalid_token""#);
    assert_eq!(counted(&health).await, before + 1, "refused, and for this reason: {reason}");
}

async fn a_foreign_token_is_accepted_where_its_algorithm_is_listed() {
    let issuer = Issuer::of(&ALGORITHMS).await;
    for list in ["EdDSA", "ES256", "RS256", "EdDSA,ES256,RS256"] {
        let mut hello = issuer.trusting().set("ALGORITHMS", list).ready().await;
        let client = hello.client().await;
        for alg in list.split(',') {
            let greeting = client.holding(issuer.token(alg).await).secure(200).await;
            assert_eq!(greeting.json(), json!({"message": "Hello", "user": "ada"}), "{alg}");
        }
    }
}

async fn a_foreign_token_is_refused_where_its_algorithm_is_not_listed() {
    let issuer = Issuer::of(&ALGORITHMS).await;
    let mut unless_told = issuer.trusting().ready().await;
    for alg in ["EdDSA", "ES256"] {
        unless_told.client().await.holding(issuer.token(alg).await).secure(200).await;
    }
    is_refused(&mut unless_told, issuer.token("RS256").await, "algorithm").await;
    let mut others = issuer.trusting().set("ALGORITHMS", "ES256,RS256").ready().await;
    is_refused(&mut others, issuer.token("EdDSA").await, "algorithm").await;
}

async fn keys_that_are_not_taken_are_named_in_the_log() {
    let issuer = Issuer::of(&ALGORITHMS).await;
    let mut hello = issuer.trusting().set("ALGORITHMS", "ES256").ready().await;
    hello.event("key not used").await;
    let told = || {
        let events = hello.output().events();
        let told = events.iter().filter(|event| event["message"] == "key not used");
        told.map(|event| format!("{} {}", event["kid"], event["reason"])).collect::<Vec<_>>()
    };
    let expected =
        ["EdDSA", "RS256"].map(|alg| format!(r#""{alg}" "the algorithm of the key, {alg}, is not accepted""#));
    eventually("both are told", LONG, async || (told() == expected).then_some(())).await;
}

async fn hello_says_why_no_key_of_a_set_is_taken() {
    let issuer = Issuer::of(&["RS256"]).await;
    let mut hello = issuer.trusting().spawn();
    let event = hello.event("key set not fetched").await;
    let error = event["error"].as_str().expect("a text");
    assert!(error.ends_with("the algorithm of the key, RS256, is not accepted"), "{error}");
    hello.health().await.readiness(503).await;
}

async fn a_foreign_token_of_another_issuer_or_for_another_audience_is_refused() {
    let issuer = Issuer::of(&ALGORITHMS).await;
    let mut hello = issuer.trusting().set("ALGORITHMS", ALGORITHMS.join(",")).ready().await;
    for alg in ALGORITHMS {
        is_refused(&mut hello, issuer.with(alg, json!({"iss": "auth.service"})).await, "issuer").await;
        is_refused(&mut hello, issuer.with(alg, json!({"aud": "hello.service"})).await, "audience").await;
        is_refused(&mut hello, issuer.with(alg, json!({"exp": 1_700_000_000, "iat": 1_699_999_999})).await, "expired")
            .await;
        let both = issuer.with(alg, json!({"aud": ["other.example", AUDIENCE]})).await;
        hello.client().await.holding(both).secure(200).await;
    }
}

/// PyJWT types its tokens `JWT` unless it is told otherwise.
async fn a_foreign_token_is_an_access_token_unless_other_types_are_listed() {
    let issuer = Issuer::of(&["EdDSA"]).await;
    let mut strict = issuer.trusting().ready().await;
    let untold = issuer.signs("EdDSA", json!({}), json!({})).await;
    is_refused(&mut strict, untold.clone(), "type").await;
    let mut lenient = issuer.trusting().set("TOKEN_TYPES", "at+jwt,JWT").ready().await;
    lenient.client().await.holding(untold).secure(200).await;
    lenient.client().await.holding(issuer.token("EdDSA").await).secure(200).await;
    let logout = issuer.signs("EdDSA", json!({}), json!({"typ": "logout+jwt"})).await;
    is_refused(&mut lenient, logout, "type").await;
}

/// RFC 9068 section 2.2.
async fn a_foreign_token_has_what_ours_have() {
    let issuer = Issuer::of(&["EdDSA"]).await;
    let mut hello = issuer.trusting().ready().await;
    for claim in ["iss", "sub", "aud", "exp", "iat", "jti"] {
        is_refused(&mut hello, issuer.with("EdDSA", json!({claim: null})).await, "claims").await;
    }
}

/// As Dex and other libraries write tokens. PyJWT leaves out `typ` where the header says null.
async fn a_foreign_token_may_lack_type_and_name_and_have_fractions_where_that_is_set() {
    let issuer = Issuer::of(&["RS256"]).await;
    let trusting = || issuer.trusting().set("ALGORITHMS", "RS256");
    let nameless = issuer.signs("RS256", json!({"jti": null}), json!({"typ": null})).await;
    let now = now_in_seconds();
    let fractions = json!({"iat": now + 0.25, "exp": now + 300.75});
    let fractional = issuer.signs("RS256", fractions, json!({"typ": null})).await;

    let mut strict = trusting().ready().await;
    is_refused(&mut strict, nameless.clone(), "type").await;
    let mut untyped = trusting().set("TOKEN_TYPES", "missing").ready().await;
    is_refused(&mut untyped, nameless.clone(), "claims").await;
    let refused = untyped.event("token refused: the token's claims have no jti").await;
    assert_eq!(refused["claim"], "jti");
    is_refused(&mut untyped, fractional.clone(), "claims").await;

    let lenient = trusting().set("TOKEN_TYPES", "missing").set("JTI_REQUIRED", "false").set("FRACTIONAL_TIMES", "true");
    let mut lenient = lenient.ready().await;
    for token in [nameless, fractional] {
        lenient.client().await.holding(token).secure(200).await;
    }
    is_refused(&mut lenient, issuer.token("RS256").await, "type").await;
}

#[expect(clippy::disallowed_methods, reason = "the tokens are for a running hello, whose clock is the system's")]
fn now_in_seconds() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_secs_f64().floor()
}

async fn a_foreign_issuers_roles_count() {
    let issuer = Issuer::of(&["EdDSA"]).await;
    let mut hello = issuer.trusting().ready().await;
    let presenter = issuer.with("EdDSA", json!({"roles": ["presenter"]})).await;
    let client = hello.client().await;
    let greeting = client.get("/admin").bearer(&presenter).send(200).await.json();
    assert_eq!(greeting, json!({"message": "Hello, presenter", "user": "ada"}));
    client.get("/admin").bearer(&issuer.token("EdDSA").await).send(403).await;
    is_refused(&mut hello, issuer.with("EdDSA", json!({"roles": "presenter"})).await, "claims").await;
}
