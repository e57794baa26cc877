//! What is part of what: the relations of units, and what may be built into what.
//!
//! Assumed, as it is not described: what refuses a relation is 409 with words, and so is success, with 200; a check of what
//! a unit is made of names each unit, and what the box build lacks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{phase, units};
use crate::answer::{Answer, Handled};
use crate::api::product;
use crate::call::{Call, conflict, not_found, text};
use crate::query::bad;
use crate::store::{Change, State};

/// Units nest at most this deep.
pub(super) const MAX_DEPTH: usize = 100;

type Unit = Map<String, Value>;

/// Whether a unit would become part of itself, or too deep a part.
pub(super) fn is_above(state: &State, child: &str, parent: &str) -> bool {
    let mut at = parent.to_owned();
    for _ in 0..MAX_DEPTH {
        if at == child {
            return true;
        }
        match units::get(state, &at).and_then(units::parent_of) {
            Some(next) => at = next,
            None => return false,
        }
    }
    true
}

/// Makes units part of another, away from what they were part of. Those it would be part of itself are left out.
pub(super) fn attach(
    change: &mut Change<'_>,
    parent: &str,
    children: impl IntoIterator<Item = String>,
) -> Result<(), Answer> {
    let Some(whole) = units::get(change, parent) else {
        return Ok(());
    };
    let of = |name: &str| whole.get(name).cloned().unwrap_or_default();
    let (serial, part) = (of("serialNumber"), of("partNumber"));
    let mut added = Vec::new();
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for child in children {
        let Some(mut unit) = units::get(change, &child).cloned() else {
            continue;
        };
        let old = units::parent_of(&unit);
        if old.as_deref() == Some(parent) || is_above(change, &child, parent) {
            continue;
        }
        unit.insert("parentSerialNumber".to_owned(), serial.clone());
        unit.insert("parentPartNumber".to_owned(), part.clone());
        units::store(change, unit)?;
        added.push(json!(child));
        if let Some(old) = old {
            left.entry(old).or_default().insert(child);
        }
    }
    for (old, gone) in left {
        let is_there = |known: &Value| known.as_str().is_none_or(|known| !gone.contains(known));
        edit_children(change, &old, |list| list.retain(is_there))?;
    }
    edit_children(change, parent, |list| list.extend(added))
}

/// Makes units part of another that is to have them, whatever they say of what they are part of.
pub(super) fn adopt(
    change: &mut Change<'_>,
    parent: &str,
    children: impl IntoIterator<Item = String>,
) -> Result<(), Answer> {
    let children: Vec<String> = children.into_iter().collect();
    for child in &children {
        detach(change, child)?;
    }
    attach(change, parent, children)
}

/// Makes a unit part of nothing; the list of what it was part of stays to be changed.
fn detach(change: &mut Change<'_>, child: &str) -> Result<(), Answer> {
    let Some(mut unit) = units::get(change, child).cloned() else {
        return Ok(());
    };
    for name in ["parentSerialNumber", "parentPartNumber"] {
        unit.insert(name.to_owned(), Value::Null);
    }
    units::store(change, unit)
}

/// Takes a unit off the list of what it is part of.
pub(super) fn leave(change: &mut Change<'_>, unit: &Unit) -> Result<(), Answer> {
    let key = units::key_of(unit);
    let is_other = |known: &Value| known.as_str() != Some(&key);
    match units::parent_of(unit) {
        Some(parent) => edit_children(change, &parent, |list| list.retain(is_other)),
        None => Ok(()),
    }
}

fn edit_children(
    change: &mut Change<'_>,
    parent: &str,
    edit: impl FnOnce(&mut Vec<Value>),
) -> Result<(), Answer> {
    let Some(mut unit) = units::get(change, parent).cloned() else {
        return Ok(());
    };
    if let Some(Value::Array(list)) = unit.get_mut("children") {
        edit(list);
    }
    units::store(change, unit)
}

/// The relations of a unit's product and revision: so many units of a revision, or of one that fits the mask.
fn box_build<'a>(state: &'a State, unit: &Unit) -> Vec<&'a Value> {
    let id = revision(state, unit).and_then(|revision| text(revision, "productRevisionId"));
    let relations = id.into_iter().flat_map(|id| product::parts_of(state, id));
    relations.collect()
}

