//! What gateways and libraries find out about the issuer by themselves (RFC 8414).
use e2e::{Jws, Suite};
use serde_json::Value;

use super::{Check, checks};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![the_issuer_is_the_one_that_tokens_name, the_endpoints_are_those_that_there_are, openid_clients_find_it_too]
}

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

async fn metadata(suite: &Suite) -> Value {
    suite.anonymous().get(WELL_KNOWN).send(200).await.json()
}

async fn the_issuer_is_the_one_that_tokens_name(suite: &Suite) {
    let claims = Jws::parse(suite.token_holder().await.token()).claims;
    assert_eq!(metadata(suite).await["issuer"], claims["iss"]);
}

/// By their paths: where clients reach them is a matter of configuration.
async fn the_endpoints_are_those_that_there_are(suite: &Suite) {
    let metadata = metadata(suite).await;
    for (name, path) in [("jwks_uri", "/.well-known/jwks.json"), ("token_endpoint", "/login")] {
        let url = metadata[name].as_str().unwrap_or_else(|| panic!("{name} in {metadata}"));
        assert!(url.starts_with("http") && url.ends_with(path), "{name}: {url}");
    }
    // A member with nothing to tell is left out (RFC 8414 section 3.2), and nothing is promised that there is not.
    for absent in
        ["authorization_endpoint", "introspection_endpoint", "response_types_supported", "grant_types_supported"]
    {
        assert!(metadata[absent].is_null(), "{absent} in {metadata}");
    }
}

async fn openid_clients_find_it_too(suite: &Suite) {
    let same = suite.anonymous().get("/.well-known/openid-configuration").send(200).await.json();
    assert_eq!(same, metadata(suite).await);
}
