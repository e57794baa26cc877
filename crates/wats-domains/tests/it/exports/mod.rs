//! Reports as servers export them, in the shapes that clients leave, and faults that exports have.

mod faults;

use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) use faults::FAULTS;

/// Which client made the report that the server exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    TestStand,
    LabView,
    Python,
    CSharp,
}

const CLIENTS: [Client; 4] = [
    Client::TestStand,
    Client::LabView,
    Client::Python,
    Client::CSharp,
];

/// Types of steps that only do something.
const DOING: [&str; 9] = [
    "Action",
    "NI_Wait",
    "NI_Flow_If",
    "NI_Flow_End",
    "Goto",
    "Label",
    "Statement",
    "MessagePopup",
    "CallExecutable",
];

fn status() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["P", "P", "P", "P", "F", "F", "D", "E", "T", "S", "U"])
}

fn measured() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["P", "P", "P", "F", "F", "S"])
}

/// Names from few, so that siblings share some.
fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "Measure +5V",
        "Current",
        "Check",
        "Check",
        "Wait",
        "Multi",
        "Firmware",
    ])
}

fn unit() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![json!("V"), json!("A"), json!(null), json!("")])
}

fn numeric() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec![
        "LOG", "EQ", "NE", "GT", "GE", "LT", "LE", "GTLT", "GELE", "GELT", "LTGT", "LEGE",
    ]);
    (op, measured(), unit(), -9.0..9.0, -9.0..0.0, 0.0..9.0).prop_map(|(op, status, unit, value, low, high)| {
        let (low, high) = match op.len() {
            3 => (None, None),
            2 => (Some(low), None),
            _ => (Some(low), Some(high)),
        };
        json!({"compOp": op, "name": null, "status": status, "unit": unit, "value": value, "valueFormat": "%.3f",
            "highLimit": high, "lowLimit": low})
    })
}

fn text() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["LOG", "CASESENSIT", "IGNORECASE", "EQ", "NE"]);
    (op, measured(), "[a-zA-Z ]{0,12}").prop_map(|(op, status, text)| {
        let limit = (op != "LOG").then_some("1.4.2");
        json!({"compOp": op, "name": null, "status": status, "value": text, "limit": limit})
    })
}

fn chart() -> Value {
    json!({"chartType": "Line", "label": "Current", "xLabel": "t", "xUnit": null, "yLabel": "I", "yUnit": null,
        "series": [{"dataType": "XYG", "name": "I", "xdata": "0;1;2", "ydata": "0;0.5;1"}]})
}

/// What a step measured, as the members that it adds, and its type.
fn contents() -> impl Strategy<Value = (&'static str, Value)> {
    let several = |list: Vec<Value>| -> Value {
        list.into_iter()
            .enumerate()
            .map(|(index, mut one)| {
                one["name"] = json!(format!("CH{index}"));
                one
            })
            .collect()
    };
    let boolean = || measured().prop_map(|status| json!({"name": null, "status": status}));
    prop_oneof![
        numeric().prop_map(|m| ("ET_NLT", json!({"numericMeas": [m]}))),
        prop::collection::vec(numeric(), 1..4)
            .prop_map(move |list| ("ET_MNLT", json!({"numericMeas": several(list)}))),
        text().prop_map(|m| ("ET_SVT", json!({"stringMeas": [m]}))),
        prop::collection::vec(text(), 1..4)
            .prop_map(move |list| ("ET_MSVT", json!({"stringMeas": several(list)}))),
        boolean().prop_map(|m| ("ET_PFT", json!({"booleanMeas": [m]}))),
        prop::collection::vec(boolean(), 1..4)
            .prop_map(move |list| ("ET_MPFT", json!({"booleanMeas": several(list)}))),
        numeric().prop_map(|m| (
            "WATS_XYGMNLT",
            json!({"numericMeas": [m], "chart": chart()})
        )),
        Just((
            "WATS_AttachFile",
            json!({"attachment": {"name": "log.txt", "contentType": "text/plain", "data": "QQ=="}})
        )),
        prop::sample::select(DOING.to_vec()).prop_map(|kind| (
            kind,
            match kind {
                "MessagePopup" => json!({"messagePopup": {"response": null, "button": 0}}),
                "CallExecutable" => json!({"callExe": {"exitCode": 1.0, "exitCodeFormat": null}}),
                _ => json!({}),
            }
        )),
    ]
}

