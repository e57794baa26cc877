//! STDF, written here record by record in both byte orders.

use serde_json::json;
use wats_report::convert;

use super::{accepted, defaults, outline};
use crate::convert_samples::stdf as file;

#[test]
fn parts_of_both_byte_orders() {
    let (big, little) = (file(true), file(false));
    let read = |bytes: &[u8]| convert::stdf(bytes, &defaults()).unwrap();
    let reports = read(&big);
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
    assert_eq!(read(&big), reports);
    // The other order of bytes says the same, under other ids.
    for (one, other) in read(&little).into_iter().zip(reports) {
        let mut one = one;
        one.id = other.id;
        assert_eq!(one, other);
    }
}

#[test]
fn what_is_no_stdf_is_told() {
    for (bytes, problem) in [
        (Vec::new(), "does not begin with the record FAR"),
        (vec![0x1f, 0x8b, 8], "it is compressed"),
        (vec![2, 0, 0, 10, 2, 3], "it is of version 3"),
        (vec![2, 0, 0, 10, 9, 4], "its byte order is unknown"),
    ] {
        let told = convert::stdf(&bytes, &defaults()).unwrap_err().to_string();
        assert!(told.contains(problem), "{problem}: {told}");
    }
    let nothing = convert::stdf(&[2, 0, 0, 10, 2, 4], &defaults()).unwrap();
    assert_eq!(nothing, []);
}

#[test]
fn what_is_in_no_report_is_told() {
    let (begin, finish) = ([2, 0, 5, 10, 1, 1], [3, 0, 5, 20, 1, 1, 0]);
    let unfinished = "head 1, site 1 is begun and not finished; it has 0 tests";
    for (records, told) in [
        (begin.to_vec(), vec![unfinished]),
        ([begin, begin].concat(), vec![unfinished; 2]),
        (
            finish.to_vec(),
            vec!["a part `` at head 1, site 1 is finished and not begun"],
        ),
        (
            vec![2, 0, 15, 10, 7, 0],
            vec!["test 0 is of a part at head 0, site 0, which is not begun"],
        ),
        (vec![9, 0, 5], vec!["it ends within the record at byte 6"]),
        (
            [&begin[..], &[9, 0, 5, 10, 1]].concat(),
            vec!["it ends within the record at byte 12", unfinished],
        ),
    ] {
        let mut bytes = vec![2, 0, 0, 10, 2, 4];
        bytes.extend(records);
        let file = convert::stdf_parts(&bytes, &defaults()).unwrap();
        assert_eq!(file.reports, []);
        assert_eq!(file.left_out.len(), told.len(), "{:?}", file.left_out);
        for (left_out, told) in file.left_out.iter().zip(told) {
            assert!(left_out.contains(told), "{told}: {left_out}");
        }
        let refused = convert::stdf(&bytes, &defaults()).unwrap_err().to_string();
        assert!(refused.contains(&file.left_out[0]), "{refused}");
    }
    let mut many = vec![2, 0, 0, 10, 2, 4];
    many.extend(begin.repeat(1_003));
    let left_out = convert::stdf_parts(&many, &defaults()).unwrap().left_out;
    assert_eq!(left_out.len(), 1_001);
    assert_eq!(left_out[1_000], "and 3 more");
}

/// Wherever a file ends, it has the parts that were finished by then, as the whole file has them.
#[test]
fn a_file_that_was_cut_off_has_its_finished_parts() {
    for is_big in [true, false] {
        let whole = file(is_big);
        let reports = convert::stdf(&whole, &defaults()).unwrap();
        let mut most = 0;
        for end in 6..whole.len() {
            let part = convert::stdf_parts(&whole[..end], &defaults()).unwrap();
            assert!(part.reports.len() >= most);
            most = part.reports.len();
            for (one, whole) in part.reports.iter().zip(&reports) {
                accepted(one);
                // Names of tests may come after the parts.
                assert_eq!(
                    (one.id, &one.serial_number),
                    (whole.id, &whole.serial_number)
                );
                assert_eq!(one.step_count(), whole.step_count());
            }
            assert!(most == reports.len() || !part.left_out.is_empty() || end < 200);
        }
        assert_eq!(most, reports.len());
    }
}
