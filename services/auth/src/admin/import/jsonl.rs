//! A line of JSON Lines: an object.
use chassis::json;
use serde::Deserialize;
use serde_json::{Value, error::Category};

use super::row::{Fields, shown_name};

const UNKNOWN: &str = "unknown field, with a name that is not shown; allowed: username, email, roles, password_hash";
const NO_OBJECT: &str = "no object; allowed: an object a line";

/// Any value at first, so that a wrong one is named by its field: what serde says of it would show it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    #[serde(default)]
    username: Value,
    #[serde(default)]
    email: Value,
    #[serde(default)]
    roles: Value,
    #[serde(default)]
    password_hash: Value,
}

/// What a line says.
pub(super) fn fields(line: &[u8]) -> Result<Fields, String> {
    let object: Object = json::object(line).map_err(|error| reason(&error))?;
    Ok(Fields {
        username: text(object.username, "username")?,
        email: match object.email {
            Value::Null => None,
            email => Some(text(email, "email")?),
        },
        roles: match object.roles {
            Value::Null => Vec::new(),
            Value::Array(roles) => roles.into_iter().map(|role| text(role, "roles")).collect::<Result<_, _>>()?,
            _ => return Err("roles: not an array; allowed: an array of strings".to_owned()),
        },
        password_hash: text(object.password_hash, "password_hash")?,
    })
}

fn text(value: Value, field: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null => Err(format!("{field}: missing")),
        _ => Err(format!("{field}: not a string")),
    }
}

/// Of what serde says only the names of fields are shown: the rest may quote values.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let names_a_field = ["unknown field", "duplicate field"].iter().any(|start| said.starts_with(start));
    match error.classify() {
        Category::Data if names_a_field => {
            let said = said.split(" at line ").next().unwrap_or_default();
            let name = said.split('`').nth(1).unwrap_or_default();
            if shown_name(name).is_some() { said.to_owned() } else { UNKNOWN.to_owned() }
        }
        Category::Data => NO_OBJECT.to_owned(),
        _ => format!("no JSON, at column {}", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_an_account_and_email_and_roles_need_not_be_there() {
        let all =
            fields(br#"{"roles":["a","b"],"username":"ann","email":"ann@b","password_hash":"h"}"#).expect("fields");
        let expected = Fields {
            username: "ann".to_owned(),
            email: Some("ann@b".to_owned()),
            roles: vec!["a".to_owned(), "b".to_owned()],
            password_hash: "h".to_owned(),
        };
        assert_eq!(all, expected);
        for little in [
            r#"{"username":"ann","password_hash":"h"}"#,
            r#" {"username":"ann","password_hash":"h","email":null,"roles":null} "#,
        ] {
            let few = fields(little.as_bytes()).expect("fields");
            assert_eq!((few.email, few.roles), (None, Vec::new()), "{little}");
        }
    }

    #[test]
    fn what_is_no_account_is_told_by_its_field_and_not_shown() {
        for (line, why) in [
            ("hunter2", "no JSON, at column 1"),
            (r#"{"username":"hunter2"#, "no JSON, at column"),
            (r#"{"username":"ann"} x"#, "no JSON, at column"),
            (r#""hunter2""#, "no object"),
            (r#"["hunter2"]"#, "no object"),
            ("null", "no object"),
            (r#"{"password_hash":"hunter2"}"#, "username: missing"),
            (r#"{"username":"hunter2"}"#, "password_hash: missing"),
            (r#"{"username":["hunter2"],"password_hash":"h"}"#, "username: not a string"),
            (r#"{"username":"ann","password_hash":{"hunter2":1}}"#, "password_hash: not a string"),
            (r#"{"username":"ann","email":5,"password_hash":"h"}"#, "email: not a string"),
            (r#"{"username":"ann","roles":"hunter2","password_hash":"h"}"#, "roles: not an array"),
            (r#"{"username":"ann","roles":["a",7],"password_hash":"h"}"#, "roles: not a string"),
            (
                r#"{"username":"ann","role":"hunter2","password_hash":"h"}"#,
                "unknown field `role`, expected one of `username`, `email`",
            ),
            (r#"{"hunter2":"ann"}"#, "unknown field, with a name that is not shown"),
            (r#"{"username":"hunter2","username":"b","password_hash":"h"}"#, "duplicate field `username`"),
        ] {
            let wrong = fields(line.as_bytes()).expect_err(line);
            assert!(wrong.starts_with(why) && !wrong.contains("hunter2"), "{line}: {wrong}");
        }
    }
}