fn revision<'a>(state: &'a State, unit: &Unit) -> Option<&'a Value> {
    let product = product::by_number(state, units::member(unit, "partNumber"))?;
    product::find_revision(product, units::member(unit, "revision"))
}

fn fits(state: &State, relation: &Value, unit: &Unit) -> bool {
    let product = product::by_number(state, units::member(unit, "partNumber"));
    let revisions = product.and_then(|product| product.get("revisions")?.as_array());
    let id = text(relation, "ProductRevisionId");
    let mut revisions = revisions.into_iter().flatten();
    let wanted = revisions.find(|revision| text(revision, "productRevisionId") == id);
    let wanted = wanted.and_then(|revision| text(revision, "revision"));
    let mask = text(relation, "RevisionMask");
    let is = units::member(unit, "revision");
    wanted.is_some_and(|wanted| product::mask_fits(mask, wanted, is))
}

fn quantity(relation: &Value) -> usize {
    let given = relation.get("Quantity").and_then(Value::as_u64);
    usize::try_from(given.unwrap_or(1)).unwrap_or(usize::MAX)
}

/// The phase in which a unit may be built in: finalized, or what the tag `PhaseFinalized` of its revision says.
fn is_finished(state: &State, unit: &Unit) -> bool {
    let tags = revision(state, unit).and_then(|revision| revision.get("tags")?.as_array());
    let tag = tags
        .into_iter()
        .flatten()
        .find(|tag| text(tag, "key") == Some("PhaseFinalized"));
    let wanted = tag.and_then(|tag| phase::parse(text(tag, "value")?).ok());
    let phase = unit.get("unitPhaseId").and_then(Value::as_i64);
    phase == Some(phase::FINALIZED) || wanted.is_some() && phase == wanted
}

fn children<'a>(state: &'a State, unit: &'a Unit) -> impl Iterator<Item = &'a Unit> {
    units::children_of(unit).filter_map(|key| units::get(state, key))
}

/// Refuses a child that the parent must not have.
fn check_new(
    state: &State,
    parent: &Unit,
    child: &Unit,
    instead: Option<(&str, &str)>,
    check_phase: bool,
) -> Result<(), Answer> {
    let (parent_key, child_key) = (units::key_of(parent), units::key_of(child));
    let named = format!("The unit '{}'", units::member(child, "serialNumber"));
    if units::parent_of(child).is_some() {
        return Err(conflict(format!("{named} is part of a unit already.")));
    }
    if is_above(state, &child_key, &parent_key) {
        return Err(conflict(format!(
            "{named} would be part of itself, or too deep."
        )));
    }
    let fits = match instead {
        // Without a revision, all of the part number are right.
        Some((part, revision)) => {
            let is = units::member(child, "revision");
            units::member(child, "partNumber") == part
                && (revision.is_empty() || product::mask_fits(Some(revision), "", is))
        }
        None => box_build(state, parent).into_iter().any(|line| {
            let there = children(state, parent).filter(|unit| fits(state, line, unit));
            fits(state, line, child) && there.count() < quantity(line)
        }),
    };
    if !fits {
        return Err(conflict(format!(
            "{named} is not in the box build, or one too many."
        )));
    }
    if check_phase && !is_finished(state, child) {
        return Err(conflict(format!("{named} is not finalized.")));
    }
    Ok(())
}

/// How a route names the unit that is the whole.
#[derive(Clone, Copy)]
struct Names {
    serial: &'static str,
    part: &'static str,
}

const PUBLIC: Names = Names {
    serial: "parentSerialNumber",
    part: "parentPartNumber",
};
const INTERNAL: Names = Names {
    serial: "serialNumber",
    part: "partNumber",
};

/// `POST api/Production/AddChildUnit`. That the checks may be absent as well as empty is assumed.
pub(super) fn add(call: &Call<'_>) -> Handled {
    add_to(call, PUBLIC, true)
}

pub(super) fn add_internal(call: &Call<'_>) -> Handled {
    call.required("cultureCode")?;
    add_to(
        call,
        INTERNAL,
        call.query.switch("checkPhase")?.unwrap_or(true),
    )
}

