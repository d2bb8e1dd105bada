//! auth verifies passwords and issues access tokens. It is the only service with a database and with private keys.
//!
//! | module | does |
//! |---|---|
//! | [`config`] | its settings |
//! | [`data_dir`] | where the embedded database lives, and the key that seals private keys |
//! | [`database`] | SQLite or PostgreSQL, and what to do while it is away |
//! | [`users`] | accounts |
//! | [`password`] | argon2id, few at a time, off the async threads |
//! | [`limits`] | failed logins, by account and by peer |
//! | [`seal`], [`keys`] | signing keys at rest, and their rotation |
//! | [`refresh`] | refresh tokens in families, `/refresh` and `/logout` |
//! | [`credentials`], [`json_body`], [`login`], [`issued`] | `/login` |
//! | [`jwks`], [`metadata`] | `/.well-known/…` |
//! | [`admin`] | the commands beside serving |
//! | [`turns`] | which login is next |
//! | `upkeep` | removes what has expired |
//! | [`audit`] | the trail of who did what |
//! | [`error`] | what can go wrong, and what the client sees of it |

pub mod admin;
pub mod audit;
pub mod config;
pub mod credentials;
pub mod data_dir;
pub mod database;
pub mod error;
pub mod issued;
pub mod json_body;
pub mod jwks;
pub mod keys;
pub mod limits;
pub mod login;
pub mod metadata;
pub mod password;
pub mod refresh;
pub mod seal;
pub mod state;
pub mod turns;
mod upkeep;
pub mod users;

use std::{ffi::OsString, process::ExitCode};

use axum::{Json, Router, middleware::from_fn, routing::get};
use chassis::{Boot, Service, Stop};
use utoipa::{
    OpenApi,
    openapi::{OpenApi as Document, RefOr, Required},
};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

pub use crate::state::State;
use crate::{config::Config, credentials::Credentials};

/// auth, as its command line and its logs name it.
pub const SERVICE: Service = Service {
    name: "auth",
    prefix: "AUTH_",
    about: "Verifies passwords, issues access tokens, publishes its public keys.",
    blocking_threads: password::MAX_CONCURRENCY,
};

/// Runs auth to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    chassis::run_with_commands(&SERVICE, config::SETTINGS, admin::commands(), arguments, boot)
}

/// The boot order: read the settings, prepare the directory, start to live, open the database and the keys, serve.
async fn boot(boot: Boot) -> Result<(), Stop> {
    let mut reader = boot.reader();
    let config = Config::read(&mut reader);
    let (configuration, config) = reader.finish_with(config)?;
    let config = config.prepared(&SERVICE)?;
    let mut life = boot.live(configuration).await?;
    let state = State::build(config, life.metrics()).await?;
    state.bound(&mut life);
    let api = get(Json(openapi()));
    life.serve(routes(state).route("/openapi.json", api)).await
}

/// The table of contents: a line a route. `/version`, the 404 and all layers come from chassis.
pub fn routes(state: State) -> Router {
    described().with_state(state).split_for_parts().0
}

fn described() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(About::openapi())
        .routes(routes!(login::log_in, login::log_in_by_get).layer(from_fn(login::refuse_head)))
        .routes(routes!(refresh::routes::refresh))
        .routes(routes!(refresh::routes::log_out))
        .routes(routes!(jwks::publish))
        .routes(routes!(metadata::publish))
        .routes(routes!(metadata::publish_as_openid))
}

/// The `OpenAPI` description of the routes, generated from them.
pub fn openapi() -> Document {
    let mut document = described().into_openapi();
    // Basic credentials do without a body; the macro knows none that may be absent.
    let login = document.paths.paths.get_mut("/login").and_then(|path| path.post.as_mut());
    if let Some(RefOr::T(body)) = login.and_then(|operation| operation.request_body.as_mut()) {
        body.required = Some(Required::False);
    }
    document
}

#[derive(OpenApi)]
#[openapi(
    info(title = "auth", description = "Verifies passwords, issues access tokens, publishes its public keys.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(version),
    components(schemas(Credentials)),
    modifiers(&BasicCredentials)
)]
struct About;

/// The version of this build.
#[utoipa::path(get, path = "/version", responses((status = 200, description = "`{\"version\":\"1.0.0\",\"revision\":\"<git sha>\"}`")))]
#[expect(dead_code, reason = "chassis answers /version; this describes it")]
fn version() {}

struct BasicCredentials;

impl utoipa::Modify for BasicCredentials {
    fn modify(&self, document: &mut Document) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let basic = SecurityScheme::Http(Http::new(HttpAuthScheme::Basic));
        document.components.get_or_insert_default().add_security_scheme("basic", basic);
    }
}
