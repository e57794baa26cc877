//! The wire models of users (RFC 7643).

use wats_report::wire;

/// What says that an object is a user.
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

wire! {
    /// A user.
    pub struct User {
        /// Schemas of RFC 7643 that it follows.
        "schemas" => schemas: Vec<String>,
        /// Identifier given by the server; `None` for one that is not created yet.
        "id" => id: String,
        /// By which the user signs in.
        "userName" => user_name: String,
        /// Name for people.
        "displayName" => display_name: String,
        /// Whether the user may sign in.
        "active" => active: bool,
        /// Identifier of the system that provisions it.
        "externalId" => external_id: String,
        /// Parts of the name.
        "name" => name: UserName,
        /// Addresses.
        "emails" => emails: Vec<UserEmail>,
    }

    /// The parts of a user's name.
    pub struct UserName {
        /// All of it.
        "formatted" => formatted: String,
        /// First name.
        "givenName" => given_name: String,
        /// Last name.
        "familyName" => family_name: String,
    }

    /// An address of a user.
    pub struct UserEmail {
        /// The address.
        "value" => value: String,
        /// What it is for, such as `work`.
        "type" => kind: String,
        /// Whether it is the preferred one.
        "primary" => primary: bool,
    }

    /// A page of users.
    pub struct UserPage {
        /// Schemas of RFC 7644 that it follows.
        "schemas" => schemas: Vec<String>,
        /// How many there are on all pages.
        "totalResults" => total_results: i64,
        /// How many are on this page.
        "itemsPerPage" => items_per_page: i64,
        /// The place of the first one, from 1.
        "startIndex" => start_index: i64,
        /// The users.
        "Resources" => resources: Vec<User>,
    }
}

impl User {
    /// An active user that is not created yet.
    pub fn new(user_name: impl Into<String>) -> Self {
        Self {
            schemas: Some(vec![USER.to_owned()]),
            user_name: Some(user_name.into()),
            active: Some(true),
            ..Self::default()
        }
    }
}
