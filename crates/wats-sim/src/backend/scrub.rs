//! What is left out of an archive: whatever gives access.

use bytes::Bytes;
use serde_json::Value;

use super::archive::{SCRUBBED, is_secret};

/// Headers of answers that are kept.
const HEADERS: &[&str] = &[
    "content-type",
    "content-disposition",
    "retry-after",
    "etag",
    "location",
    "www-authenticate",
    "allow",
];
/// Routes whose answers are secrets as a whole.
const SECRET: &[&str] = &["/api/auth/gettoken", "/api/scim/v2/token"];

/// Whether an answer's header, in lower case, is kept.
pub(super) fn may_keep(header: &str) -> bool {
    HEADERS.contains(&header)
}

/// An answer's body without secrets. `path` is in lower case.
pub(super) fn body(path: &str, body: &Bytes) -> Bytes {
    if SECRET.iter().any(|secret| path.starts_with(secret)) {
        return Bytes::from(format!("\"{SCRUBBED}\""));
    }
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else {
        return body.clone();
    };
    if scrub(&mut json, false) {
        Bytes::from(json.to_string())
    } else {
        body.clone()
    }
}

/// Takes out what is secret, or with `all` every text and number; whether there was any. The parser has bounded the depth.
fn scrub(json: &mut Value, all: bool) -> bool {
    let scrubbed = match json {
        Value::Array(items) => items
            .iter_mut()
            .filter_map(|item| scrub(item, all).then_some(()))
            .count(),
        Value::Object(members) => {
            let members = members.iter_mut().filter_map(|(name, value)| {
                let all = all || is_secret(&name.to_ascii_lowercase());
                scrub(value, all).then_some(())
            });
            members.count()
        }
        Value::String(_) | Value::Number(_) if all => {
            *json = Value::from(SCRUBBED);
            1
        }
        _ => 0,
    };
    scrubbed > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_all_else_stays_byte_for_byte() {
        for (path, given, kept) in [
            ("/api/auth/gettoken/x", r#""abc""#, r#""scrubbed""#),
            (
                "/api/app/x",
                r#"[{"Token": "abc", "b": {"apiKey": 7}}]"#,
                r#"[{"Token":"scrubbed","b":{"apiKey":"scrubbed"}}]"#,
            ),
            (
                "/api/app/x",
                r#"{"a": 1, "tokens": ["abc", {"b": "c"}]}"#,
                r#"{"a":1,"tokens":["scrubbed",{"b":"scrubbed"}]}"#,
            ),
            ("/api/app/x", r#"{ "a" : 1.0 }"#, r#"{ "a" : 1.0 }"#),
            ("/api/app/x", "<xml/>", "<xml/>"),
        ] {
            assert_eq!(
                body(path, &Bytes::from_static(given.as_bytes())),
                kept,
                "{given}"
            );
        }
        assert!(may_keep("content-type") && !may_keep("set-cookie"));
    }
}
