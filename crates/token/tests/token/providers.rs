//! Tokens and keys in the shapes that real providers document, at a verifier set as docs/security.md says.
//!
//! Keys and tokens are made here. Only the names of members, their types and the usual lives are the providers'.

use std::sync::Arc;

use serde_json::{Value, json};
use token::{Claims, KeySet, Policy, Refusal, StaticKeys, Verifier};

use crate::fixtures::{NOW, at_once, missing, now, with, without};
use crate::foreign::{Foreign, algorithms};

/// One provider: how its keys and tokens look, and what hello is set to.
struct Provider {
    name: &'static str,
    key: Foreign,
    /// Members of the published key next to the key itself.
    published: Value,
    /// The header next to `alg`.
    header: Value,
    claims: Value,
    audience: &'static str,
    types: &'static str,
    jti_required: bool,
}

impl Provider {
    fn policy(&self) -> Policy {
        let issuer = self.claims["iss"].as_str().expect("a text");
        Policy {
            types: self.types.parse().expect("types"),
            jti_required: self.jti_required,
            ..Policy::new(issuer, self.audience, self.key.algorithm())
        }
    }

    /// The key set: this key, another of the same kind, and one for encryption as Keycloak has it.
    fn keys(&self) -> KeySet {
        let mut own = without(without(without(self.key.jwk(), "kid"), "alg"), "use");
        let members = self.published.as_object().expect("an object").clone();
        own.as_object_mut().expect("an object").extend(members);
        let second = with(with(own.clone(), "kid", "second".into()), "use", "enc".into());
        let encrypting = json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "kid": "enc", "n": "AQAB", "e": "AQAB"});
        let document = json!({"keys": [own, second, encrypting]}).to_string();
        let (keys, skipped) =
            KeySet::parse(document.as_bytes(), &algorithms(self.key.algorithm().as_str())).expect("keys");
        assert!(skipped.iter().all(|key| !key.reason.is_defect()), "{}: {skipped:?}", self.name);
        keys
    }

    fn token(&self, claims: &Value) -> String {
        let header = with(self.header.clone(), "alg", self.key.algorithm().as_str().into());
        self.key.sign(&header, claims)
    }

    fn verdict(&self, policy: Policy, claims: &Value) -> Result<Arc<Claims>, Refusal> {
        let verifier = Verifier::new(Arc::new(StaticKeys::new(self.keys())), policy).expect("in order");
        at_once(verifier.verify(&self.token(claims), now()))
    }
}

fn rsa(kid: &str) -> Value {
    json!({"use": "sig", "alg": "RS256", "kid": kid})
}

/// The providers that write neither `typ` nor anything unusual in claims but a missing `jti`.
fn untyped() -> Vec<Provider> {
    vec![
        Provider {
            name: "Okta",
            key: Foreign::rsa(),
            published: with(rsa("Zk_seik7w4pc_prCcfUf-h2hFfiwk"), "status", "ACTIVE".into()),
            header: json!({"kid": "Zk_seik7w4pc_prCcfUf-h2hFfiwk"}),
            claims: json!({
                "ver": 1, "jti": "AT.MNAoEQ", "iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
                "sub": "ada@example.com", "iat": NOW, "exp": NOW + 3600, "cid": "0oa1", "uid": "00u1",
                "scp": ["openid"], "auth_time": NOW - 9,
            }),
            audience: "api://default",
            types: "missing",
            jti_required: true,
        },
        Provider {
            name: "Amazon Cognito, ID token",
            key: Foreign::rsa(),
            published: rsa("1234example="),
            header: json!({"kid": "1234example="}),
            claims: json!({
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["test"], "email_verified": true,
                "iss": "https://cognito-idp.us-west-2.amazonaws.com/us-west-2_example", "cognito:username": "ada",
                "aud": "xxxxxxxxxxxxexample", "token_use": "id", "auth_time": NOW, "iat": NOW, "exp": NOW + 3600,
                "jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "email": "ada@example.com",
            }),
            audience: "xxxxxxxxxxxxexample",
            types: "missing",
            jti_required: true,
        },
        Provider {
            name: "Dex",
            key: Foreign::rsa(),
            published: rsa("0123456789abcdef0123456789abcdef01234567"),
            header: json!({"kid": "0123456789abcdef0123456789abcdef01234567"}),
            claims: json!({
                "iss": "https://dex.example/dex", "sub": "Cg0wLTM4NS0yODA4OS0wEgRtb2Nr", "aud": "example-app",
                "exp": NOW + 86_400, "iat": NOW, "at_hash": "3Q", "email": "ada@example.com", "email_verified": true,
                "groups": ["authors"], "name": "Ada",
            }),
            audience: "example-app",
            types: "missing",
            jti_required: false,
        },
        Provider {
            name: "Kubernetes service account",
            key: Foreign::rsa(),
            published: rsa("KUPPW8xqvSxaHwkDMcUSg8mPtBwVJkgHbCfJCbLQqRU"),
            header: json!({"kid": "KUPPW8xqvSxaHwkDMcUSg8mPtBwVJkgHbCfJCbLQqRU"}),
            claims: json!({
                "aud": ["hello.service"], "exp": NOW + 3600, "iat": NOW, "nbf": NOW,
                "iss": "https://kubernetes.default.svc.cluster.local", "jti": "aed34954-b33a-4142-b1ec-389d6bbb4936",
                "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "greeter", "uid": "14ee3fa4"}},
                "sub": "system:serviceaccount:default:greeter",
            }),
            audience: "hello.service",
            types: "missing",
            jti_required: true,
        },
    ]
}

