//! What of a user is replaced (RFC 7644, section 3.5.2; the server knows `replace` alone).

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::{invalid, member};

/// The roles that there are. The server's own are not published.
const ROLES: [&str; 4] = ["Administrator", "Manager", "Operator", "Reader"];

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Most operations of one patch.
const MAX_OPERATIONS: usize = 100;
/// Most bytes of the levels or groups of a user.
const MAX_LIST: usize = 10_000;

/// Carries out all operations of a patch; the caller keeps the user as it was if one is refused.
pub(super) fn apply(body: &Map<String, Value>, user: &mut Value) -> Result<(), Answer> {
    let schemas = member(body, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.contains(&json!(SCHEMA))) {
        return Err(invalid(format!("schemas must have {SCHEMA}")));
    }
    let operations = member(body, "Operations").and_then(Value::as_array);
    let operations = operations.filter(|list| (1..=MAX_OPERATIONS).contains(&list.len()));
    let operations =
        operations.ok_or_else(|| invalid("Operations must be an array of 1 to 100"))?;
    for operation in operations {
        let of = |name: &str| {
            operation
                .as_object()
                .and_then(|operation| member(operation, name))
        };
        let text = |name: &str| of(name).and_then(Value::as_str).unwrap_or_default();
        if !text("op").eq_ignore_ascii_case("replace") {
            return Err(invalid("only the operation replace is supported"));
        }
        let value = of("value").ok_or_else(|| invalid("value is required"))?;
        replace(user, text("path"), value)?;
    }
    Ok(())
}

fn replace(user: &mut Value, path: &str, value: &Value) -> Result<(), Answer> {
    if path.eq_ignore_ascii_case("active") {
        let active = value
            .as_bool()
            .ok_or_else(|| invalid("active must be true or false"))?;
        user["active"] = json!(active);
        return Ok(());
    }
    let text = value
        .as_str()
        .ok_or_else(|| invalid(format!("{path} must be a text")))?;
    match path.to_ascii_lowercase().as_str() {
        "fullname" => {
            user["displayName"] = json!(text);
            user["name"]["formatted"] = json!(text);
        }
        "familyname" => user["name"]["familyName"] = json!(text),
        "givenname" => user["name"]["givenName"] = json!(text),
        "email" => user["emails"] = json!([{ "value": text, "type": "work", "primary": true }]),
        "roles" => {
            let role = ROLES
                .into_iter()
                .find(|role| role.eq_ignore_ascii_case(text));
            user["roles"] =
                json!(role.ok_or_else(|| invalid(format!("there is no role '{text}'")))?);
        }
        "levels" => add(user, "levels", text)?,
        "productgroups" => add(user, "productGroups", text)?,
        _ => return Err(invalid(format!("the path '{path}' cannot be replaced"))),
    }
    Ok(())
}

/// Adds names to those that there are, with `;` between.
fn add(user: &mut Value, member: &str, names: &str) -> Result<(), Answer> {
    let known = user.get(member).and_then(Value::as_str).unwrap_or_default();
    let mut all: Vec<&str> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for name in known.split(';').chain(names.split(';')) {
        if !name.is_empty() && seen.insert(name) {
            all.push(name);
        }
    }
    let all = all.join(";");
    if all.len() > MAX_LIST {
        return Err(invalid(format!("{member} has at most {MAX_LIST} bytes")));
    }
    user[member] = json!(all);
    Ok(())
}
