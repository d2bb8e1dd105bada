//! `flotilla token login`: trades a password for a token, as a client of auth would.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use url::Url;

use super::Form;
use crate::credentials::Credentials;
use crate::{output, web};

const TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where to log in, for example localhost:8080; /login is added if it is not there
    url: String,

    /// Whose token. A password after a colon works as in curl, but others can see it in the process list; without
    /// one it is taken from FLOTILLA_PASSWORD, or asked for
    #[arg(short, long, value_name = "USER[:PASSWORD]", value_parser = Credentials::parse)]
    user: Credentials,

    /// Read the password from standard input (one line) instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

pub(super) async fn run(options: Options, form: Form) -> anyhow::Result<ExitCode> {
    let url = web::login_address(web::address(&options.url)?);
    if url.scheme() == "http" && !web::is_loopback(&url) {
        output::remark("note: over http the password travels in the clear");
    }
    let password = options.user.password(options.password_stdin)?;
    let request =
        web::client(&url, TIMEOUT)?.post(url.clone()).basic_auth(options.user.name(), Some(password.expose_secret()));
    let answer = web::answer(request).await.context("cannot log in")?;
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if answer.status != StatusCode::OK {
        bail!("{}", refusal(answer.status, body.as_ref(), &url));
    }
    let body = body.unwrap_or_default();
    let Some(token) = body.get("token").and_then(Value::as_str) else {
        bail!("{url} answered without a token: is this auth, or the frontend?");
    };
    match form {
        Form::Text => output::print(&format!("{}\n", output::harmless(token)))?,
        Form::Json => output::print_json(&body)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the answer says, in a line.
pub(crate) fn refusal(status: StatusCode, problem: Option<&Value>, url: &Url) -> String {
    let member = |name| problem.and_then(|it| it.get(name)?.as_str()).map(output::harmless);
    let said = member("detail").or_else(|| member("title"));
    let said = said.map_or_else(String::new, |said| format!(": {said}"));
    match status {
        StatusCode::UNAUTHORIZED => "the login was refused: unknown user or wrong password".to_owned(),
        StatusCode::TOO_MANY_REQUESTS => "too many logins: wait a moment and try again".to_owned(),
        StatusCode::NOT_FOUND => format!("there is no {url}: is this auth, or the frontend?"),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            format!("auth cannot answer at the moment ({status}){said}")
        }
        _ => format!("{url} answered {status}{said}"),
    }
}
