//! The server itself: its version and state, its users, its clock.
//!
//! - here: what it tells of itself,
//! - `client`: what its clients tell of themselves.

mod client;

use serde_json::json;

use super::{auth, product, system};
use crate::answer::{Answer, Handled};
use crate::call::{Call, not_found, text};
use crate::routes::routes;
use crate::settings::SERVER_NAME;

routes! {
    GET "/api/App/Version" => version;
    GET "/api/SystemStatus" => status;
    GET "/api/App/CommonUserSettings" => user_settings;
    GET "/api/internal/Client/Ping" => client::ping;
    GET "/api/internal/Client/ServerInfo" => info;
    POST "/api/internal/Client/Update" => client::update;
    POST "/api/Client/Register" => client::register;
    PUT "/api/Client/Update" => client::update;
    GET "/api/internal/Auth/Disconnect" => client::disconnect;
}

/// What `GET api/App/Version` answers.
const VERSION: &str = "2025.3.1.0";

fn version(_: &Call<'_>) -> Handled {
    Ok(Answer::json(&json!(VERSION)))
}

fn status(call: &Call<'_>) -> Handled {
    let waiting = call.store.read(|state| state.reports.quarantined().len());
    Ok(Answer::json(&json!({
        "Status": "OK",
        "Version": VERSION,
        "ServerName": SERVER_NAME,
        "Quarantine": waiting.to_string(),
    })))
}

fn info(_: &Call<'_>) -> Handled {
    Ok(Answer::json(
        &json!({ "SiteCode": "SIM", "Name": SERVER_NAME, "Version": VERSION }),
    ))
}

/// The settings of whoever has the token; it sees everything, and there are no other users here.
fn user_settings(call: &Call<'_>) -> Handled {
    let name = call.required("UserName")?;
    if !auth::user(call.headers).eq_ignore_ascii_case(name) {
        return Err(not_found(format_args!("user '{name}'")));
    }
    call.store.read(|state| {
        let groups = product::groups(state).filter_map(|group| text(group, "productGroupName"));
        Ok(Answer::json(&json!({
            "fullName": name,
            "cultureCode": "en-US",
            "email": null,
            "roles": ["Administrator"],
            "levels": system::level_names(state).collect::<Vec<_>>(),
            "productGroups": groups.collect::<Vec<_>>(),
        })))
    })
}
