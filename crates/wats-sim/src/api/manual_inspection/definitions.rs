//! Definitions of manual inspections, and their steps as XAML.

use serde_json::{Map, Value, json};

use super::{
    DEFINITION, DEFINITIONS, DRAFT, PENDING, RELEASED, REVOKED, RUNS, XAML, definition, draft,
    integer, relations, status,
};
use crate::answer::{Answer, Handled};
use crate::api::stamp;
use crate::call::{Call, conflict, guid, invalid, member, new_guid, text};
use crate::query::bad;
use crate::shape::{Is, Shape, blank, document, merge, shape};
use crate::store::{Change, State};

/// What a request may say of a new definition.
const SAID: [&str; 15] = [
    "Name",
    "Description",
    "IsGlobal",
    "OnFailGotoCleanup",
    "OnFailRequireSubmit",
    "OnFailRequireRepair",
    "LogOperator",
    "LogDescription",
    "CreateUnsubmittedReportOnFailedStep",
    "RepairProcessId",
    "AddChildUnits",
    "IncludeUURMiscInfoInUUT",
    "LoadPreviousMiscInfo",
    "VirtualFolderId",
    "CreatedBySite",
];

/// The steps that a definition begins with, if so asked.
const DEFAULT_XAML: &str =
    "<Sequence xmlns=\"http://schemas.microsoft.com/netfx/2009/xaml/activities\" />";

/// The members of a definition as the production manager shows it, and those of the definition itself.
const ENTITY: [(&str, &str); 25] = [
    ("id", "TestSequenceDefinitionId"),
    ("parentId", "VirtualFolderId"),
    ("name", "Name"),
    ("description", "Description"),
    ("status", "Status"),
    ("version", "Version"),
    ("created", "Created"),
    ("createdBy", "CreatedBy"),
    ("released", "Released"),
    ("releasedBy", "ReleasedBy"),
    ("revoked", "Revoked"),
    ("revokedBy", "RevokedBy"),
    ("modified", "Modified"),
    ("modifiedBy", "ModifiedBy"),
    ("instancesCount", "InstancesCount"),
    ("processId", "RepairProcessId"),
    ("isGlobal", "IsGlobal"),
    ("addChildUnits", "AddChildUnits"),
    ("includeUURMiscInfoInUUT", "IncludeUURMiscInfoInUUT"),
    ("loadPreviousMiscInfo", "LoadPreviousMiscInfo"),
    ("onFailRequireSubmit", "OnFailRequireSubmit"),
    ("onFailRequireRepair", "OnFailRequireRepair"),
    ("logOperator", "LogOperator"),
    ("logDescription", "LogDescription"),
    (
        "createUnsubmittedReportOnFailedStep",
        "CreateUnsubmittedReportOnFailedStep",
    ),
];

/// Members of that form that only packages and workflows have.
const FOREIGN: Shape = shape! {
    Any: "phases" "serviceVersion" "phasesString" "repairProcessName" "packageFolder" "priority" "validation";
    List: "sites" "wfRelations" "tags" "deletedTags" "softwareEntities" "miFiles";
};

/// A definition as it is answered; its steps have a route of their own.
fn whole(state: &State, definition: &Value) -> Value {
    let id = text(definition, "TestSequenceDefinitionId").unwrap_or_default();
    let mut whole = definition.clone();
    whole["Relations"] = relations::of(state, id).into_iter().cloned().collect();
    whole["InstancesCount"] = json!(count(state, id));
    whole["XAML"] = Value::Null;
    whole
}

/// A definition as the production manager shows it.
fn entity(state: &State, definition: &Value) -> Value {
    let whole = whole(state, definition);
    let id = text(definition, "TestSequenceDefinitionId").unwrap_or_default();
    let mut entity = blank(FOREIGN);
    for (name, own) in ENTITY {
        entity.insert(name.to_owned(), whole.get(own).cloned().unwrap_or_default());
    }
    let relations = relations::of(state, id).into_iter();
    let ids = relations.map(|relation| relation["TestSequenceRelationId"].clone());
    for (name, value) in [
        ("entityType", json!("TestSequenceDefinition")),
        ("relationIds", ids.collect()),
        ("miRelations", whole["Relations"].clone()),
        ("conflictingRelations", relations::conflicting(state, id)),
    ] {
        entity.insert(name.to_owned(), value);
    }
    Value::Object(entity)
}

fn count(state: &State, id: &str) -> usize {
    state.under(RUNS, &format!("{id}/")).count()
}

