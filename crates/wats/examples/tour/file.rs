//! A report of the user's own, to the server and back: nothing of it may be lost.

use std::path::Path;

use serde_json::Value;
use uuid::Uuid;
#[cfg(feature = "xml")]
use wats::report::Detail;
use wats::report::{Report, lint_json};

use crate::Outcome;
use crate::stage::Stage;

pub(crate) async fn there_and_back(stage: &Stage, path: &Path) -> Outcome {
    let name = path.display();
    let mut text =
        std::fs::read(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    // Windows tools put a byte order mark first, which is not JSON.
    if text.starts_with(b"\xef\xbb\xbf") {
        text.drain(..3);
    }
    if text.trim_ascii_start().starts_with(b"<") {
        #[cfg(feature = "xml")]
        return wsxf(stage, path, text).await;
        #[cfg(not(feature = "xml"))]
        return Err(format!("{name} is XML, which takes the feature `xml`").into());
    }
    // Tells what else it may be, and where the fault is.
    lint_json(&text).map_err(|error| format!("{name}: {error:#}"))?;
    let original: Value =
        serde_json::from_slice(&text).map_err(|error| format!("{name} is not JSON: {error}"))?;
    let report: Report = serde_json::from_slice(&text)
        .map_err(|error| format!("{name} is not a WSJF report: {error}"))?;
    let members = count(&original);
    println!("{name}: {} steps, {members} values", report.step_count());

    compare(
        "read into the model and written again",
        &original,
        &serde_json::to_value(&report)?,
    )?;

    if let Some(sim) = stage.main.simulator() {
        // Only a real server knows the processes of the factory that made the report.
        sim.put_process(serde_json::json!({
            "code": original["processCode"], "name": original["processName"],
            "isTestOperation": original["type"] == "T", "isRepairOperation": original["type"] == "R",
        }));
    }
    let submitted = stage
        .main
        .wats
        .report()
        .submit_wsjf(text)
        .await
        .map_err(|error| format!("{error:#}"))?;
    let back = read_back(stage, submitted.id).await?;
    compare(
        &format!("submitted and read back as {}", submitted.id),
        &original,
        &back,
    )
}

/// WSXF is sent with the feature `xml` only.
#[cfg(not(feature = "xml"))]
fn wsxf(_: &Stage, path: &Path, _: Vec<u8>) -> std::future::Ready<Outcome> {
    let name = path.display();
    std::future::ready(Err(format!(
        "{name} is XML: build with the feature `xml` to send it"
    )
    .into()))
}

/// WSXF has no model: it is sent as it is, and read back in both forms.
#[cfg(feature = "xml")]
async fn wsxf(stage: &Stage, path: &Path, text: Vec<u8>) -> Outcome {
    let name = path.display();
    let reports = stage.main.wats.report();
    let submitted = reports
        .submit_wsxf(text)
        .await
        .map_err(|error| format!("{name}: {error:#}"))?;
    let back = reports
        .get_wsxf(submitted.id, Detail::default(), false)
        .await
        .map_err(|error| format!("{error:#}"))?;
    println!(
        "{name}: submitted as WSXF and read back as {}, {} bytes; values are compared of WSJF only",
        submitted.id,
        back.len()
    );
    Ok(())
}

async fn read_back(stage: &Stage, id: Uuid) -> Outcome<Value> {
    let text = stage
        .main
        .wats
        .report()
        .get_wsjf(id)
        .await
        .map_err(|error| format!("{error:#}"))?;
    Ok(serde_json::from_slice(&text)?)
}

/// Tells what differs; an error if anything of `before` is missing or changed in `after`.
fn compare(what: &str, before: &Value, after: &Value) -> Outcome {
    let lost = lost(before, after);
    if lost.is_empty() {
        println!(
            "  {what}: all {} values are there, {} were added",
            count(before),
            count(after) - count(before)
        );
        return Ok(());
    }
    for line in lost.iter().take(20) {
        println!("  {line}");
    }
    Err(format!("{what}: {} values were lost or changed", lost.len()).into())
}

/// What of `before` is missing or changed in `after`, which may have more.
pub(crate) fn lost(before: &Value, after: &Value) -> Vec<String> {
    let mut lost = Vec::new();
    differences("", before, after, &mut lost);
    lost
}

fn differences(path: &str, before: &Value, after: &Value, lost: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let path = format!("{path}/{key}");
                match after.get(key) {
                    Some(now) => differences(&path, value, now, lost),
                    None => lost.push(format!("{path}: missing")),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (i, (value, now)) in before.iter().zip(after).enumerate() {
                differences(&format!("{path}/{i}"), value, now, lost);
            }
        }
        (before, after) if before == after => {}
        // 5 and 5.0 are one number.
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => {}
        (before, after) => lost.push(format!("{path}: {before} became {after}")),
    }
}

/// How many values a document has that are neither objects nor arrays.
fn count(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 1,
    }
}
