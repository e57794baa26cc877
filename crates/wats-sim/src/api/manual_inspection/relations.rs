//! What definitions are for, and which of them are for the same.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::{DEFINITIONS, RELATIONS, REVOKED, definition, status};
use crate::answer::{Answer, Handled};
use crate::call::{Call, guid, invalid, member, new_guid, not_found, text};
use crate::shape::{Is, Shape, blank, merge, shape};
use crate::store::{Change, State};

const RELATION: Shape = shape! {
    Guid: "TestSequenceRelationId" "TestSequenceDefinitionId";
    Text: "EntitySchema" "EntityName" "EntityKey" "EntityValue" "ProductName";
    Integer: "Status";
    List: "TestSequenceSiteRelations" "TestSequenceProcessRelations";
};
const SITE: Shape = &[
    ("TestSequenceSiteRelationId", Is::Guid),
    ("SiteCode", Is::Text),
    ("TestSequenceRelationId", Is::Guid),
];
const PROCESS: Shape = &[
    ("TestSequenceProcessRelationId", Is::Guid),
    ("TestSequenceRelationId", Is::Guid),
    ("ProcessId", Is::Guid),
];
/// Most relations of a definition, and most sites and processes of a relation.
const MAX: usize = 1000;

/// The relations of a definition.
pub(super) fn of<'a>(state: &'a State, definition: &str) -> Vec<&'a Value> {
    let start = format!("{definition}/");
    let rows = state.under(RELATIONS, &start);
    rows.map(|(_, relation)| relation).collect()
}

pub(super) fn list(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.read(|state| {
        definition(state, &id)?;
        Ok(Answer::json(&of(state, &id).into_iter().cloned().collect()))
    })
}

/// Adds what a relation says to a definition, under a new id.
pub(super) fn add(
    change: &mut Change<'_>,
    definition: &str,
    said: &Value,
) -> Result<Value, Answer> {
    if of(change, definition).len() >= MAX {
        return Err(invalid(format!("a definition has at most {MAX} relations")));
    }
    let mut relation = blank(RELATION);
    relation.insert("Status".to_owned(), json!(0));
    relation.insert("TestSequenceRelationId".to_owned(), json!(new_guid()));
    relation.insert("TestSequenceDefinitionId".to_owned(), json!(definition));
    say(said, &mut relation)?;
    put(change, relation)
}

/// Binds all but the ids.
fn say(said: &Value, relation: &mut Map<String, Value>) -> Result<(), Answer> {
    let said = said
        .as_object()
        .ok_or_else(|| invalid("a relation must be an object"))?;
    let ids = ["TestSequenceRelationId", "TestSequenceDefinitionId"];
    let kept = ids.map(|name| relation.get(name).cloned().unwrap_or_default());
    merge(RELATION, said, relation)?;
    for (name, id) in ids.into_iter().zip(kept) {
        relation.insert(name.to_owned(), id);
    }
    let id = relation
        .get("TestSequenceRelationId")
        .cloned()
        .unwrap_or_default();
    for (list, shape, own) in [
        (
            "TestSequenceSiteRelations",
            SITE,
            "TestSequenceSiteRelationId",
        ),
        (
            "TestSequenceProcessRelations",
            PROCESS,
            "TestSequenceProcessRelationId",
        ),
    ] {
        let Some(given) = member(said, list).and_then(Value::as_array) else {
            continue;
        };
        if given.len() > MAX {
            return Err(invalid(format!("{list} has at most {MAX} items")));
        }
        let items = given.iter().map(|item| {
            let item = item
                .as_object()
                .ok_or_else(|| invalid(format!("{list} must have objects")))?;
            let mut bound = blank(shape);
            merge(shape, item, &mut bound)?;
            bound.insert("TestSequenceRelationId".to_owned(), id.clone());
            if bound.get(own).is_none_or(Value::is_null) {
                bound.insert(own.to_owned(), json!(new_guid()));
            }
            Ok(Value::Object(bound))
        });
        relation.insert(list.to_owned(), items.collect::<Result<Value, Answer>>()?);
    }
    let named = relation.get("EntityName").and_then(Value::as_str);
    if named.is_none_or(str::is_empty) {
        return Err(invalid("EntityName is required"));
    }
    Ok(())
}

fn put(change: &mut Change<'_>, relation: Map<String, Value>) -> Result<Value, Answer> {
    let relation = Value::Object(relation);
    let id = |name: &str| text(&relation, name).unwrap_or_default();
    let key = format!(
        "{}/{}",
        id("TestSequenceDefinitionId"),
        id("TestSequenceRelationId")
    );
    change.put(RELATIONS, &key, relation.clone())?;
    Ok(relation)
}