/// Those for all sites, or the others.
pub(super) fn list(call: &Call<'_>) -> Handled {
    let global = call.query.switch("isGlobalDefinitions")?;
    let global = global.ok_or_else(|| bad("isGlobalDefinitions is required."))?;
    call.store.read(|state| {
        let definitions = state.rows(DEFINITIONS).map(|(_, definition)| definition);
        let fits = |definition: &&Value| (definition["IsGlobal"] == json!(true)) == global;
        let found = definitions
            .filter(fits)
            .map(|definition| whole(state, definition));
        Ok(Answer::json(&found.collect()))
    })
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    let id = call.required("definitionId")?;
    call.store.read(|state| {
        let definition = definition(state, id)?;
        Ok(Answer::json(&whole(state, definition)))
    })
}

/// A draft of the next version, with the same steps and relations.
pub(super) fn copy(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.change(|change| {
        let source = definition(change, &id)?
            .as_object()
            .cloned()
            .unwrap_or_default();
        let relations: Vec<Value> = relations::of(change, &id).into_iter().cloned().collect();
        let xaml = change.get(XAML, &id).cloned();
        let copy = add(change, |copy| {
            let said = source
                .into_iter()
                .filter(|(name, _)| SAID.contains(&name.as_str()));
            copy.extend(said);
            Ok(())
        })?;
        let new = text(&copy, "TestSequenceDefinitionId").unwrap_or_default();
        for relation in relations {
            relations::add(change, new, &relation)?;
        }
        if let Some(xaml) = xaml {
            put_xaml(change, new, &xaml["Definition"])?;
        }
        Ok(Answer::json(&whole(change, &copy)))
    })
}

/// Adds a draft; its version is one more than the highest of its name.
fn add(
    change: &mut Change<'_>,
    fill: impl FnOnce(&mut Map<String, Value>) -> Result<(), Answer>,
) -> Result<Value, Answer> {
    let mut definition = blank(DEFINITION);
    for (name, is) in DEFINITION {
        if *is == Is::Bool {
            definition.insert((*name).to_owned(), false.into());
        }
    }
    fill(&mut definition)?;
    let name = definition.get("Name").and_then(Value::as_str);
    let name = name.filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| invalid("Name is required"))?;
    let versions = change.rows(DEFINITIONS).map(|(_, definition)| definition);
    let versions = versions.filter(|other| text(other, "Name") == Some(name));
    let version = versions
        .map(|other| integer(other, "Version"))
        .max()
        .unwrap_or(0)
        + 1;
    for (name, value) in [
        ("TestSequenceDefinitionId", json!(new_guid())),
        ("Version", json!(version)),
        ("Status", json!(DRAFT)),
        ("Created", stamp::now(change)),
        ("CreatedBy", json!(stamp::USER)),
    ] {
        definition.insert(name.to_owned(), value);
    }
    if definition
        .get("OnFailRequireRepair")
        .is_none_or(Value::is_null)
    {
        definition.insert("OnFailRequireRepair".to_owned(), json!(0));
    }
    store(change, Value::Object(definition))
}

fn store(change: &mut Change<'_>, mut definition: Value) -> Result<Value, Answer> {
    definition["Modified"] = stamp::now(change);
    definition["ModifiedBy"] = json!(stamp::USER);
    let id = text(&definition, "TestSequenceDefinitionId").unwrap_or_default();
    change.put(DEFINITIONS, id, definition.clone())?;
    Ok(definition)
}

pub(super) fn create(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let as_entity = call.query.switch("returnAsProductionManagerEntity")?;
    let default_xaml = call.query.switch("createDefaultXaml")?.unwrap_or(false);
    call.store.change(|change| {
        let definition = add(change, |definition| bind(&body, definition))?;
        let id = text(&definition, "TestSequenceDefinitionId").unwrap_or_default();
        if default_xaml {
            put_xaml(change, id, &json!(DEFAULT_XAML))?;
        }
        let answer = match as_entity {
            Some(true) => entity(change, &definition),
            _ => whole(change, &definition),
        };
        Ok(Answer::json(&answer))
    })
}

/// Binds what may be said of a definition, whose members are named as its own.
fn bind(body: &Map<String, Value>, definition: &mut Map<String, Value>) -> Result<(), Answer> {
    let said = |name: &str| SAID.iter().any(|said| said.eq_ignore_ascii_case(name));
    let body = body.iter().filter(|(name, _)| said(name));
    let body = document(body.map(|(name, value)| (name.clone(), value.clone())));
    merge(DEFINITION, &body, definition)?;
    let repair = definition
        .get("OnFailRequireRepair")
        .and_then(Value::as_i64);
    if repair.is_some_and(|repair| !(0..=2).contains(&repair)) {
        return Err(invalid("OnFailRequireRepair goes from 0 to 2"));
    }
    Ok(())
}

