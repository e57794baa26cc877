//! The wire models of the server itself.

use uuid::Uuid;
use wats_report::wire::Number;
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

    /// What a client tells of itself (`ClientController.ClientSettings` of the server).
    pub struct ClientSettings {
        /// Name.
        "name" => name: String,
        /// Where it stands.
        "location" => location: String,
        /// What it is for.
        "purpose" => purpose: String,
        /// More about it, as XML.
        "miscinfo" => misc_info: String,
        /// How far its clock is from UTC, as a text.
        "utcoffset" => utc_offset: String,
    }

    /// A client as the server holds it (`Tdm.Client` of the server).
    pub struct RegisteredClient {
        /// Identifier given by the server.
        "ClientId" => client_id: i32,
        /// Name.
        "Name" => name: String,
        /// Name for people.
        "DisplayName" => display_name: String,
        /// The same for all servers.
        "GUID" => guid: Uuid,
        /// When it was registered.
        "RegDate" => registered: ReportTime,
        /// Its state; the server does not describe the numbers.
        "Status" => status: i32,
        /// What it tells of its state.
        "StatusText" => status_text: String,
        /// The client that it belongs to.
        "ParentId" => parent_id: i32,
        /// The level that it belongs to.
        "ClientGroupId" => client_group_id: i32,
        /// More about it, as XML.
        "MiscInfo" => misc_info: String,
        /// When that was changed.
        "MiscInfoUpdated" => misc_info_updated: ReportTime,
        /// Where it stands.
        "Location" => location: String,
        /// What it is for.
        "Purpose" => purpose: String,
        /// What it is, as [`SystemClient::kind`](crate::system::SystemClient).
        "ClientType" => kind: i32,
        /// How far its clock is from UTC.
        "UTCOffset" => utc_offset: Number,
        /// Description.
        "Description" => description: String,
        /// When it was heard of last.
        "LastPing" => last_ping: ReportTime,
        /// Code of its site.
        "SiteCode" => site_code: String,
    }
}
