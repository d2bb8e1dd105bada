//! What is sent: method, fields and body, the same for every path, with a request id of its own each time.

use std::fmt::Write as _;
use std::str::FromStr;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use super::mix::Mix;
use super::target::Target;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("flotilla-load/", env!("CARGO_PKG_VERSION")));
const ANY: HeaderValue = HeaderValue::from_static("*/*");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// A field as curl takes it: `name: value`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
}

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The value may be a secret, and is not repeated.
        let (name, value) = text.split_once(':').ok_or("wanted: NAME: VALUE")?;
        let name: HeaderName = name.trim().parse().map_err(|_| format!("{name:?} is no name of a field"))?;
        if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, TE].contains(&name) {
            return Err(format!("{name} is set by flotilla itself, because it goes with the connection"));
        }
        let value = value.trim().parse().map_err(|_| format!("the value of {name} holds what no field may hold"))?;
        Ok(Self { name, value })
    }
}

/// What all requests of a run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) method: Method,
    pub(crate) fields: Vec<Field>,
    /// An empty body is sent as one, with its length and its label.
    pub(crate) body: Option<Bytes>,
}

impl Default for Message {
    fn default() -> Self {
        Self { method: Method::GET, fields: Vec::new(), body: None }
    }
}

/// The requests of a run, made ready as far as can be.
#[derive(Debug)]
pub(super) struct Requests {
    method: Method,
    uris: Vec<Uri>,
    fields: HeaderMap,
    body: Bytes,
    /// Begins all request ids of this run; none where the ids are the user's own.
    run: Option<String>,
}

impl Requests {
    pub(super) fn new(target: &Target, mix: &Mix, message: &Message, closing: bool, run: &str) -> Self {
        let mut fields = HeaderMap::with_capacity(16);
        fields.insert(HOST, target.authority());
        fields.insert(USER_AGENT, AGENT);
        fields.insert(ACCEPT, ANY);
        if closing {
            fields.insert(CONNECTION, CLOSE);
        }
        if let Some(body) = &message.body {
            fields.insert(CONTENT_TYPE, if looks_like_json(body) { JSON } else { FORM });
            if body.is_empty() {
                fields.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        }
        // Ours give way, the user's own add up.
        for name in message.fields.iter().map(|field| &field.name) {
            fields.remove(name);
        }
        for field in &message.fields {
            fields.append(&field.name, field.value.clone());
        }
        let run = (!fields.contains_key(REQUEST_ID)).then(|| run.to_owned());
        let uris = mix.uris().collect();
        Self { method: message.method.clone(), uris, fields, body: message.body.clone().unwrap_or_default(), run }
    }

    /// The next request of a connection.
    pub(super) fn make(
        &self,
        path: usize,
        authorization: Option<&HeaderValue>,
        id: Option<HeaderValue>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uris[path].clone();
        let fields = request.headers_mut();
        fields.clone_from(&self.fields);
        if let Some(authorization) = authorization {
            fields.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(id) = id {
            fields.insert(REQUEST_ID, id);
        }
        request
    }

    /// The id of a connection's `turn`th request: a failure can be looked up in the services' logs, answered or not.
    pub(super) fn id(&self, connection: usize, turn: u64) -> Option<HeaderValue> {
        let run = self.run.as_ref()?;
        let mut text = BytesMut::with_capacity(run.len() + 24);
        write!(text, "{run}-{connection}-{turn}").ok()?;
        HeaderValue::from_maybe_shared(text.freeze()).ok()
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn path(&self, index: usize) -> &str {
        self.uris[index].path()
    }
}

/// An object or an array: `1` and `true` are JSON as well, and nobody means it.
fn looks_like_json(body: &[u8]) -> bool {
    let begins = body.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'['));
    begins && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(fields: &[&str], body: &str, closing: bool) -> Requests {
        let target = Target::parse("localhost:8080").unwrap();
        let mix = Mix::new(vec!["/secure?a=b".parse().unwrap()]).unwrap();
        let fields = fields.iter().map(|field| field.parse().unwrap()).collect();
        let message = Message { method: Method::POST, fields, body: Some(Bytes::copy_from_slice(body.as_bytes())) };
        Requests::new(&target, &mix, &message, closing, "load-1f")
    }

    #[test]
    fn a_request_has_what_it_needs() {
        let requests = requests(&["X-A: 1", "x-a: 2"], "{}", true);
        let request = requests.make(0, Some(&HeaderValue::from_static("Bearer t")), requests.id(3, 44));
        let value = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(request.uri(), "/secure?a=b");
        assert_eq!(value("host").unwrap(), "localhost:8080");
        assert_eq!(value("authorization").unwrap(), "Bearer t");
        assert_eq!(value("x-request-id").unwrap(), "load-1f-3-44");
        assert_eq!(value("content-type").unwrap(), "application/json");
        assert_eq!(value("connection").unwrap(), "close");
        assert_eq!(request.headers().get_all("x-a").iter().count(), 2);
    }

    #[test]
    fn a_body_is_labelled_as_json_or_as_a_form() {
        let label = |body: &str| {
            let request = requests(&[], body, false).make(0, None, None);
            request.headers()["content-type"].to_str().unwrap().to_owned()
        };
        for json in ["{}", r#" [{"a":1}]"#, "{\"a\":\n1}"] {
            assert_eq!(label(json), "application/json", "{json}");
        }
        for form in ["a=1&b=2", "", "1", "true", "\"text\"", "{not json", "plain"] {
            assert_eq!(label(form), "application/x-www-form-urlencoded", "{form}");
        }
    }

    #[test]
    fn the_users_own_fields_win() {
        let requests = requests(&["host: shop.example", "content-type: text/plain", "x-request-id: mine"], "{}", false);
        let request = requests.make(0, None, requests.id(0, 0));
        assert_eq!(request.headers()["host"], "shop.example");
        assert_eq!(request.headers()["content-type"], "text/plain");
        assert_eq!(request.headers()["x-request-id"], "mine");
        assert!(!request.headers().contains_key("connection"));
    }

    #[test]
    fn a_field_that_cannot_be_is_refused_without_its_value() {
        for text in ["no colon", "content-length: 5", "Connection: close", "a b: c", "x: secret\u{7f}"] {
            let error = text.parse::<Field>().unwrap_err();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
