//! What can be replaced of a user.

use serde_json::{Value, json};

/// A value of a user that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserChange {
    /// Name for people.
    FullName(String),
    /// Last name.
    FamilyName(String),
    /// First name.
    GivenName(String),
    /// The role; the server refuses one that it does not know.
    Role(String),
    /// Address.
    Email(String),
    /// Whether the user may sign in.
    Active(bool),
    /// Levels that the user is restricted to; they are added to those that there are. A level with `;` in it cannot be told.
    Levels(Vec<String>),
    /// Groups of products that the user is restricted to; as [`Levels`](Self::Levels).
    ProductGroups(Vec<String>),
}

impl UserChange {
    fn path_and_value(&self) -> (&'static str, Value) {
        match self {
            Self::FullName(text) => ("fullName", text.as_str().into()),
            Self::FamilyName(text) => ("familyName", text.as_str().into()),
            Self::GivenName(text) => ("givenName", text.as_str().into()),
            Self::Role(text) => ("roles", text.as_str().into()),
            Self::Email(text) => ("email", text.as_str().into()),
            Self::Active(active) => ("active", (*active).into()),
            Self::Levels(names) => ("levels", names.join(";").into()),
            Self::ProductGroups(names) => ("productGroups", names.join(";").into()),
        }
    }

    /// Why it cannot be told.
    pub(super) fn mistake(&self) -> Option<String> {
        let (Self::Levels(names) | Self::ProductGroups(names)) = self else {
            return None;
        };
        if names.is_empty() {
            return Some("there are no levels or groups of products to add".to_owned());
        }
        let odd = names
            .iter()
            .find(|name| name.is_empty() || name.contains(';'))?;
        Some(format!(
            "the name {odd:?} of a level or group is empty or has the `;` that stands between names"
        ))
    }
}

/// The changes as a patch of RFC 7644, section 3.5.2.
pub(super) fn patch(changes: &[UserChange]) -> Value {
    let operations = changes.iter().map(|change| {
        let (path, value) = change.path_and_value();
        json!({"op": "replace", "path": path, "value": value})
    });
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations.collect::<Vec<_>>(),
    })
}