fn with(mut step: Value, members: Value) -> Value {
    if let (Value::Object(step), Value::Object(members)) = (&mut step, members) {
        step.extend(members);
    }
    step
}

fn leaf() -> impl Strategy<Value = Value> {
    (name(), status(), contents(), prop::sample::select(vec!["S", "M", "C"])).prop_map(
        |(name, status, (kind, members), group)| {
            let step = json!({"group": group, "stepType": kind, "name": name, "status": status, "totTime": 0.0,
                "causedUUTFailure": false});
            with(step, members)
        },
    )
}

/// A summary and its iterations, numbered as servers do.
fn looped(step: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<Value>> {
    (prop::collection::vec((step, measured()), 1..4), any::<bool>()).prop_map(|(turns, bare)| {
        let (mut summary, _) = turns[0].clone();
        let count = turns.len() - 1;
        summary["loop"] = json!({"idx": null, "num": count, "endingIndex": count, "passed": 1, "failed": 0});
        if bare && let Value::Object(members) = &mut summary {
            for kind in ["numericMeas", "stringMeas", "booleanMeas"] {
                members.remove(kind);
            }
        }
        let name = summary["name"].clone();
        let turns = turns.into_iter().skip(1).enumerate().map(|(index, (mut turn, _))| {
            turn["name"] = name.clone();
            turn["loop"] = json!({"idx": index, "num": null, "endingIndex": null, "passed": null, "failed": null});
            turn
        });
        std::iter::once(summary.clone()).chain(turns).collect()
    })
}

fn sequence(name: &str, status: &str, version: Option<&str>, steps: &[Vec<Value>]) -> Value {
    json!({"group": "M", "stepType": "SequenceCall", "name": name, "status": status, "totTime": 0.0,
        "steps": steps.concat(), "seqCall": {"path": "C:\\tests\\main.seq", "name": name, "version": version}})
}

fn tree() -> impl Strategy<Value = Vec<Vec<Value>>> {
    let one = prop_oneof![4 => leaf().prop_map(|step| vec![step]), 1 => looped(leaf())];
    let version = prop::option::of(Just("1.0.0"));
    prop::collection::vec(
        one.prop_recursive(3, 24, 5, move |inner| {
            let sequence = (
                name(),
                status(),
                version.clone(),
                prop::collection::vec(inner, 0..5),
            )
                .prop_map(|(name, status, version, steps)| sequence(name, status, version, &steps))
                .boxed();
            prop_oneof![3 => sequence.clone().prop_map(|step| vec![step]), 1 => looped(sequence)]
        }),
        0..6,
    )
}

/// Numbers the steps as servers do.
fn number(step: &mut Value, next: &mut i64, client: Client) {
    step["id"] = json!(*next);
    *next += 1;
    if client == Client::TestStand {
        step["tsGuid"] = json!("ID#:q25e2K/0a0eF04mnKNOSzC");
        step["start"] = json!("2026-01-30T22:01:42.3+00:00");
        step["errorCode"] = json!(0);
        step["errorCodeFormat"] = json!(null);
    }
    for inner in step["steps"].as_array_mut().into_iter().flatten() {
        number(inner, next, client);
    }
}

/// The export of a test.
pub(crate) fn test() -> impl Strategy<Value = Value> {
    let result = prop::sample::select(vec!["P", "F", "E", "T"]);
    (tree(), result, prop::sample::select(CLIENTS.to_vec()), prop::option::of(Just("2.1"))).prop_map(
        |(steps, result, client, version)| {
            let mut root = sequence("MainSequence Callback", result, version, &steps);
            let mut next = 0;
            number(&mut root, &mut next, client);
            let mut report = json!({
                "type": "T", "id": "33a2d408-3fc8-480b-b554-6866c77fd91c", "pn": "FAT-1", "sn": "FAT-325", "rev": "1",
                "productName": null, "processCode": 100, "processCodeFormat": null, "processName": "End of line test",
                "result": result, "machineName": "ICT-3", "location": "Drammen", "purpose": "Testing",
                "origin": "4C5F70D62FF4", "start": "2026-01-30T22:01:41.4707353+01:00",
                "startUTC": "2026-01-30T21:01:41.4707353Z",
                "uut": {"execTime": 123.67, "execTimeFormat": null, "testSocketIndex": -1, "batchSN": null, "comment": "",
                    "errorCode": 0, "errorMessage": null, "fixtureId": null, "user": "FATOperator",
                    "batchFailCount": null, "batchLoopIndex": null, "stepIdCausedUUTFailure": 5,
                    "refUURs": [{"id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "start": "2026-01-31T10:00:00Z"}]},
                "miscInfos": [{"description": "Slot", "text": null, "numeric": 4}],
                "subUnits": [{"partType": "PCBA", "pn": "SUB", "rev": "A", "sn": "S-1", "position": 0}],
                "assets": [{"assetSN": "FIX-1", "usageCount": 1}],
                "assetStats": [{"assetSN": "FIX-1", "runningCount": 7}],
                "additionalData": [], "root": root,
            });
            match client {
                Client::TestStand => report["productName"] = json!("Amplifier"),
                Client::LabView => {
                    report["uut"]["execTime"] = json!("123.67");
                    report["uut"]["testSocketIndex"] = json!("0");
                    report["miscInfos"] = json!([{"description": "Hall", "text": "", "numeric": null},
                        {"description": "None", "text": null, "numeric": null},
                        {"description": "Temperature", "text": null, "numeric": 22.5}]);
                }
                Client::Python => {
                    report["startUTC"] = json!(null);
                    report["start"] = json!("2026-01-30T22:01:41.470735+01:00");
                }
                Client::CSharp => {
                    report["start"] = json!("2026-01-30T22:01:41.47");
                    report["startUTC"] = json!("2026-01-30T21:01:41.47");
                    report["uut"]["errorCode"] = json!(2_148_734_208_u32);
                }
            }
            report
        },
    )
}

/// The export of a repair.
pub(crate) fn repair() -> impl Strategy<Value = Value> {
    (any::<bool>(), any::<bool>(), prop::sample::select(vec!["P", "D", "F"])).prop_map(|(units, no_test, result)| {
        json!({"type": "R", "id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "pn": "MODULE", "sn": "M-1", "rev": "A",
            "productName": "Module", "processCode": 500, "processCodeFormat": null, "processName": "Repair",
            "result": result, "machineName": "RepairStation", "location": "TestLab", "purpose": "Repair",
            "origin": "8033657d-c2c1-40f8-832b-a48113cf869a", "start": "2025-12-21T23:01:45.472254+01:00",
            "startUTC": "2025-12-21T22:01:45.472254Z",
            "uur": {"comment": "done", "user": "Ola", "processCode": 90, "processName": "Burn In test",
                "refUUT": if no_test { "" } else { "873d67f8-7669-4f4b-a627-e598e444d323" },
                "confirmDate": "2025-12-21T22:01:45.472138+00:00", "finalizeDate": null, "execTime": 0.0, "parent": null,
                "children": null},
            "miscInfos": [], "assets": [], "assetStats": [], "additionalData": [],
            "subUnits": if units { json!([{"partType": "Main", "pn": "MODULE", "rev": "A", "sn": "M-1", "idx": 0,
                "failures": [{"artNumber": null, "category": "Component", "code": "Burned", "comment": null,
                    "comRef": "U1", "refStepId": "7", "attachments": [
                        {"name": "", "contentType": "", "data": "_-8"}]}]}]) } else { json!(null) }})
    })
}

/// Faults, each with a number that picks the place.
pub(crate) fn faults() -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..FAULTS.len(), any::<usize>()), 0..12)
}

/// Spoils a report by a fault at one of the places that it may have; answers whether it has any.
pub(crate) fn spoil(report: &mut Value, (fault, pick): (usize, usize)) -> bool {
    let (place, spoil) = FAULTS[fault];
    let mut all = Vec::new();
    places(report, place, "", &mut all);
    if !all.is_empty()
        && let Some(found) = report.pointer_mut(&all[pick % all.len()])
    {
        spoil(found);
        return true;
    }
    false
}

fn places(value: &Value, wanted: &str, here: &str, found: &mut Vec<String>) {
    if here.is_empty() && wanted == "report" {
        found.push(String::new());
    }
    let Value::Object(members) = value else {
        return;
    };
    for (name, inner) in members {
        let path = format!("{here}/{name}");
        match inner {
            Value::Object(_) => {
                if name == wanted {
                    found.push(path.clone());
                }
                places(inner, wanted, &path, found);
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}/{index}");
                    if name == wanted && item.is_object() {
                        found.push(path.clone());
                    }
                    places(item, wanted, &path, found);
                }
            }
            _ => {}
        }
    }
}
