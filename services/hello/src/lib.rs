//! hello greets; at `/secure` it greets whoever the token says, by the claims alone, without calling anybody.
//!
//! | module | does |
//! |---|---|
//! | [`config`] | its settings |
//! | [`keys`] | the keys it verifies with, and what it demands of a token |
//! | [`greeting`] | `/`, `/secure` and `/admin` |
//! | [`roles`] | the roles that its routes ask for |
//! | [`whoami`] | `/whoami`: which instance answered |

pub mod config;
pub mod greeting;
pub mod keys;
pub mod roles;
pub mod whoami;

use std::{ffi::OsString, process::ExitCode};

use axum::{Json, Router, extract::FromRef, routing::get};
use chassis::{Boot, Identity, Life, Service, Stop, config::Section as _, metrics::RequestCount};
use token::Access;
use utoipa::{OpenApi, openapi::OpenApi as Document};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::config::Config;

/// hello, as its command line and its logs name it.
pub const SERVICE: Service = Service {
    name: "hello",
    prefix: "HELLO_",
    about: "Greets, and at /secure greets whoever the access token names.",
    blocking_threads: 0,
};

/// What the handlers work with.
#[derive(Clone, Debug, FromRef)]
pub struct State {
    /// Judges tokens.
    pub access: Access,
    /// Who answers.
    pub identity: Identity,
    /// How many requests came in.
    pub requests: RequestCount,
}

/// Runs hello to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    chassis::run(&SERVICE, &[Config::SETTINGS], arguments, boot)
}

/// The boot order: read the settings, start to live, get keys in the background, serve.
async fn boot(boot: Boot) -> Result<(), Stop> {
    let mut reader = boot.reader();
    let config = reader.section::<Config>().and_then(|config| config.checked(&mut reader));
    let (configuration, config) = reader.finish_with(config)?;
    let life = boot.live(configuration).await?;
    let access = keys::access(config, &life)?;
    let state = State::new(access, &life);
    let api = get(Json(openapi()));
    life.serve(routes(state).route("/openapi.json", api)).await
}

impl State {
    /// State of a process that verifies with `access`.
    pub fn new(access: Access, life: &Life) -> Self {
        Self { access, identity: life.identity().clone(), requests: life.requests() }
    }
}

/// The table of contents: a line a route. `/version`, the 404 and all layers come from chassis.
pub fn routes(state: State) -> Router {
    described().with_state(state).split_for_parts().0
}

fn described() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(About::openapi())
        .routes(routes!(greeting::greet))
        .routes(routes!(greeting::greet_securely))
        .routes(routes!(greeting::greet_presenter))
        .routes(routes!(whoami::whoami))
}

/// The OpenAPI description of the routes, generated from them.
pub fn openapi() -> Document {
    described().into_openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "hello", description = "Greets, and at /secure greets whoever the access token names.", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(version),
    modifiers(&BearerToken)
)]
struct About;

/// The version of this build.
#[utoipa::path(get, path = "/version", responses((status = 200, description = "`{\"version\":\"1.0.0\",\"revision\":\"<git sha>\"}`")))]
#[expect(dead_code, reason = "chassis answers /version; this describes it")]
fn version() {}

struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, document: &mut Document) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}
