//! `flotilla token login`: trades a password for a token, as a client of auth would.

use std::io::{self, Read as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::StatusCode;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::Form;
use crate::{output, web};

const TIMEOUT: Duration = Duration::from_secs(15);
/// auth accepts no body above 64 KiB, and so no password of that length.
const MAX_PASSWORD_BYTES: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where to log in, for example localhost:8080; /login is added if it is not there
    url: String,

    /// Whose token. A password after a colon works as in curl, but others can see it in the process list
    #[arg(short, long, value_name = "USER[:PASSWORD]", value_parser = Credentials::parse)]
    user: Credentials,

    /// Read the password from standard input (one line) instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Clone, Debug)]
struct Credentials {
    user: String,
    password: Option<SecretString>,
}

impl Credentials {
    // RFC 7617 §2: the first colon ends the user's name; a password may contain more.
    #[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that could fail")]
    fn parse(text: &str) -> Result<Self, String> {
        let (user, password) = match text.split_once(':') {
            Some((user, password)) => (user, Some(password.into())),
            None => (text, None),
        };
        Ok(Self { user: user.to_owned(), password })
    }
}

pub(super) async fn run(options: Options, form: Form) -> anyhow::Result<ExitCode> {
    let url = login_address(&options.url)?;
    if url.scheme() == "http" && !web::is_loopback(&url) {
        output::remark("note: over http the password travels in the clear");
    }
    let password = password(options.user.password, &options.user.user, options.password_stdin)?;
    let request =
        web::client(&url, TIMEOUT)?.post(url.clone()).basic_auth(&options.user.user, Some(password.expose_secret()));
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

/// As curl does, an address without a scheme is http.
fn login_address(text: &str) -> anyhow::Result<Url> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let mut url: Url = whole.parse().with_context(|| format!("{text} is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!("{text} is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        bail!("the address must not hold a user or a password: use -u");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if path.ends_with("/login") {
        url.set_path(&path);
    } else {
        url.set_path(&format!("{path}/login"));
    }
    Ok(url)
}

fn password(given: Option<SecretString>, user: &str, from_stdin: bool) -> anyhow::Result<SecretString> {
    match given {
        Some(_) if from_stdin => bail!("the password was given twice: after the user and by --password-stdin"),
        Some(password) => {
            output::remark(
                "note: a password on the command line is seen in the process list and kept in the shell's history",
            );
            Ok(password)
        }
        None if from_stdin => {
            let mut text = Zeroizing::new(String::new());
            io::stdin()
                .lock()
                .take(MAX_PASSWORD_BYTES)
                .read_to_string(&mut text)
                .context("cannot read the password from standard input")?;
            // A password is taken exactly, but `echo` ends its line.
            let line = text.strip_suffix('\n').unwrap_or(&text);
            Ok(line.strip_suffix('\r').unwrap_or(line).into())
        }
        None => rpassword::prompt_password(format!("Password of {user}: "))
            .map(SecretString::from)
            .context("cannot ask for the password: give it with --password-stdin"),
    }
}

/// What the answer says, in a line.
fn refusal(status: StatusCode, problem: Option<&Value>, url: &Url) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_path_is_added_where_it_is_missing() {
        for (given, used) in [
            ("http://localhost:8080", "http://localhost:8080/login"),
            ("localhost:8080", "http://localhost:8080/login"),
            ("https://auth.example/", "https://auth.example/login"),
            ("http://localhost/login", "http://localhost/login"),
            ("http://localhost/base/", "http://localhost/base/login"),
        ] {
            assert_eq!(login_address(given).unwrap().as_str(), used);
        }
    }

    #[test]
    fn an_address_with_credentials_or_another_scheme_is_refused() {
        assert!(login_address("http://user:password@localhost").is_err());
        assert!(login_address("ftp://localhost").is_err());
    }

    #[test]
    fn the_first_colon_divides_user_and_password() {
        let credentials = Credentials::parse("user:pass:word").unwrap();
        assert_eq!(credentials.user, "user");
        assert_eq!(credentials.password.unwrap().expose_secret(), "pass:word");
        assert!(Credentials::parse("user").unwrap().password.is_none());
    }
}
