//! The greetings: to anybody, to whoever the token names, and to presenters.
use axum::Json;
use serde::Serialize;
use token::{Bearer, RoleBearer};
use utoipa::ToSchema;

use crate::roles::Presenter;

/// What everybody is told.
const MESSAGE: &str = "Hello";

/// A greeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Greeting {
    /// `Hello`.
    #[schema(example = "Hello")]
    message: &'static str,
}

/// A greeting by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecureGreeting {
    /// `Hello`.
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
    Json(Greeting { message: MESSAGE })
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
        message: MESSAGE,
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
