//! STDF, written here record by record in both byte orders.

use serde_json::json;
use wats_report::convert;

use super::{accepted, defaults, outline};
use crate::convert_samples::stdf as file;

#[test]
fn parts_of_both_byte_orders() {
    let (big, little) = (file(true), file(false));
    let reports = convert::stdf(&big, &defaults()).unwrap();
    let [two, one] = [0, 1].map(|at| accepted(&reports[at]));
    for (name, value) in [
        ("sn", json!("LOT7-1")),
        ("pn", json!("CHIP-9")),
        ("rev", json!("A")),
        ("machineName", json!("tester-2")),
        ("result", json!("P")),
        ("startUTC", json!("2026-01-01T00:00:00.0000000Z")),
    ] {
        assert_eq!(one[name], value, "{name}");
    }
    assert_eq!(
        (&two["sn"], &two["result"]),
        (&json!("LOT7-2"), &json!("F"))
    );
    assert_eq!(
        one["uut"],
        json!({"execTime": 0.25, "user": "Ola", "testSocketIndex": 1, "batchSN": "LOT7", "fixtureId": "BOARD-4"})
    );
    assert_eq!(
        one["miscInfos"],
        json!([{"description": "Hard bin", "numeric": 1}, {"description": "Sublot", "text": "S1"},
            {"description": "Temperature", "text": "25 C"}, {"description": "Probe card", "text": "CARD-1"}])
    );
    assert_eq!(one["root"]["seqCall"]["path"], "probe.job");
    assert_eq!(
        outline(&one["root"]),
        ["Vdd P", "Scan P", "Leak P", "Ring P"]
    );
    assert_eq!(outline(&two["root"]), ["Vdd F", "Scan S"]);
    let steps = &one["root"]["steps"];
    assert_eq!(
        steps[0]["numericMeas"],
        json!([{"compOp": "GELE", "status": "P", "unit": "V", "value": 1.5, "lowLimit": 1.2, "highLimit": 1.8}])
    );
    assert_eq!(
        steps[2]["numericMeas"][1],
        json!({"compOp": "LT", "name": "2", "status": "P", "unit": "uA", "value": 0.5, "lowLimit": 1.0})
    );
    assert_eq!(steps[3]["booleanMeas"], json!([{"status": "P"}]));
    // The second part's record says no limits: they are those of the first.
    assert_eq!(two["root"]["steps"][0]["numericMeas"][0]["lowLimit"], 1.2);
    let ids = [&reports[0].id, &reports[1].id];
    assert_ne!(ids[0], ids[1]);
    assert_eq!(convert::stdf(&big, &defaults()).unwrap(), reports);
    // The other order of bytes says the same, under other ids.
    for (one, other) in convert::stdf(&little, &defaults())
        .unwrap()
        .into_iter()
        .zip(reports)
    {
        let mut one = one;
        one.id = other.id;
        assert_eq!(one, other);
    }
}

#[test]
fn what_is_no_stdf_is_told() {
    let whole = file(false);
    let begun = whole.len() - 13 - 4;
    for (bytes, problem) in [
        (Vec::new(), "does not begin with the record FAR"),
        (vec![0x1f, 0x8b, 8], "it is compressed"),
        (vec![2, 0, 0, 10, 2, 3], "it is of version 3"),
        (vec![2, 0, 0, 10, 9, 4], "its byte order is unknown"),
        (whole[..begun].to_vec(), "it ends within the record at byte"),
        (file(true)[..120].to_vec(), "it ends within the record"),
    ] {
        let told = convert::stdf(&bytes, &defaults()).unwrap_err().to_string();
        assert!(told.contains(problem), "{problem}: {told}");
    }
    assert_eq!(
        convert::stdf(&[2, 0, 0, 10, 2, 4], &defaults()).unwrap(),
        []
    );
    let (begin, finish) = ([2, 0, 5, 10, 1, 1], [2, 0, 5, 20, 1, 1]);
    for (records, problem) in [
        (vec![begin], "1 parts in it are begun and not finished"),
        (vec![begin, begin], "head 1, site 1 is begun twice"),
        (vec![finish], "head 1, site 1 is finished and not begun"),
        (
            vec![[2, 0, 15, 10, 7, 0]],
            "test 0 is of a part at head 0, site 0, which is not begun",
        ),
    ] {
        let mut file = vec![2, 0, 0, 10, 2, 4];
        file.extend(records.concat());
        let told = convert::stdf(&file, &defaults()).unwrap_err().to_string();
        assert!(told.contains(problem), "{problem}: {told}");
    }
}
