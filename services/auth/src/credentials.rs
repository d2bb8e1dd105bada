//! Name and password of a login: HTTP Basic (RFC 7617), or a JSON body.
use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, Method, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    json_body::{Described, JsonBody},
};

/// Name and password, taken exactly: nothing is trimmed, nothing cut.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Credentials {
    /// The account's name.
    #[schema(example = "user")]
    pub username: String,
    /// Its password.
    #[schema(value_type = String, example = "password")]
    pub password: SecretString,
}

impl<S: Send + Sync> FromRequest<S> for Credentials {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            return basic(request.headers()).ok_or(Error::Refused);
        }
        let has_body = request.method() == Method::POST && !axum::body::HttpBody::is_end_stream(request.body());
        if !has_body {
            return Err(Error::Missing);
        }
        JsonBody::from_request(request, state).await.map(|JsonBody(credentials)| credentials)
    }
}

impl Described for Credentials {
    const SHAPE: &'static str = r#"{"username":"…","password":"…"}"#;
}

/// The one Authorization header's Basic credentials, if that is what it holds.
fn basic(headers: &HeaderMap) -> Option<Credentials> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim_start_matches(' ')).ok()?);
    let (username, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Credentials { username: username.to_owned(), password: SecretString::from(password) })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn of(values: &[&str]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().expect("a header value"));
        }
        basic(&headers).map(|found| (found.username.clone(), found.password.expose_secret().to_owned()))
    }

    fn encoded(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn the_first_colon_ends_the_name_and_the_password_is_taken_exactly() {
        assert_eq!(of(&[&encoded("user: pass:word \0")]), Some(("user".to_owned(), " pass:word \0".to_owned())));
        assert_eq!(of(&["bAsIc dXNlcjpw"]), Some(("user".to_owned(), "p".to_owned())));
    }

    #[test]
    fn anything_else_is_no_credentials() {
        for values in [
            &["Bearer abc"][..],
            &["Basic"],
            &["Basic !!!"],
            &["Basic dXNlcg=="],
            &["Basic dXNlcjpw", "Basic dXNlcjpw"],
        ] {
            assert_eq!(of(values), None, "{values:?}");
        }
    }
}
