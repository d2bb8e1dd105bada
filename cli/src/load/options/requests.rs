//! What is sent: paths, method, fields, body, and the login.

use anyhow::{Context as _, bail};
use clap::Args;
use http::Method;

use super::body::Body;
use crate::credentials::Credentials;
use crate::load::good::Good;
use crate::load::mix::{Mix, WeightedPath};
use crate::load::request::{Field, Message};
use crate::load::session::Login;
use crate::load::target::Target;

#[derive(Debug, Args)]
#[command(next_help_heading = "Requests")]
pub(super) struct Requests {
    /// A path and how often it is asked for compared with the others; may be repeated [default: the URL's]
    #[arg(long = "path", value_name = "PATH[:WEIGHT]")]
    paths: Vec<WeightedPath>,

    /// The method [default: GET; with --data POST]
    #[arg(short = 'X', long)]
    method: Option<Method>,

    /// A header field; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    fields: Vec<Field>,

    #[command(flatten)]
    body: Body,

    /// Which statuses are good [default: 200 to 399]
    #[arg(long, value_name = "STATUS,…")]
    pub(super) expect: Option<Good>,

    /// Log in first and send the token with every request; it is refreshed in time. A password after a colon can be seen
    /// by others; without one it is taken from FLOTILLA_PASSWORD, or asked for
    #[arg(short = 'u', long, visible_alias = "user", value_name = "USER[:PASSWORD]", value_parser = Credentials::parse)]
    login: Option<Credentials>,

    /// Where to log in [default: /login of the URL's host]
    #[arg(long, value_name = "URL", requires = "login")]
    login_url: Option<String>,

    /// Read the password from standard input (one line)
    #[arg(long, requires = "login")]
    password_stdin: bool,
}

impl Requests {
    pub(super) fn mix(&self, target: &Target) -> anyhow::Result<Mix> {
        let paths = if self.paths.is_empty() {
            let path = target.path().parse().context("the URL's path cannot be sent")?;
            vec![WeightedPath { path, weight: 1 }]
        } else if target.path() == "/" {
            self.paths.clone()
        } else {
            bail!("the path is given twice: in the URL and by --path");
        };
        Mix::new(paths).map_err(|why| anyhow::anyhow!("--path: {why}"))
    }

    pub(super) fn message(&self) -> anyhow::Result<Message> {
        let body = self.body.read()?;
        let usual = if body.is_some() { Method::POST } else { Method::GET };
        let method = self.method.clone().unwrap_or(usual);
        if method == Method::CONNECT {
            bail!("--method: CONNECT opens a tunnel, which cannot be loaded");
        }
        Ok(Message { method, fields: self.fields.clone(), body })
    }

    pub(super) fn login(&self, target: &Target) -> anyhow::Result<Option<Login>> {
        let Some(credentials) = &self.login else { return Ok(None) };
        if self.fields.iter().any(|field| field.name == http::header::AUTHORIZATION) {
            bail!("--login and a header field Authorization say the same twice: leave one out");
        }
        let at = match &self.login_url {
            None => target.at("/login"),
            Some(url) => Target::parse(url).context("--login-url")?.at_login(),
        };
        let user = credentials.name().to_owned();
        Ok(Some(Login { at, user, password: credentials.password(self.password_stdin)? }))
    }
}
