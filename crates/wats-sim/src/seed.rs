//! What a fresh server knows: processes, and products on demand.

use serde_json::{Map, Value, json};

use crate::product_shape::{complete, new_product};

/// Part number of the n-th seeded product.
pub(crate) fn part_number(index: usize) -> String {
    format!("PART-{index:04}")
}

/// The n-th seeded product, complete.
pub(crate) fn product(index: usize) -> Value {
    let category = ["PCBA", "Module", "Box Build"][index % 3];
    let mut product: Map<String, Value> = new_product(&part_number(index));
    product.insert("name".to_owned(), json!(format!("Demo {category} {index}")));
    product.insert(
        "description".to_owned(),
        json!(format!("Seeded product number {index}")),
    );
    product.insert("productCategoryName".to_owned(), json!(category));
    product.insert(
        "revisions".to_owned(),
        json!([
            { "revision": "A", "name": "First revision", "description": "Prototype", "state": 0 },
            { "revision": "B", "name": "Second revision", "description": "Series", "state": 1 },
        ]),
    );
    complete(&mut product);
    Value::Object(product)
}

/// A list such as a small factory has: tests, repairs, work in progress, and one out of use. Codes and names of the test
/// operations in use are those that clients know.
pub(crate) fn processes() -> Vec<Value> {
    const TEST: &str = "isTestOperation";
    const REPAIR: &str = "isRepairOperation";
    const WIP: &str = "isWipOperation";
    [
        (10, "SW Debug", "Debugging of test software", TEST, 1),
        (30, "ICT test", "In-circuit test", TEST, 1),
        (50, "PCBA test", "Test of assembled boards", TEST, 1),
        (60, "Functional test", "Test of functions", TEST, 1),
        (70, "Insulation test", "Test of insulation", TEST, 1),
        (90, "Burn In test", "Test during burn-in", TEST, 1),
        (100, "End of line test", "The last test", TEST, 1),
        (150, "Old end of line test", "Out of use", TEST, 0),
        (500, "Repair", "Repair at the line", REPAIR, 1),
        (510, "RMA repair", "Repair of returned units", REPAIR, 1),
        (700, "Assembly", "Mechanical assembly", WIP, 1),
        (710, "Packing", "Packing and shipping", WIP, 1),
    ]
    .into_iter()
    .enumerate()
    .map(|(index, (code, name, description, kind, state))| {
        json!({
            "code": code,
            "name": name,
            "description": description,
            "isTestOperation": kind == TEST,
            "isRepairOperation": kind == REPAIR,
            "isWipOperation": kind == WIP,
            "processIndex": index,
            "state": state,
            "repairOperation": if kind == REPAIR { repair_details() } else { Value::Null },
        })
    })
    .collect()
}

/// Fills what a process lacks: it is in use, and a test operation unless it says that it is another.
pub(crate) fn complete_process(mut process: Value) -> Value {
    const KINDS: [&str; 3] = ["isTestOperation", "isRepairOperation", "isWipOperation"];
    let Some(members) = process.as_object_mut() else {
        return process;
    };
    let is = |members: &Map<String, Value>, kind: &str| {
        members.get(kind).and_then(Value::as_bool) == Some(true)
    };
    let is_test = !is(members, KINDS[1]) && !is(members, KINDS[2]);
    for (kind, value) in KINDS.into_iter().zip([is_test, false, false]) {
        members.entry(kind).or_insert(json!(value));
    }
    for name in ["name", "description"] {
        members.entry(name).or_insert(json!(""));
    }
    members.entry("processIndex").or_insert(json!(0));
    members.entry("state").or_insert(json!(1));
    members.entry("repairOperation").or_insert(Value::Null);
    process
}

/// How a repair process asks for its details: bindings are 0 required, 1 optional, 2 never.
fn repair_details() -> Value {
    let code = |index: u128, description: &str, sort: u32, repair_type: u32| {
        json!({
            "id": fail_code_id(index),
            "description": description,
            "selectable": true,
            "sortOrder": sort,
            "repairType": repair_type,
            "imageConstraint": 1,
            "failCodes": [],
        })
    };
    let group = |index: u128, description: &str, sort: u32, fail_codes: Vec<Value>| {
        let mut group = code(index, description, sort, 0);
        group["selectable"] = json!(false);
        group["failCodes"] = Value::Array(fail_codes);
        group
    };
    json!({
        "description": "Repair",
        "uutBinding": 1,
        "bomBinding": 1,
        "vendorBinding": 2,
        "componentReferenceMask": "^[A-Z]+[0-9]+$",
        "componentReferenceMaskDescription": "Letters and a number, such as R12",
        "failCodes": [
            group(1, "Component", 1, vec![
                code(11, "Burned Component", 1, 4),
                code(12, "Defect Component", 2, 4),
                code(13, "Missing Component", 3, 1),
                code(14, "Wrong Component", 4, 6),
            ]),
            group(2, "Soldering", 2, vec![
                code(21, "Dry Joint", 1, 1),
                code(22, "Solder Bridge", 2, 1),
            ]),
            group(3, "Other", 3, vec![
                code(31, "No Fault Found", 1, 3),
                code(32, "Scrapped", 2, 2),
                code(33, "Replaced", 3, 7),
            ]),
        ],
        "miscInfos": [ { "description": "Repair time", "inputMask": null, "required": false } ],
    })
}

/// Fixed ids, so that two servers agree.
fn fail_code_id(index: u128) -> String {
    uuid::Uuid::from_u128(0x5f3b_0c1e_7d52_4e7a_9f00_0000_0000_0000 + index).to_string()
}