/// The providers whose tokens say `JWT`, whatever they are for.
fn typed() -> Vec<Provider> {
    vec![
        Provider {
            name: "Microsoft Entra ID, v2.0",
            key: Foreign::rsa(),
            published: json!({"use": "sig", "kid": "nOo3ZDrODXEK1jKWhXslHR", "x5t": "nOo3ZDrODXEK1jKWhXslHR",
                "x5c": ["MIIC"], "issuer": "https://login.microsoftonline.com/t/v2.0"}),
            header: json!({"typ": "JWT", "kid": "nOo3ZDrODXEK1jKWhXslHR"}),
            claims: json!({
                "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "iss": "https://login.microsoftonline.com/t/v2.0",
                "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 4500, "azp": "app", "azpacr": "0", "oid": "o",
                "roles": ["presenter"], "scp": "access_as_user", "sub": "AAAA", "tid": "t", "uti": "u", "ver": "2.0",
            }),
            audience: "00001111-aaaa-2222-bbbb-3333cccc4444",
            types: "JWT",
            jti_required: false,
        },
        Provider {
            name: "Auth0, its default profile",
            key: Foreign::rsa(),
            published: json!({"use": "sig", "alg": "RS256", "kid": "NjVBRjY5MDlCMUIwNzU4", "x5t": "NjVBRjY5MDlC",
                "x5c": ["MIIC"]}),
            header: json!({"typ": "JWT", "kid": "NjVBRjY5MDlCMUIwNzU4"}),
            claims: json!({
                "iss": "https://tenant.auth0.com/", "sub": "auth0|123456",
                "aud": ["https://hello.example", "https://tenant.auth0.com/userinfo"], "azp": "client",
                "iat": NOW, "exp": NOW + 86_400, "scope": "openid profile", "gty": "password",
            }),
            audience: "https://hello.example",
            types: "JWT",
            jti_required: false,
        },
        Provider {
            name: "Google, ID token",
            key: Foreign::rsa(),
            published: rsa("c7e04465649ffa606557650c7e65f0a87ae00fe8"),
            header: json!({"typ": "JWT", "kid": "c7e04465649ffa606557650c7e65f0a87ae00fe8"}),
            claims: json!({
                "iss": "https://accounts.google.com", "azp": "1234.apps.googleusercontent.com",
                "aud": "1234.apps.googleusercontent.com", "sub": "10769150350006150715113082367", "hd": "example.com",
                "email": "ada@example.com", "email_verified": true, "iat": NOW, "exp": NOW + 3600,
            }),
            audience: "1234.apps.googleusercontent.com",
            types: "JWT",
            jti_required: false,
        },
        Provider {
            name: "Keycloak",
            key: Foreign::rsa(),
            published: json!({"use": "sig", "alg": "RS256", "kid": "nnniBrxL0qhG79pkF3cc", "x5c": ["MIIC"],
                "x5t": "aa", "x5t#S256": "bb"}),
            header: json!({"typ": "JWT", "kid": "nnniBrxL0qhG79pkF3cc"}),
            claims: json!({
                "exp": NOW + 60, "iat": NOW, "jti": "trrtcc:312ee6", "iss": "https://keycloak.example/realms/demo",
                "aud": ["hello.service", "account"], "sub": "2a1c", "typ": "Bearer", "azp": "app",
                "realm_access": {"roles": ["offline_access"]}, "scope": "profile", "preferred_username": "ada",
            }),
            audience: "hello.service",
            types: "JWT",
            jti_required: true,
        },
        Provider {
            name: "an issuer that signs with ES256 and names no algorithm in its key",
            key: Foreign::p256(),
            published: json!({"kid": "p256", "use": "sig"}),
            header: json!({"typ": "JWT", "kid": "p256"}),
            claims: json!({"iss": "i", "sub": "s", "aud": ["a"], "exp": NOW + 300, "iat": NOW, "jti": "j"}),
            audience: "a",
            types: "JWT",
            jti_required: true,
        },
    ]
}