fn add_to(call: &Call<'_>, names: Names, check_phase: bool) -> Handled {
    let of = |name: &str| call.query.get(name).unwrap_or_default();
    let (part_number, revision) = (of("checkPartNumber"), of("checkRevision"));
    if part_number.is_empty() && !revision.is_empty() {
        return Err(bad("checkRevision needs checkPartNumber."));
    }
    let instead = (!part_number.is_empty()).then_some((part_number, revision));
    call.store.change(|change| {
        let (parent, child) = pair(change, call, names)?;
        check_new(change, parent, child, instead, check_phase)?;
        let (parent, child) = (units::key_of(parent), units::key_of(child));
        attach(change, &parent, [child])?;
        Ok(Answer::json(&json!("The unit was added.")))
    })
}

/// `POST api/Production/RemoveChildUnit`.
pub(super) fn remove(call: &Call<'_>) -> Handled {
    remove_from(call, PUBLIC)
}

pub(super) fn remove_internal(call: &Call<'_>) -> Handled {
    remove_from(call, INTERNAL)
}

fn remove_from(call: &Call<'_>, names: Names) -> Handled {
    call.store.change(|change| {
        let (parent, child) = pair(change, call, names)?;
        let (parent, child_key) = (units::key_of(parent), units::key_of(child));
        if units::parent_of(child).as_ref() != Some(&parent) {
            let serial = units::member(child, "serialNumber");
            return Err(not_found(format!("child unit '{serial}' of this unit")));
        }
        let child = child.clone();
        leave(change, &child)?;
        detach(change, &child_key)?;
        Ok(Answer::json(&json!("The unit was removed.")))
    })
}

pub(super) fn remove_all(call: &Call<'_>) -> Handled {
    call.store.change(|change| {
        let parent = parent(change, call, INTERNAL)?;
        let all: Vec<String> = units::children_of(parent).map(str::to_owned).collect();
        let parent = units::key_of(parent);
        edit_children(change, &parent, Vec::clear)?;
        for child in &all {
            detach(change, child)?;
        }
        let said = format!("{} units were removed.", all.len());
        Ok(Answer::json(&json!(said)))
    })
}

/// `GET api/internal/Production/CheckChildUnits`: as the public one, and in a language.
pub(super) fn check_internal(call: &Call<'_>) -> Handled {
    call.required("CultureCode")?;
    check(call)
}

/// `GET api/Production/CheckChildUnits`.
pub(super) fn check(call: &Call<'_>) -> Handled {
    call.store.read(|state| {
        let parent = parent(state, call, PUBLIC)?;
        let lines = box_build(state, parent);
        let mut found = vec![0; lines.len()];
        let mut rows = Vec::new();
        for unit in children(state, parent) {
            let line = lines
                .iter()
                .zip(&mut found)
                .find(|(line, found)| fits(state, line, unit) && **found < quantity(line));
            let problem = match line {
                None => Some("The unit is not in the box build, or one too many."),
                Some((_, found)) => {
                    *found += 1;
                    (!is_finished(state, unit)).then_some("The unit is not finalized.")
                }
            };
            let of = |name: &str| unit.get(name).cloned();
            rows.push(json!({
                "serialNumber": of("serialNumber"), "partNumber": of("partNumber"),
                "revision": of("revision"), "valid": problem.is_none(), "message": problem,
            }));
        }
        let lacks = lines.iter().zip(&found);
        let lacks = lacks.filter(|(line, found)| **found < quantity(line));
        let row = |(line, found): (&&Value, &usize)| {
            json!({
                "productRevisionId": line["ProductRevisionId"], "revisionMask": line["RevisionMask"],
                "quantity": line["Quantity"], "found": found,
            })
        };
        let missing: Vec<Value> = lacks.map(row).collect();
        let valid = missing.is_empty() && rows.iter().all(|row| row["valid"] == true);
        let answer = json!({ "valid": valid, "units": rows, "missing": missing });
        Ok(Answer::json(&answer))
    })
}

fn parent<'a>(state: &'a State, call: &Call<'_>, names: Names) -> Result<&'a Unit, Answer> {
    units::find(
        state,
        call.required(names.serial)?,
        given(call, names.part)?,
    )
}

fn pair<'a>(
    state: &'a State,
    call: &Call<'_>,
    names: Names,
) -> Result<(&'a Unit, &'a Unit), Answer> {
    let parent = parent(state, call, names)?;
    let child = call.required("childSerialNumber")?;
    let child = units::find(state, child, given(call, "childPartNumber")?)?;
    Ok((parent, child))
}

/// A text of the query that must be there, and may be empty.
fn given<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a str, Answer> {
    let text = call.query.get(name);
    text.ok_or_else(|| bad(format!("{name} is required.")))
}
