//! The server itself: its version and state, its users, its clock.
//!
//! - here: what it tells of itself,
//! - `client`: what its clients tell of themselves.

mod client;

use serde_json::json;

use super::{auth, product, scim, system};
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

/// The settings of a user: the one of the token, or one that was provisioned. Each sees everything.
fn user_settings(call: &Call<'_>) -> Handled {
    let name = call.required("UserName")?;
    call.store.read(|state| {
        let user = scim::named(state, name);
        if user.is_none() && !auth::user(call.headers).eq_ignore_ascii_case(name) {
            return Err(not_found(format_args!("user '{name}'")));
        }
        let email = user.and_then(|user| user.get("emails")?.get(0)?.get("value"));
        let full_name = user.and_then(|user| text(user, "displayName"));
        let groups = product::groups(state).filter_map(|group| text(group, "productGroupName"));
        Ok(Answer::json(&json!({
            "fullName": full_name.unwrap_or(name),
            "cultureCode": "en-US",
            "email": email,
            "roles": ["Administrator"],
            "levels": system::level_names(state).collect::<Vec<_>>(),
            "productGroups": groups.collect::<Vec<_>>(),
        })))
    })
}
