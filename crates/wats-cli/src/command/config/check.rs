//! Whether the settings will do: whether a client can be made of them, and what is unwise about them.

use serde_json::json;
use wats::{Config, ConfigEntry};

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) fn run(context: &Context) -> Outcome {
    let config = context.config()?;
    let entries = config.entries();
    let of = |key: &str| entries.iter().find(|entry| entry.key == key);
    let Some(server) = of("base_url") else {
        return Err(Failure::usage(format!(
            "there is no address of a server: set WATS_BASE_URL, give --base-url, or put base_url into a profile ({})",
            config.place()
        )));
    };
    // It tells what is missing or wrong.
    context.wats()?;
    let warnings = warnings(&config, server);
    let output = &context.output;
    if output.is_json() {
        output.document(json!({ "complete": true, "warnings": warnings }))?;
        return Ok(Exit::Done);
    }
    output.line(&crate::output::shown(&format!(
        "the settings are complete: {} ({})",
        server.value.as_deref().unwrap_or_default(),
        server.origin
    )))?;
    for warning in warnings {
        output.line(&crate::output::shown(&format!("warning: {warning}")))?;
    }
    Ok(Exit::Done)
}

fn warnings(config: &Config, server: &ConfigEntry) -> Vec<String> {
    let mut found = Vec::new();
    let url = server.value.as_deref().unwrap_or_default();
    let own = ["http://127.", "http://localhost", "http://[::1]"];
    let is_open = url.to_ascii_lowercase().starts_with("http://");
    if is_open
        && !own
            .iter()
            .any(|own| url.to_ascii_lowercase().starts_with(own))
    {
        found.push(format!(
            "the address {url} ({}) sends the token unencrypted; use https://",
            server.origin
        ));
    }
    found.extend(config.readable_by_others().map(|path| {
        let path = path.display();
        format!("others of this machine can read the token in {path}; run chmod 600 on it")
    }));
    found
}
