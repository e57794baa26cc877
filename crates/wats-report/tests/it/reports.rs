//! Good reports of every part. The tests of `wats-domains` include this file.

use serde_json::{Value, json};

fn additional() -> Value {
    json!({"name": "free", "props": [{"name": "list", "type": "Array", "flags": 0, "array": {"dimension": 1,
        "type": "Number", "indexes": [{"text": "[0]", "indexes": [0], "value": {"name": "x", "value": "1",
        "props": [{"name": "inner", "type": "String", "comment": "c"}]}}]}}]})
}

/// A test report with a step of every kind and a loop.
pub(crate) fn test() -> Value {
    let call = |name: &str| json!({"path": "main.seq", "name": name, "version": "1.0"});
    let turn = |id: i32, info: Value| {
        json!({"id": id, "name": "Loop", "group": "M", "stepType": "ET_NLT", "status": "P", "loop": info,
            "numericMeas": [{"compOp": "GE", "unit": "V", "value": 1.5, "lowLimit": 1.0, "status": "P"}]})
    };
    json!({
        "type": "T", "id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "pn": "PCBA-001", "sn": "SN-42", "rev": "A",
        "processCode": 100, "result": "P", "machineName": "ICT-3", "location": "Drammen", "purpose": "Production",
        "start": "2026-01-30T22:01:41.4707353+01:00", "startUTC": "2026-01-30T21:01:41.4707353Z",
        "uut": {"execTime": 1.5, "user": "Kari", "comment": "fine", "testSocketIndex": 0, "batchSN": "B1",
            "fixtureId": "F1", "errorCode": 0, "batchFailCount": 0, "batchLoopIndex": 0},
        "miscInfos": [{"description": "Hall", "text": "22 °C"}, {"description": "Slot", "numeric": 4}],
        "subUnits": [{"partType": "PCBA", "pn": "SUB", "rev": "A", "sn": "S-1", "position": 0}],
        "assets": [{"assetSN": "FIX-1", "usageCount": 1}],
        "additionalData": [additional()],
        "root": {
            "id": 1, "name": "Main", "group": "M", "stepType": "SequenceCall", "status": "P",
            "seqCall": call("Main"),
            "steps": [
                {"id": 2, "name": "All kinds", "group": "M", "stepType": "SequenceCall", "status": "P",
                    "seqCall": call("All kinds"), "steps": [
                    {"id": 3, "name": "Number", "group": "M", "stepType": "ET_NLT", "status": "P", "totTime": 0.1,
                        "start": "2026-01-30T22:01:42+01:00",
                        "numericMeas": [{"compOp": "GELE", "unit": "V", "value": 5.0, "lowLimit": 4.5,
                            "highLimit": 5.5, "status": "P"}]},
                    {"id": 4, "name": "Numbers", "group": "M", "stepType": "ET_MNLT", "status": "P", "numericMeas": [
                        {"name": "a", "compOp": "LT", "unit": "V", "value": 1, "lowLimit": 2, "status": "P"},
                        {"name": "b", "compOp": "LOG", "unit": "V", "value": 1, "status": "P"}]},
                    {"id": 5, "name": "Text", "group": "M", "stepType": "ET_SVT", "status": "P", "stringMeas": [
                        {"compOp": "IGNORECASE", "value": "Ab", "limit": "aB", "status": "P"}]},
                    {"id": 6, "name": "Lamp", "group": "M", "stepType": "ET_PFT", "status": "P",
                        "tsGuid": "ID#:x", "interactiveExeNum": 1,
                        "callExe": {"exitCode": 0}, "messagePopup": {"response": "yes", "button": 1},
                        "additionalResults": [additional()], "booleanMeas": [{"status": "P"}]},
                    {"id": 7, "name": "Curve", "group": "M", "stepType": "Chart", "status": "P", "chart": {
                        "chartType": "Line", "label": "U(t)", "xLabel": "t", "xUnit": "s", "yLabel": "U", "yUnit": "V",
                        "series": [{"dataType": "XYG", "name": "u", "xdata": "1;2.5", "ydata": "3;-4e-1"}]}},
                    {"id": 8, "name": "File", "group": "C", "stepType": "Attachment", "status": "P",
                        "attachment": {"name": "log.txt", "contentType": "text/plain", "data": "AAA="}}]},
                {"id": 9, "name": "Loops", "group": "M", "stepType": "SequenceCall", "status": "P",
                    "seqCall": call("Loops"), "steps": [
                    turn(10, json!({"num": 2, "endingIndex": 1, "passed": 2, "failed": 0})),
                    turn(11, json!({"idx": 0})),
                    turn(12, json!({"idx": 1}))]},
            ],
        },
    })
}

/// A repair report.
pub(crate) fn repair() -> Value {
    let file = json!({"name": "photo.jpg", "contentType": "image/jpeg", "data": "AAAA"});
    json!({
        "type": "R", "id": "53ac0b8e-b575-4004-94de-f905774c3ed8", "pn": "PCBA-001", "sn": "SN-42", "rev": "A",
        "processCode": 500, "result": "P", "machineName": "Repair-1", "location": "Drammen", "purpose": "Repair",
        "start": "2026-01-30T22:01:41+01:00", "startUTC": "2026-01-30T21:01:41Z",
        "uur": {"user": "Ola", "comment": "resoldered", "processCode": 100,
            "refUUT": "83ac0b8e-b575-4004-94de-f905774c3ed8", "execTime": 60.0,
            "confirmDate": "2026-01-30T22:01:41+01:00", "finalizeDate": "2026-01-30T22:01:41+01:00"},
        "subUnits": [
            {"partType": "PCBA", "pn": "PCBA-001", "rev": "A", "sn": "SN-42", "idx": 0, "failures": [
                {"category": "Component", "code": "Burned", "comRef": "U1", "comment": "hot", "attachments": [file]}]},
            {"partType": "Module", "pn": "MOD", "rev": "B", "sn": "M-1", "idx": 1, "parentIdx": 0}],
        "binaryData": [file],
    })
}