pub(super) fn create(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let id = member(&body, "TestSequenceDefinitionId").and_then(Value::as_str);
    let id = id.ok_or_else(|| invalid("TestSequenceDefinitionId is required"))?;
    call.store.change(|change| {
        let id = text(definition(change, id)?, "TestSequenceDefinitionId").unwrap_or_default();
        let id = id.to_owned();
        add(change, &id, &Value::Object(body.clone())).map(|relation| Answer::json(&relation))
    })
}

fn by_id(state: &State, id: &str) -> Result<(String, Value), Answer> {
    let end = format!("/{}", guid(id).unwrap_or_default());
    let found = state.rows(RELATIONS).find(|(key, _)| key.ends_with(&end));
    let found = found.map(|(key, relation)| (key.to_owned(), relation.clone()));
    found.ok_or_else(|| not_found(format!("relation '{id}'")))
}

pub(super) fn update(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let id = member(&body, "TestSequenceRelationId").and_then(Value::as_str);
    let id = id.ok_or_else(|| invalid("TestSequenceRelationId is required"))?;
    call.store.change(|change| {
        let (_, relation) = by_id(change, id)?;
        let mut relation = relation.as_object().cloned().unwrap_or_default();
        say(&Value::Object(body.clone()), &mut relation)?;
        put(change, relation).map(|relation| Answer::json(&relation))
    })
}

/// Deletes relations, all or none.
pub(super) fn delete(call: &Call<'_>) -> Handled {
    let ids = call.array()?;
    call.store.change(|change| {
        // One look for all of them.
        let keys = change.rows(RELATIONS).filter_map(|(key, _)| {
            let (_, id) = key.split_once('/')?;
            Some((id.to_owned(), key.to_owned()))
        });
        let keys: HashMap<String, String> = keys.collect();
        for id in &ids {
            let id = id.as_str().unwrap_or_default();
            let key = guid(id).and_then(|id| keys.get(&id));
            let key = key.ok_or_else(|| not_found(format!("relation '{id}'")))?;
            change.remove(RELATIONS, key);
        }
        Ok(Answer::json(&json!({})))
    })
}

/// Relations of definitions of other names, which are not revoked, for the same.
fn same<'a>(state: &'a State, id: &str) -> Vec<(&'a Value, &'a Value)> {
    let own = of(state, id);
    let name = state.get(DEFINITIONS, id).and_then(|own| text(own, "Name"));
    let others = state.rows(RELATIONS).filter_map(|(_, relation)| {
        let other = state.get(DEFINITIONS, text(relation, "TestSequenceDefinitionId")?)?;
        let counts = status(other) != REVOKED && text(other, "Name") != name;
        counts.then_some((other, relation))
    });
    let entity = |relation: &Value| {
        ["EntitySchema", "EntityName", "EntityKey", "EntityValue"]
            .map(|name| relation[name].clone().to_string())
    };
    let mut by_entity: HashMap<[String; 4], Vec<&Value>> = HashMap::new();
    for relation in own {
        by_entity
            .entry(entity(relation))
            .or_default()
            .push(relation);
    }
    let overlaps = |relation: &Value| {
        let own = by_entity.get(&entity(relation));
        own.into_iter().flatten().any(|own| {
            shares(own, relation, "TestSequenceSiteRelations", "SiteCode")
                && shares(own, relation, "TestSequenceProcessRelations", "ProcessId")
        })
    };
    others.filter(|(_, relation)| overlaps(relation)).collect()
}

/// Whether two relations hold for one of the same sites or processes; without any, one holds for all.
fn shares(left: &Value, right: &Value, list: &str, member: &str) -> bool {
    let of = |relation: &Value| -> std::collections::BTreeSet<String> {
        let items = relation[list].as_array().into_iter().flatten();
        items
            .filter_map(|item| text(item, member).map(str::to_owned))
            .collect()
    };
    let (left, right) = (of(left), of(right));
    left.is_empty() || right.is_empty() || !left.is_disjoint(&right)
}

pub(super) fn conflicts(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.read(|state| {
        definition(state, &id)?;
        let found = same(state, &id).into_iter().map(|(other, relation)| {
            json!({
                "TestSequenceDefinitionId": other["TestSequenceDefinitionId"],
                "TestSequenceRelationId": relation["TestSequenceRelationId"], "Name": other["Name"],
                "EntityName": relation["EntityName"], "EntityValue": relation["EntityValue"],
                "Status": relation["Status"],
            })
        });
        Ok(Answer::json(&found.collect()))
    })
}

/// The definitions of these, each once.
pub(super) fn conflicting(state: &State, id: &str) -> Value {
    let mut found = BTreeMap::new();
    found.extend(same(state, id).into_iter().map(|(other, _)| {
        let id = text(other, "TestSequenceDefinitionId").unwrap_or_default();
        (
            id,
            json!({ "id": id, "name": other["Name"], "version": other["Version"] }),
        )
    }));
    found.into_values().collect()
}

pub(super) fn definition_conflicts(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.read(|state| {
        definition(state, &id)?;
        Ok(Answer::json(&conflicting(state, &id)))
    })
}
