//! Units as they are answered: publicly, and in the form that the server's own client reads.

use serde_json::{Map, Value, json};

use super::relations::MAX_DEPTH;
use super::{phase, units};
use crate::api::product;
use crate::call::text;
use crate::shape::{self, Shape, shape};
use crate::store::State;

/// The sub units in one answer, at most.
const MAX_SUB_UNITS: usize = 1000;
/// Sub units nest at most this deep in an answer, so that it can be read.
const MAX_LEVEL: usize = 30;

/// `Mes.Production.Public.Unit`, and the result of the last test, which it does not name.
const PUBLIC: Shape = shape! {
    Text: "serialNumber" "partNumber" "revision" "parentSerialNumber" "batchNumber" "currentLocation" "xmlData" "unitPhase"
        "processCode" "lastResult";
    Time: "serialDate";
    Integer: "unitPhaseId";
    List: "tags" "subUnits";
    Any: "productRevision" "product";
};
/// `Mes.Production.Unit`.
const INTERNAL: Shape = shape! {
    Guid: "UnitId" "ParentUnitId" "ProductRevisionId" "ProductId";
    Text: "BatchSN" "SerialNumber" "CurrentLocation" "XMLData" "Action" "Error";
    Time: "SerialDate";
    Integer: "UnitPhaseId" "ProcessCode" "Level";
    Any: "ProductRevision" "Process" "Product" "ProductionBatch";
    List: "Children" "Settings";
};
/// `Mes.Product.ProductRevision`.
const REVISION: Shape = shape! {
    Guid: "ProductRevisionId" "ProductId";
    Text: "Revision" "Name" "Description";
    Integer: "State";
    Any: "Product";
    List: "ChildProductRevisionRelations" "ParentProductRevisionRelation" "Units" "BOM" "Settings";
};
/// `Mes.Product.Product`.
const PRODUCT: Shape = shape! {
    Guid: "ProductId" "ProductCategoryId";
    Bool: "NonSerial";
    Text: "PartNumber" "Name" "Description" "Category";
    Integer: "State";
    List: "ProductRevisions" "Settings";
    Any: "ProductCategory";
};
/// `Mes.Process`.
const PROCESS: Shape = shape! {
    Integer: "Code" "ProcessIndex" "State";
    Guid: "ProcessID";
    Text: "Name" "Description" "Properties";
    Bool: "IsTestOperation" "IsWIPOperation" "IsRepairOperation";
};

type Unit = Map<String, Value>;

/// What a shape has of a document, whatever the case of the names there; what is of another kind is left out.
fn view(shape: Shape, document: &Map<String, Value>) -> Map<String, Value> {
    let mut out = shape::blank(shape);
    for one in shape {
        let _ = shape::merge(std::slice::from_ref(one), document, &mut out);
    }
    out
}

fn view_of(shape: Shape, document: Option<&Value>) -> Value {
    let document = document.and_then(Value::as_object);
    document.map_or(Value::Null, |document| Value::Object(view(shape, document)))
}

fn product_of<'a>(state: &'a State, unit: &Unit) -> (Option<&'a Value>, Option<&'a Value>) {
    let product = product::by_number(state, units::member(unit, "partNumber"));
    let name = units::member(unit, "revision");
    let revision = product.and_then(|product| product::find_revision(product, name));
    (product, revision)
}

/// A unit with its product and its sub units, without the products of these.
pub(super) fn public(state: &State, unit: &Unit) -> Value {
    let mut room = MAX_SUB_UNITS;
    let mut out = public_part(state, unit, 0, &mut room);
    let (product, revision) = product_of(state, unit);
    out["product"] = json!(product);
    out["productRevision"] = json!(revision);
    out
}

/// A unit of a list: with what is part of it, and no more of that.
pub(super) fn listed(state: &State, unit: &Unit) -> Unit {
    let mut room = MAX_SUB_UNITS;
    match public_part(state, unit, MAX_LEVEL - 1, &mut room) {
        Value::Object(unit) => unit,
        _ => Map::new(),
    }
}

fn public_part(state: &State, unit: &Unit, level: usize, room: &mut usize) -> Value {
    let mut out = Value::Object(view(PUBLIC, unit));
    let phase = unit.get("unitPhaseId").and_then(Value::as_i64);
    out["unitPhase"] = json!(phase.and_then(phase::name));
    out["subUnits"] = parts(state, unit, level, room, public_part);
    out
}

