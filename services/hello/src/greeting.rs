//! The greetings: to anybody, to whoever the token names, and to presenters.
use std::sync::LazyLock;

use axum::Json;
use chassis::service::VERSION;
use serde::Serialize;
use token::{Bearer, RoleBearer};
use utoipa::ToSchema;

use crate::roles::Presenter;

/// What everybody is told.
fn message() -> &'static str {
    static MESSAGE: LazyLock<String> = LazyLock::new(|| message_of(VERSION));
    &MESSAGE
}

/// From version 2 on the greeting says which it is, so that the same code, built under another version, shows an update.
fn message_of(version: &str) -> String {
    match version.split('.').next().and_then(|major| major.parse::<u32>().ok()) {
        Some(major @ 2..) => format!("Hello from version {major}"),
        _ => "Hello".to_owned(),
    }
}

/// A greeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Greeting {
    /// `Hello`; from version 2 on `Hello from version 2`.
    #[schema(example = "Hello")]
    message: &'static str,
}

/// A greeting by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecureGreeting {
    /// `Hello`; from version 2 on `Hello from version 2`.
    #[schema(example = "Hello")]
    message: &'static str,
    /// The token's `sub` claim.
    #[schema(example = "user")]
    user: String,
    /// The token's `email` claim, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "user@example.com")]
    email: Option<String>,
    /// The token's `roles` claim, where it has one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["presenter"]), required = false)]
    roles: Vec<String>,
}

/// A greeting to a presenter.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresenterGreeting {
    /// `Hello, presenter`.
    #[schema(example = "Hello, presenter")]
    message: &'static str,
    /// The token's `sub` claim.
    #[schema(example = "user")]
    user: String,
}

/// Greets anybody.
#[utoipa::path(get, path = "/", responses((status = 200, description = "A greeting", body = Greeting)))]
pub async fn greet() -> Json<Greeting> {
    Json(Greeting { message: message() })
}

/// Greets whoever the access token names. The claims say it all: nobody is asked.
#[utoipa::path(
    get,
    path = "/secure",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A greeting by name", body = SecureGreeting),
        (status = 401, description = "No token, or one that is refused: problem+json with WWW-Authenticate"),
        (status = 503, description = "The keys that verify tokens are not available yet")
    )
)]
pub async fn greet_securely(Bearer(claims): Bearer) -> Json<SecureGreeting> {
    Json(SecureGreeting {
        message: message(),
        user: claims.sub.clone(),
        email: claims.email.clone(),
        roles: claims.roles.clone(),
    })
}

/// Greets presenters. The signature says who may call it: a token without the role does not get here.
#[utoipa::path(
    get,
    path = "/admin",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A greeting to a presenter", body = PresenterGreeting),
        (status = 401, description = "No token, or one that is refused: problem+json with WWW-Authenticate"),
        (status = 403, description = "A good token without the role presenter: problem+json with WWW-Authenticate"),
        (status = 503, description = "The keys that verify tokens are not available yet")
    )
)]
pub async fn greet_presenter(bearer: RoleBearer<Presenter>) -> Json<PresenterGreeting> {
    Json(PresenterGreeting { message: "Hello, presenter", user: bearer.claims.sub.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_2_on_greet_in_their_own_words() {
        for (version, message) in [
            ("1.0.0", "Hello"),
            ("1.12.3-rc.1", "Hello"),
            ("0.9.0", "Hello"),
            ("2.0.0", "Hello from version 2"),
            ("2.1.0-rc.1", "Hello from version 2"),
            ("10.0.0", "Hello from version 10"),
            ("local", "Hello"),
        ] {
            assert_eq!(message_of(version), message, "{version}");
        }
    }
}
