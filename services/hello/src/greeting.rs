//! The greetings: to anybody, and to whoever the token names.
use axum::Json;
use serde::Serialize;
use token::Bearer;
use utoipa::ToSchema;

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
    Json(SecureGreeting { message: MESSAGE, user: claims.sub.clone(), email: claims.email.clone() })
}
