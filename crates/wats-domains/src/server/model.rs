//! The wire models of the server itself.

use wats_report::{ReportTime, wire};

wire! {
    /// The settings of a user.
    pub struct UserSettings {
        /// Name for people.
        "fullName" => full_name: String,
        /// Language and country, such as `en-US`.
        "cultureCode" => culture_code: String,
        /// Address.
        "email" => email: String,
        /// What the user may do.
        "roles" => roles: Vec<String>,
        /// Levels that the user sees.
        "levels" => levels: Vec<String>,
        /// Groups of products that the user sees.
        "productGroups" => product_groups: Vec<String>,
    }

    /// Who answered, and when.
    pub struct Ping {
        /// Name of the server.
        "ServerName" => server_name: String,
        /// Its clock.
        "ServerTime" => server_time: ReportTime,
    }
}