/// The sub units of a unit as `form` answers them, as far as there is room. The recursion is bounded by [`MAX_LEVEL`].
fn parts(
    state: &State,
    unit: &Unit,
    level: usize,
    room: &mut usize,
    form: fn(&State, &Unit, usize, &mut usize) -> Value,
) -> Value {
    let mut out = Vec::new();
    for child in units::children_of(unit).filter(|_| level < MAX_LEVEL) {
        if *room == 0 {
            break;
        }
        if let Some(child) = units::get(state, child) {
            *room -= 1;
            out.push(form(state, child, level + 1, room));
        }
    }
    Value::Array(out)
}

/// A unit as the server's own client reads it, with its sub units.
pub(super) fn internal(state: &State, unit: &Unit) -> Value {
    let mut room = MAX_SUB_UNITS;
    internal_part(state, unit, 0, &mut room)
}

fn internal_part(state: &State, unit: &Unit, level: usize, room: &mut usize) -> Value {
    let (product, revision) = product_of(state, unit);
    let settings = |document: Option<&Value>| {
        let tags = document.and_then(|document| document.get("tags"));
        tags.cloned().unwrap_or_else(|| json!([]))
    };
    let mut whole = view_of(PRODUCT, product);
    if product.is_some() {
        whole["Settings"] = settings(product);
        whole["Category"] = json!(product.and_then(|product| product.get("productCategoryName")));
    }
    let mut of_unit = view_of(REVISION, revision);
    if revision.is_some() {
        of_unit["Product"] = whole.clone();
        of_unit["Settings"] = settings(revision);
    }
    let parent = units::parent_of(unit).and_then(|key| units::get(state, &key)?.get("unitId"));
    let code: Option<i64> = units::member(unit, "processCode").parse().ok();

    let mut out = Value::Object(view(INTERNAL, unit));
    out["ParentUnitId"] = json!(parent);
    out["BatchSN"] = json!(unit.get("batchNumber"));
    out["ProcessCode"] = json!(code);
    out["ProductId"] = whole.get("ProductId").cloned().unwrap_or_default();
    out["ProductRevisionId"] = of_unit
        .get("ProductRevisionId")
        .cloned()
        .unwrap_or_default();
    out["Process"] = view_of(PROCESS, units::process_of(state, unit));
    out["ProductRevision"] = of_unit;
    out["Product"] = whole;
    out["Settings"] = unit.get("tags").cloned().unwrap_or_else(|| json!([]));
    out["Level"] = json!(level);
    out["Children"] = parts(state, unit, level, room, internal_part);
    out
}

/// The unit that is part of no other, above this one.
pub(super) fn top<'a>(state: &'a State, unit: &'a Unit) -> &'a Unit {
    let mut at = unit;
    for _ in 0..MAX_DEPTH {
        match units::parent_of(at).and_then(|key| units::get(state, &key)) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    at
}

/// One row for the unit and each that it is related to, the unit first, as the server's own client reads them.
pub(super) fn info(state: &State, unit: &Unit) -> Value {
    let mut related = vec![top(state, unit)];
    let mut at = 0;
    while let Some(next) = related.get(at).copied() {
        let room = MAX_SUB_UNITS.saturating_sub(related.len());
        let children = units::children_of(next).take(room);
        related.extend(children.filter_map(|key| units::get(state, key)));
        at += 1;
    }
    let key = units::key_of(unit);
    related.retain(|other| units::key_of(other) != key);
    let all = std::iter::once(unit).chain(related);
    all.map(|unit| info_row(state, unit)).collect()
}

fn info_row(state: &State, unit: &Unit) -> Value {
    let of = |name: &str| unit.get(name);
    let (product, revision) = product_of(state, unit);
    let of_product = |name: &str| product.and_then(|product| text(product, name));
    let of_revision = |name: &str| revision.and_then(|revision| text(revision, name));
    let parent = units::parent_of(unit).and_then(|key| units::get(state, &key)?.get("unitId"));
    json!({
        "UnitId": of("unitId"), "ParentUnitID": parent,
        "SerialNumber": of("serialNumber"), "SerialDate": of("serialDate"), "UnitXML": of("xmlData"),
        "BatchNumber": of("batchNumber"), "PartNumber": of("partNumber"), "Revision": of("revision"),
        "Name": of_product("name"), "ProductDescription": of_product("description"),
        "ProductXML": of_product("xmlData"), "RevisionName": of_revision("name"),
        "RevisionDescription": of_revision("description"), "RevisionXML": of_revision("xmlData"),
    })
}
