//! auth and hello in one process: where the story starts. It has nothing of its own but the merging.
//!
//! The same routes from the same code; only the way to the keys is shorter: they are in the process.
use std::{ffi::OsString, process::ExitCode};

use auth::config::Config;
use axum::{Json, routing::get};
use chassis::{Boot, Service, Stop, config::Section as _};
use hello::config::Verification;
use token::Policy;

/// The monolith, as its command line and its logs name it.
pub const SERVICE: Service = Service {
    name: "monolith",
    prefix: "MONOLITH_",
    about: "auth and hello in one process: logs in and greets.",
    blocking_threads: auth::SERVICE.blocking_threads,
};

/// Runs the monolith to its end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    chassis::run_with_commands(
        &SERVICE,
        &[auth::config::SETTINGS, &[Verification::SETTINGS]].concat(),
        auth::admin::commands(),
        arguments,
        boot,
    )
}

/// The boot order: read the settings, start to live, build auth, let hello verify with auth's keys, serve both.
async fn boot(boot: Boot) -> Result<(), Stop> {
    let mut reader = boot.reader();
    let config = Config::read(&mut reader);
    let verification = reader.section::<Verification>();
    let (configuration, (config, verification)) = reader.finish_with(config.zip(verification))?;
    let config = config.prepared(&SERVICE)?;
    let mut life = boot.live(configuration).await?;
    let (issuer, audience) = (config.tokens.issuer.clone(), config.tokens.audience.clone());
    let auth = auth::State::build(config, life.metrics()).await?;
    auth.bound(&mut life);
    let policy = Policy { leeway: *verification.leeway, ..Policy::new(issuer, audience, auth.ring.accepted()) };
    let keys = auth.ring.verifying_keys();
    let hello = hello::State::new(hello::keys::verify_with(keys, policy, life.metrics())?, &life);
    let mut api = auth::openapi();
    api.merge(hello::openapi());
    "monolith".clone_into(&mut api.info.title);
    api.info.description = Some(SERVICE.about.to_owned());
    life.serve(auth::routes(auth).merge(hello::routes(hello)).route("/openapi.json", get(Json(api)))).await
}
