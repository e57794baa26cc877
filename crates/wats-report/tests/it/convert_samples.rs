//! Files of other programs, written here in the shapes that they have. The tests of `wats-domains` include this file.

use super::{Defaults, Station, Unit};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

pub(crate) fn defaults() -> Defaults {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-0",
        revision: "A",
    };
    let station = Station {
        name: "PC-1",
        location: "Drammen",
        purpose: "Development",
    };
    Defaults::new(unit, 100, station, "Kari").zone(TimeZone::UTC)
}

/// An OpenHTF record of the usual parts.
pub(crate) fn record() -> Value {
    json!({
        "dut_id": "SN-42", "station_id": "bench-7", "start_time_millis": 1_767_225_600_000_i64,
        "end_time_millis": 1_767_225_612_500_i64, "outcome": "FAIL",
        "outcome_details": [{"code": "LOW", "description": "too low"}],
        "metadata": {"test_name": "power.py", "test_version": "1.2", "part_number": "PCBA-7", "operator": "Ola",
            "hall": 3, "config": {"a": 1}},
        "phases": [
            {"name": "power", "outcome": "FAIL", "start_time_millis": 1_767_225_600_000_i64,
             "end_time_millis": 1_767_225_601_000_i64,
             "measurements": {
                "a_low": {"outcome": "FAIL", "measured_value": 3.2, "units": {"name": "volt", "code": "VLT", "suffix": "V"},
                    "validators": ["4.75 <= Marginal:4.8 <= x <= 5.25"], "docstring": "rail"},
                "b_free": {"outcome": "PASS", "measured_value": 7, "validators": ["odd", "small"]},
                "c_flag": {"outcome": "PASS", "measured_value": true, "validators": ["'x' is equal to 'True'"]},
                "d_text": {"outcome": "PASS", "measured_value": "abc", "validators": ["'x' matches /^abc$/"]},
                "e_none": {"outcome": "UNSET", "measured_value": null, "validators": ["x <= 3"]},
                "f_curve": {"outcome": "PASS", "measured_value": [[0, 1.5], [1, 2.5]],
                    "units": {"suffix": "A"}, "dimensions": [{"suffix": "s"}]},
                "g_nan": {"outcome": "FAIL", "measured_value": "NaN"}},
             "attachments": {"log.txt": {"mimetype": "text/plain", "data": "QUJD"}, "gone.bin": {"sha1": "x"}}},
            {"name": "power", "outcome": "PASS", "measurements": {}, "attachments": {}},
            {"name": "later", "outcome": "SKIP"},
            {"name": "broken", "outcome": "ERROR", "measurements": {}}],
        "log_records": [{"message": "not taken"}],
    })
}

/// A JUnit file of the usual parts.
pub(crate) const JUNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="all" time="1,002.5">
  <testsuite name="power" tests="4" hostname="bench-7" timestamp="2026-01-01T10:00:00" time="2">
    <properties><property name="serial_number" value="SN-42"/><property name="os" value="linux"/></properties>
    <testcase classname="tests.Power" name="rail" time="0.25"/>
    <testcase classname="tests.Power" name="rail"><failure message="3.2 &lt; 4.75">line 12</failure></testcase>
    <testcase name="later"><skipped message="no fixture"/></testcase>
    <testcase name="broken"><error message="timeout" type="E"/><system-out>log</system-out></testcase>
  </testsuite>
  <testsuite name="empty"/>
