//! What clients and gateways find out about this issuer (RFC 8414), also under the name that OpenID Connect discovery has
//! for it. A subset: what a gateway needs in order to verify. There is no authorization endpoint, no grant type and no
//! introspection to tell of: `/login` is no endpoint of RFC 6749, and anybody verifies tokens with the key set.
use std::collections::BTreeSet;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use serde_json::{Value, json};
use token::Algorithm;

use crate::{config::Tokens, state::State as Auth};

/// What does not depend on the request.
#[derive(Debug)]
pub struct Metadata {
    issuer: String,
    public_url: Option<String>,
}

impl Metadata {
    /// Of the issuer that is configured so.
    pub fn new(tokens: &Tokens) -> Self {
        let public_url = tokens.public_url.as_ref().map(|url| url.0.as_str().trim_end_matches('/').to_owned());
        Self { issuer: tokens.issuer.clone(), public_url }
    }

    fn document(&self, host: &str, algorithms: &BTreeSet<Algorithm>) -> Value {
        let base = self.public_url.clone().unwrap_or_else(|| format!("http://{host}"));
        json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{base}/.well-known/jwks.json"),
            "token_endpoint": format!("{base}/login"),
            "id_token_signing_alg_values_supported": algorithms,
            "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "email", "roles"],
        })
    }
}

/// Issuer, key set and token endpoint. The addresses are those of `AUTH_PUBLIC_URL`, else of the request's own `Host`.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", responses((status = 200, description = "Authorization server metadata, RFC 8414")))]
pub async fn publish(State(auth): State<Auth>, headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    Json(auth.metadata.document(host, &auth.ring.algorithms(auth.clock.now())))
}

/// The same under the name that gateways look for.
#[utoipa::path(get, path = "/.well-known/openid-configuration", responses((status = 200, description = "The same document as /.well-known/oauth-authorization-server")))]
pub async fn publish_as_openid(state: State<Auth>, headers: HeaderMap) -> Json<Value> {
    publish(state, headers).await
}