fn all() -> Vec<Provider> {
    untyped().into_iter().chain(typed()).collect()
}

#[test]
fn tokens_of_real_providers_are_accepted_by_what_the_documents_say_to_set() {
    for provider in all() {
        let claims = provider.verdict(provider.policy(), &provider.claims);
        let claims = claims.unwrap_or_else(|refusal| panic!("{}: {refusal}", provider.name));
        assert_eq!(claims.sub, provider.claims["sub"], "{}", provider.name);
        assert_eq!(claims.jti.as_deref(), provider.claims["jti"].as_str(), "{}", provider.name);
    }
}

#[test]
fn each_of_their_settings_is_needed_and_the_default_stays_strict() {
    for provider in all() {
        let strict = Policy { types: token::TokenTypes::access_tokens(), ..provider.policy() };
        let refusal = provider.verdict(strict, &provider.claims).err();
        assert_eq!(refusal, Some(Refusal::Type), "{}", provider.name);
        let refusal = provider.verdict(Policy { jti_required: true, ..provider.policy() }, &provider.claims).err();
        let expected = if provider.jti_required { None } else { Some(missing("jti")) };
        assert_eq!(refusal, expected, "{}", provider.name);
    }
}

#[test]
fn a_claim_that_may_be_missing_is_still_a_name_where_it_is_there() {
    for provider in all() {
        let lenient = || Policy { jti_required: false, ..provider.policy() };
        for odd in [json!(""), json!(7), json!(["j"])] {
            let refusal = provider.verdict(lenient(), &with(provider.claims.clone(), "jti", odd)).err();
            assert_eq!(refusal.and_then(|refusal| refusal.claim()), Some("jti"), "{}", provider.name);
        }
        // Nothing else may be missing.
        for claim in ["iss", "sub", "aud", "exp", "iat"] {
            let refusal = provider.verdict(lenient(), &without(provider.claims.clone(), claim)).err();
            assert_eq!(refusal, Some(missing(claim)), "{}", provider.name);
        }
    }
}

/// A Cognito access token names a client and, unless a resource was asked for, no audience.
#[test]
fn a_token_without_an_audience_is_refused_by_name() {
    let cognito = &untyped()[1];
    let access = with(without(cognito.claims.clone(), "aud"), "client_id", cognito.audience.into());
    assert_eq!(cognito.verdict(cognito.policy(), &access).err(), Some(missing("aud")));
}

#[test]
fn fractions_of_a_second_are_read_where_that_is_set_and_shorten_the_life() {
    let provider = &typed()[4];
    let verdict = |fractional_times, claim: &str, value: Value| {
        let policy = Policy { fractional_times, leeway: std::time::Duration::ZERO, ..provider.policy() };
        provider.verdict(policy, &with(provider.claims.clone(), claim, value))
    };
    for (claim, value) in [("exp", json!(300.5)), ("iat", json!(0.5)), ("nbf", json!(-0.5))] {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let value = json!(NOW as f64 + value.as_f64().expect("a number"));
        assert_eq!(verdict(false, claim, value.clone()).err().and_then(|why| why.claim()), Some(claim));
        let claims = verdict(true, claim, value).expect("good");
        assert_eq!((claims.exp, claims.nbf.max(claims.iat)), (NOW + 300, NOW));
    }
    // An end is never later than the token says, and a start never earlier.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let now = NOW as f64;
    assert_eq!(verdict(true, "exp", json!(now + 0.9)).err(), Some(Refusal::Expired));
    assert_eq!(verdict(true, "nbf", json!(now + 0.1)).err(), Some(Refusal::NotYetValid));
    for odd in [json!(-1), json!(-0.5), json!(1e300), json!("1800000900.5"), json!(true)] {
        let refusal = verdict(true, "exp", odd.clone()).err();
        assert_eq!(refusal.and_then(|why| why.claim()), Some("exp"), "{odd}");
    }
}
