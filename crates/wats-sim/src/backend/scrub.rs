//! What is left out of an archive: whatever gives access.

use bytes::Bytes;
use serde_json::Value;

/// What stands in place of a secret.
const SCRUBBED: &str = "scrubbed";
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
/// Parts of names of members that are secrets.
const NAMES: &[&str] = &[
    "token",
    "password",
    "secret",
    "apikey",
    "authorization",
    "credential",
];

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
    if scrub(&mut json) {
        Bytes::from(json.to_string())
    } else {
        body.clone()
    }
}

/// Whether there was something to scrub. The parser has bounded the depth.
fn scrub(json: &mut Value) -> bool {
    match json {
        Value::Array(items) => {
            let scrubbed = items
                .iter_mut()
                .filter_map(|item| scrub(item).then_some(()));
            scrubbed.count() > 0
        }
        Value::Object(members) => {
            let scrubbed = members.iter_mut().filter_map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let is_secret = NAMES.iter().any(|secret| name.contains(secret));
                if is_secret && (value.is_string() || value.is_number()) {
                    *value = Value::from(SCRUBBED);
                    return Some(());
                }
                scrub(value).then_some(())
            });
            scrubbed.count() > 0
        }
        _ => false,
    }
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
