//! The phases of a unit's life: bit codes, of which 4096 means that it waits for it.
//!
//! Ids and descriptions are published, codes are those of the server's own client; the names are an assumption.

use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid};

pub(super) const UNKNOWN: i64 = 1;
pub(super) const UNDER_PRODUCTION: i64 = 2;
pub(super) const FINALIZED: i64 = 16;
pub(super) const REPAIRED: i64 = 256;
/// A test report takes a unit out of these. The others were set by somebody who knows better.
pub(super) const BEFORE_TEST: &[i64] = &[UNKNOWN, 4, REPAIRED, 4098, 4100];

/// Id, code, name, description.
const PHASES: &[(i64, &str, &str, &str)] = &[
    (UNKNOWN, "Unknown", "Unknown", "Unknown unit phase"),
    (
        UNDER_PRODUCTION,
        "Under_Production",
        "Under production",
        "Unit is under production",
    ),
    (
        4,
        "Repair_Production",
        "Production repair",
        "Unit is being repaired",
    ),
    (
        8,
        "Repair_Service",
        "Service repair",
        "Unit is being repaired for service (RMA)",
    ),
    (FINALIZED, "Finalized", "Finalized", "Unit is finalized"),
    (32, "Scrapped", "Scrapped", "Unit is scrapped"),
    (
        64,
        "Extended_Test",
        "Extended test",
        "Unit is under extended test",
    ),
    (
        128,
        "Customization",
        "Customization",
        "Unit is under customization",
    ),
    (REPAIRED, "Repaired", "Repaired", "Unit has been repaired"),
    (512, "Missing", "Missing", "Unit is marked as missing"),
    (
        1024,
        "In_Storage",
        "In storage",
        "Unit is in store (warehouse)",
    ),
    (
        2048,
        "Shipped",
        "Shipped",
        "Unit is shipped (out of factory)",
    ),
    (
        4098,
        "Under_Production_Q",
        "Under production, queued",
        "Unit is under production in a queue",
    ),
    (
        4100,
        "Repair_Production_Q",
        "Production repair, queued",
        "Unit is waiting for production repair",
    ),
    (
        4104,
        "Repair_Service_Q",
        "Service repair, queued",
        "Unit is waiting for service repair (RMA)",
    ),
];

/// The name of a phase.
pub(super) fn name(id: i64) -> Option<&'static str> {
    let found = PHASES.iter().find(|(known, ..)| *known == id);
    found.map(|(_, _, name, _)| *name)
}

/// The phase of an id, a code or a name, whatever the case; `_` and a space are one.
pub(super) fn parse(text: &str) -> Result<i64, Answer> {
    let is = |known: &str| {
        known
            .replace('_', " ")
            .eq_ignore_ascii_case(&text.trim().replace('_', " "))
    };
    let found = PHASES
        .iter()
        .find(|(id, code, name, _)| is(code) || is(name) || is(&id.to_string()));
    found
        .map(|(id, ..)| *id)
        .ok_or_else(|| invalid(format!("there is no unit phase '{text}'")))
}

pub(super) fn list(_: &Call<'_>) -> Handled {
    let row = |(id, code, name, description): &(i64, &str, &str, &str)| json!({ "UnitPhaseId": id, "Code": code, "Name": name, "Description": description });
    Ok(Answer::json(&PHASES.iter().map(row).collect::<Value>()))
}