/// Changes a draft by the form of the production manager, or the status of any definition.
pub(super) fn update(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let id = member(&body, "id").and_then(Value::as_str);
    let id = id.ok_or_else(|| invalid("id is required"))?;
    call.store.change(|change| {
        let before = definition(change, id)?.clone();
        let said = ENTITY
            .iter()
            .filter_map(|(name, own)| Some(((*own).to_owned(), member(&body, name)?.clone())));
        let mut after = before.as_object().cloned().unwrap_or_default();
        bind(&document(said), &mut after)?;
        let mut after = Value::Object(after);
        if before != after {
            draft(change, id)?;
            let is_other = |other: &Value| {
                text(other, "Name") == text(&after, "Name")
                    && other["Version"] == after["Version"]
                    && other["TestSequenceDefinitionId"] != after["TestSequenceDefinitionId"]
            };
            if change.find(DEFINITIONS, is_other).is_some() {
                return Err(conflict("Another definition has this name and version."));
            }
        }
        if let Some(wanted) = member(&body, "status") {
            let wanted = wanted
                .as_i64()
                .ok_or_else(|| invalid("status must be a number"))?;
            if wanted != status(&before) {
                go(change, &mut after, wanted)?;
            }
        }
        let stored = store(change, after)?;
        Ok(Answer::json(&whole(change, &stored)))
    })
}

/// A draft waits, what waits is released or a draft again, what is released is revoked.
fn go(change: &mut Change<'_>, definition: &mut Value, wanted: i64) -> Result<(), Answer> {
    let now = match (status(definition), wanted) {
        (DRAFT, PENDING) | (PENDING, DRAFT) => None,
        (PENDING, RELEASED) => {
            let is_before = |other: &Value| {
                status(other) == RELEASED && text(other, "Name") == text(definition, "Name")
            };
            if let Some(mut other) = change.find(DEFINITIONS, is_before).cloned() {
                go(change, &mut other, REVOKED)?;
                store(change, other)?;
            }
            Some("Released")
        }
        (RELEASED, REVOKED) => Some("Revoked"),
        (status, _) => {
            return Err(invalid(format!(
                "the status cannot go from {status} to {wanted}"
            )));
        }
    };
    definition["Status"] = json!(wanted);
    if let Some(now) = now {
        definition[now] = stamp::now(change);
        definition[format!("{now}By")] = json!(stamp::USER);
    }
    Ok(())
}

fn put_xaml(change: &mut Change<'_>, id: &str, definition: &Value) -> Result<(), Answer> {
    let xaml = json!({ "TestSequenceDefinitionId": id, "Definition": definition });
    change.put(XAML, id, xaml)
}

pub(super) fn xaml(call: &Call<'_>) -> Handled {
    let id = call.required("definitionId")?;
    steps(call, id).map(|xaml| Answer::json(&xaml))
}

/// The steps of a definition, null as long as there are none.
fn steps(call: &Call<'_>, id: &str) -> Result<Value, Answer> {
    call.store.read(|state| {
        let id = text(definition(state, id)?, "TestSequenceDefinitionId").unwrap_or_default();
        let none = || json!({ "TestSequenceDefinitionId": id, "Definition": null });
        Ok(state.get(XAML, id).cloned().unwrap_or_else(none))
    })
}

pub(super) fn save_xaml(call: &Call<'_>) -> Handled {
    let id = call.required("definitionId")?;
    let Value::String(xaml) = call.json()? else {
        return Err(invalid("the body must be a text"));
    };
    call.store.change(|change| {
        let definition = draft(change, id)?.clone();
        let id = guid(id).unwrap_or_default();
        put_xaml(change, &id, &json!(xaml))?;
        let mut definition = store(change, definition)?;
        if let Some(user) = call.optional("username") {
            definition["ModifiedBy"] = json!(user);
            change.put(DEFINITIONS, &id, definition)?;
        }
        Ok(Answer::json(&json!({})))
    })
}

/// The steps alone.
pub(super) fn workflow(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    let xaml = steps(call, &id)?;
    Ok(Answer::json(&xaml["Definition"]))
}

pub(super) fn instances_count(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.read(|state| {
        definition(state, &id)?;
        Ok(Answer::json(&json!(count(state, &id))))
    })
}
