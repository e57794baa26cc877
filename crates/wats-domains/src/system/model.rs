//! The wire model of clients (`Tdm.ClientDto` of the server). What the server tells of a client beyond these members is in
//! `extra`.

use wats_report::wire;

wire! {
    /// A client of the server: a test station, a server of a site, or a level.
    pub struct SystemClient {
        /// Identifier given by the server.
        "clientId" => client_id: i32,
        /// Name; it cannot be changed.
        "name" => name: String,
        /// Name for people.
        "displayName" => display_name: String,
        /// Where it stands.
        "location" => location: String,
        /// What it is for.
        "purpose" => purpose: String,
        /// What it is: 1 and 2 for servers, 5 for a client, 6 for a client in the browser; it cannot be changed.
        "type" => kind: i32,
        /// The level that it belongs to.
        "clientGroupId" => client_group_id: i32,
    }
}
