//! An answer, read whole, with what tests ask of it.
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body; bytes that are no UTF-8 are replaced.
    pub body: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        Ok(Self { status, headers, body })
    }

    /// The one field of this name.
    pub fn header(&self, name: &str) -> &str {
        let values: Vec<&str> = self.headers.get_all(name).iter().map(|value| value.to_str().expect("text")).collect();
        let [value] = values[..] else { panic!("one {name} is expected: {values:?} in {self:?}") };
        value
    }

    /// Whether a field of this name is there.
    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// The body, which must be labelled as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        self.parsed()
    }

    /// The body, which must be a problem (RFC 9457) that names this very status.
    pub fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.parsed();
        assert_eq!(problem["status"], self.status, "{self:?}");
        assert!(problem["type"].is_string() && problem["title"].is_string(), "{self:?}");
        problem
    }

    /// The access token that it gives out.
    pub fn token(&self) -> String {
        self.given("token")
    }

    /// The refresh token that it gives out.
    pub fn refresh_token(&self) -> String {
        self.given("refresh_token")
    }

    fn given(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("a {name} is expected in {self:?}")).to_owned()
    }

    /// Seconds after which to try again, which must be at least one.
    pub fn retry_after(&self) -> u64 {
        let seconds = self.header("retry-after").parse().unwrap_or(0);
        assert!(seconds > 0, "{self:?}");
        seconds
    }

    fn parsed(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}
