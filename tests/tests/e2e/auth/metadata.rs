//! A client that knows one address finds the rest by itself.
use e2e::{
    Client, Launch, Program, Test,
    client::{PASSWORD, USER},
};
use serde_json::Value;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![the_addresses_are_those_by_which_one_came, a_public_address_is_told_to_everybody]
}

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

fn address<'a>(metadata: &'a Value, name: &str) -> &'a str {
    metadata[name].as_str().unwrap_or_else(|| panic!("{name} in {metadata}"))
}

async fn the_addresses_are_those_by_which_one_came() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let client = auth.client().await;
    let metadata = client.get(WELL_KNOWN).send(200).await.json();
    let keys = Client::new(address(&metadata, "jwks_uri")).get("").send(200).await.json();
    assert_eq!(keys, client.key_set(200).await.json());
    Client::new(address(&metadata, "token_endpoint")).get("").basic(USER, PASSWORD).send(200).await;
}

async fn a_public_address_is_told_to_everybody() {
    for url in ["https://login.example.com", "https://login.example.com/"] {
        let mut auth = Launch::service(Program::Auth).set("PUBLIC_URL", url).ready().await;
        let metadata = auth.client().await.get(WELL_KNOWN).send(200).await.json();
        assert_eq!(address(&metadata, "jwks_uri"), "https://login.example.com/.well-known/jwks.json");
        assert_eq!(address(&metadata, "token_endpoint"), "https://login.example.com/login");
    }
}
