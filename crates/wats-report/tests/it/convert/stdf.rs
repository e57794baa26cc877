//! STDF, written here record by record in both byte orders.

use serde_json::json;
use wats_report::convert;

use super::{accepted, defaults, outline};

/// Fields of a record, in an order of bytes.
struct Record(Vec<u8>, bool);

impl Record {
    fn put(mut self, mut bytes: Vec<u8>) -> Self {
        if !self.1 {
            bytes.reverse();
        }
        self.0.extend(bytes);
        self
    }

    fn u1(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn u2(self, value: u16) -> Self {
        self.put(value.to_be_bytes().to_vec())
    }

    fn u4(self, value: u32) -> Self {
        self.put(value.to_be_bytes().to_vec())
    }

    fn r4(self, value: f32) -> Self {
        self.put(value.to_be_bytes().to_vec())
    }

    fn text(self, text: &str) -> Self {
        self.u1(&[u8::try_from(text.len()).unwrap()])
            .u1(text.as_bytes())
    }

    fn end(self, kind: [u8; 2], into: &mut Vec<u8>) {
        let header = Self(Vec::new(), self.1).u2(u16::try_from(self.0.len()).unwrap());
        into.extend(header.0);
        into.extend(kind);
        into.extend(self.0);
    }
}

/// A file of two parts that are tested side by side.
#[allow(clippy::too_many_lines, reason = "a line for each record")]
pub(super) fn file(is_big: bool) -> Vec<u8> {
    let new = || Record(Vec::new(), is_big);
    let mut file = Vec::new();
    let cpu = if is_big { 1 } else { 2 };
    new().u1(&[cpu, 4]).end([0, 10], &mut file);
    let mir = new()
        .u4(1)
        .u4(1_767_225_600)
        .u1(&[3, b'P', b' ', b' '])
        .u2(0)
        .u1(b" ");
    let texts = [
        "LOT7",
        "CHIP-9",
        "tester-2",
        "T",
        "probe.job",
        "2.1",
        "S1",
        "Ola",
        "",
        "",
        "",
        "25 C",
    ];
    texts
        .into_iter()
        .fold(mir, Record::text)
        .end([1, 10], &mut file);
    let sdr = new().u1(&[1, 1, 2, 1, 2]);
    ["", "", "", "CARD-1", "", "BOARD-4"]
        .into_iter()
        .fold(sdr, Record::text)
        .end([1, 80], &mut file);
    for site in [1, 2] {
        new().u1(&[1, site]).end([5, 10], &mut file);
    }
    let test = |number: u32, site: u8, flags: u8| new().u4(number).u1(&[1, site, flags]);
    for (site, value, flags) in [(1, 1.5, 0), (2, 2.5, 0x80)] {
        // The first record of a test says limits and unit for those that follow.
        let ptr = test(1, site, flags).u1(&[0xc0]).r4(value);
        let ptr = match site {
            1 => ptr
                .text("Vdd")
                .text("")
                .u1(&[0x0e, 0, 0, 0])
                .r4(1.2)
                .r4(1.8)
                .text("V"),
            _ => ptr,
        };
        ptr.end([15, 10], &mut file);
    }
    test(2, 1, 0)
        .u1(&[0])
        .u4(0)
        .u4(0)
        .u4(0)
        .u4(0)
        .u4(0)
        .u4(0)
        .u2(0)
        .u2(1)
        .u2(2)
        .u2(5)
        .u1(&[1])
        .u2(6)
        .u2(7)
        .u1(&[0x21])
        .u2(9)
        .u1(&[1, 0])
        .text("v")
        .text("t")
        .text("o")
        .text("Scan")
        .end([15, 20], &mut file);
    test(2, 2, 0x10).end([15, 20], &mut file);
    // Two values of three pins, without a low limit.
    test(3, 1, 0)
        .u1(&[0])
        .u2(3)
        .u2(2)
        .u1(&[0, 0])
        .r4(0.25)
        .r4(0.5)
        .text("Leak")
        .text("")
        .u1(&[0x40, 0, 0, 0])
        .r4(0.0)
        .r4(1.0)
        .r4(0.0)
        .r4(0.0)
        .u2(1)
        .u2(2)
        .u2(3)
        .text("uA")
        .end([15, 15], &mut file);
    // A result that is invalid, of a test that only the summary names.
    test(4, 1, 0x02).u1(&[0]).r4(9.0).end([15, 10], &mut file);
    for (site, flags, bin, id) in [(2, 0x08, 5, "2"), (1, 0, 1, "1")] {
        new()
            .u1(&[1, site, flags])
            .u2(4)
            .u2(bin)
            .u2(65_535)
            .u2(0)
            .u2(0)
            .u4(250)
            .text(id)
            .text("")
            .end([5, 20], &mut file);
    }
    new()
        .u1(&[255, 0, b'P'])
        .u4(4)
        .u4(1)
        .u4(0)
        .u4(0)
        .text("Ring")
        .end([10, 30], &mut file);
    new().u4(1_767_225_700).u1(b" ").end([1, 20], &mut file);
    // Of another kind, which is passed over.
    new().u1(&[1, 2, 3]).end([180, 1], &mut file);
    file
}

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