</testsuites>"#;

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
pub(crate) fn stdf(is_big: bool) -> Vec<u8> {
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

/// Records of OpenHTF with what is odd in them.
pub(crate) fn odd_records() -> Vec<(&'static str, String)> {
    let measured = |outcome: &str, measurements: Value| {
        json!({"dut_id": "SN-1", "station_id": "bench", "start_time_millis": 1_767_225_600_000_i64, "outcome": outcome,
            "phases": [{"name": "measure", "outcome": outcome, "measurements": measurements}]})
    };
    let points: Vec<Value> = (0..12_000).map(|n| json!([n, n])).collect();
    let raised = json!({"phase_result": {"exc_type": "<class 'RuntimeError'>", "exc_val": "bang\u{7}",
        "exc_tb": "Traceback"}});
    let mut broken = measured(
        "ERROR",
        json!({
        "ok": {"name": "ok", "outcome": "PASS", "measured_value": 1, "validators": ["0 <= x <= 1"]},
        "unset": {"name": "unset", "outcome": "UNSET", "validators": ["0 <= x <= 1"]}}),
    );
    broken["phases"][0]["result"] = raised;
    let mut diagnosed = measured("FAIL", json!({}));
    diagnosed["diagnoses"] =
        json!([{"result": "bad", "description": "it is bad", "is_failure": true}]);
    let mut numbered = measured("PASS", json!({}));
    numbered["dut_id"] = json!(1234);
    numbered["station_id"] = json!(7);
    let numbers = measured(
        "FAIL",
        json!({
        "nan": {"outcome": "FAIL", "measured_value": "nan", "units": {"suffix": "V"}, "validators": ["0 <= x <= 1"]},
        "inf": {"outcome": "FAIL", "measured_value": "inf", "validators": ["x <= 1"]},
        "word": {"outcome": "PASS", "measured_value": "nan"},
        "within": {"outcome": "PASS", "measured_value": 10.4, "validators": ["'x' is within 5% of 10. Marginal: 2% of 10"]},
        "below": {"outcome": "PASS", "measured_value": -9.9, "validators": ["'x' is within 2.5% of -10."]}}),
    );
    let bare = measured(
        "FAIL",
        json!({"a \"NaN\" \\": {"outcome": "FAIL", "measured_value": "@NaN@",
        "validators": ["0 <= x <= 1"]}, "b": {"outcome": "FAIL", "measured_value": "@-Infinity@", "units": {"suffix": "V"}}}),
    );
    let bare = bare.to_string().replace("\"@", "").replace("@\"", "");
    let others = measured(
        "PASS",
        json!({
        "skipped": {"outcome": "SKIPPED"}, "allowed": {"outcome": "UNSET"}, "none": {"outcome": "PASS", "measured_value": null},
        "version": {"outcome": "PASS", "measured_value": "1.4.2", "validators": ["'x' matches /^1\\.4\\.2$/"]},
        "pattern": {"outcome": "PASS", "measured_value": "abc", "validators": ["'x' matches /^a.c$/"]},
        "long": {"outcome": "PASS", "measured_value": "x".repeat(9_000)},
        "list": {"outcome": "PASS", "measured_value": [1, 2, 3]},
        "points": {"outcome": "PASS", "measured_value": points, "dimensions": [{"suffix": "s"}]}}),
    );
    vec![
        ("broken", broken.to_string()),
        ("diagnosed", diagnosed.to_string()),
        ("numbered", numbered.to_string()),
        ("numbers", numbers.to_string()),
        ("bare", bare),
        ("others", others.to_string()),
    ]
}

/// JUnit files as their producers write them.
pub(crate) const PRODUCERS: &[(&str, &str)] = &[
    (
        "surefire",
        r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://x/s.xsd"
  version="3.0" name="t.FlakyTest" time="1,234.5" tests="2" errors="0" skipped="0" failures="2">
  <properties><property name="java.vendor" value="x"/></properties>
  <testcase name="now" classname="t.FlakyTest" time="0.1"><flakyFailure message="once" type="E"><stackTrace>at line 7</stackTrace>
    <system-out>x</system-out></flakyFailure></testcase>
  <testcase name="never" classname="t.FlakyTest" time="0.1"><failure message="&#x1b;[31mred&#0;" type="E">at 8</failure>
    <rerunFailure message="again" type="E"><stackTrace>at 9</stackTrace></rerunFailure></testcase>
</testsuite>"#,
    ),
    (
        "suite error",
        r#"<testsuite errors="1" failures="0" name="d.Test" tests="1" timestamp="2011-07-22T13:12:19">
  <error message="no class" type="NoClassDefFoundError">at x</error><system-err/></testsuite>"#,
    ),
    (
        "counts only",
        r#"<testsuites><testsuite name="pytest" errors="0" failures="1" tests="1"/>
  <testsuite name="other" errors="1" failures="1"/></testsuites>"#,
    ),
    (
        "gtest",
        r#"<testsuites tests="3" failures="0" disabled="1" errors="0" time="0." timestamp="2026-01-01T10:00:00.123" name="AllTests">
  <testsuite name="T" tests="3" failures="0" disabled="1" skipped="1" errors="0" time="0.">
    <testcase name="Runs" file="a.cc" line="12" status="run" result="completed" time="0." timestamp="2026-01-01T10:00:01.5" classname="T"/>
    <testcase name="DISABLED_Never" status="notrun" result="suppressed" time="0." classname="T"/>
    <testcase name="Skips" status="run" result="skipped" time="0." classname="T"><skipped message="b"/></testcase>
  </testsuite></testsuites>"#,
    ),
    (
        "ctest",
        r#"<testsuite name="Linux" tests="2" failures="1" disabled="0" skipped="0" hostname="" time="1" timestamp="2026-01-01T10:00:00">
  <testcase name="good" classname="good" time="0,25" status="run"><system-out>ok</system-out></testcase>
  <testcase name="bad" classname="bad" time="00:01:02" status="fail"/></testsuite>"#,
    ),
    (
        "namespace",
        r#"<t:testsuites xmlns:t="urn:t"><t:testsuite name="s"><t:testcase name="a"><t:failure/></t:testcase>
  </t:testsuite></t:testsuites>"#,
    ),
    (
        "phpunit",
        r#"<testsuites><testsuite name="CLI" tests="1"><testsuite name="A" file="/a.php" tests="1"><testsuite name="A::t">
  <testcase name="t with data set &quot;1&quot;" class="A" file="/a.php" line="9" assertions="1" time="0.01"/>
  </testsuite></testsuite></testsuite></testsuites>"#,
    ),
    (
        "times",
        r#"<testsuites><testsuite name="s" timestamp="2026-01-01 10:00:00 UTC"><testcase name="" duration="0.5"/>
  <testcase time="-3"/></testsuite></testsuites>"#,
    ),
    (
        "control characters",
        "<testsuite><testcase name='a\u{1}b'><failure message='\u{1b}[31m'>x\u{c}\0y</failure></testcase></testsuite>",
    ),
    (
        "mail time",
        r#"<testsuite timestamp="Thu, 01 Jan 2026 10:00:00 GMT"/>"#,
    ),
    (
        "errors",
        r#"<testsuite><testcase name="a"><error>one</error><failure>two</failure></testcase>
  <testcase name="b" status="broken"/><testcase name="c"><ignored/></testcase>
  <testcase name="d"><properties><property name="p">v</property></properties></testcase></testsuite>"#,
    ),
];
