//! Files that other readers were reported to fail at, or to read wrongly.

use serde_json::{Value, json};
use wats_report::convert::{self, Defaults};

use super::{accepted, outline};
use crate::convert_samples::defaults;

fn junit(text: &str) -> Value {
    accepted(&convert::junit(text.as_bytes(), &defaults()).unwrap())
}

fn openhtf(record: &Value, defaults: &Defaults) -> wats_report::Result<Value> {
    let text = serde_json::to_vec(record).unwrap();
    Ok(accepted(&convert::openhtf(&text, defaults)?))
}

/// A value that is no number has passed limits: the file's word stays, and the value is told.
#[test]
fn a_number_that_is_none_and_passed() {
    let record = json!({"dut_id": "SN-1", "station_id": "bench", "outcome": "PASS", "start_time_millis": 1_767_225_600_000_i64,
        "phases": [{"name": "rf", "outcome": "PASS", "measurements": {"power": {"name": "power", "outcome": "PASS",
            "measured_value": "nan", "units": {"uom_suffix": "dBmW"}, "validators": ["0 <= x <= 10"]}}}]});
    let report = openhtf(&record, &defaults()).unwrap();
    let step = &report["root"]["steps"][0]["steps"][0];
    let measured = &step["numericMeas"][0];
    assert_eq!(
        (&step["status"], &measured["status"]),
        (&json!("P"), &json!("P"))
    );
    assert_eq!(
        (&measured["lowLimit"], &measured["highLimit"]),
        (&json!(0.0), &json!(10.0))
    );
    assert_eq!(measured.get("value"), None);
    assert!(
        step["reportText"].as_str().unwrap().contains("NaN"),
        "{step}"
    );
}

/// The operator stops the program at the prompt for the serial number.
#[test]
fn stopped_before_the_unit_was_known() {
    let record = json!({"dut_id": null, "station_id": "bench", "outcome": "ABORTED", "outcome_details": [], "phases": [],
        "start_time_millis": 1_767_225_600_000_i64, "end_time_millis": null, "metadata": {"test_name": "MyTest"}});
    let report = openhtf(&record, &defaults()).unwrap();
    assert_eq!(
        (&report["result"], &report["sn"]),
        (&json!("T"), &json!("SN-0"))
    );
    let mut nobody = defaults();
    nobody.serial_number.clear();
    let told = openhtf(&record, &nobody).unwrap_err().to_string();
    assert!(told.contains("serial number"), "{told}");
}

#[test]
fn times_in_the_forms_of_several_languages() {
    for (time, seconds) in [
        ("14,029.255", json!(14_029.255)),
        ("0,03", json!(0.03)),
        ("0,160", json!(0.16)),
        ("80.803us", json!(0.000_080_803)),
        ("12ms", json!(0.012)),
        ("1m 30.5s", json!(90.5)),
        ("PT1.5S", json!(1.5)),
        ("-2s", Value::Null),
        ("soon", Value::Null),
        ("1e300", Value::Null),
    ] {
        let text = format!("<testsuite name='s'><testcase name='a' time='{time}'/></testsuite>");
        assert_eq!(
            junit(&text)["root"]["steps"][0]["totTime"],
            seconds,
            "{time}"
        );
    }
}

/// An angle bracket within an attribute does no harm; what is no XML is refused with its place, not read in part.
#[test]
fn what_is_not_escaped() {
    let report = junit("<testsuite><testcase name='a' time=\"<time>0.1</time>\"/></testsuite>");
    assert_eq!(outline(&report["root"]), ["a P"]);
    assert_eq!(report["root"]["steps"][0].get("totTime"), None);
    let text = "<testsuite>\n<testcase name='a'><skipped>at <py._xmlgen.raw object at 0x7f></skipped></testcase></testsuite>";
    let told = convert::junit(text.as_bytes(), &defaults())
        .unwrap_err()
        .to_string();
    assert!(told.contains("line 2"), "{told}");
}

/// Each try has a failure of its own, and all of them count.
#[test]
fn a_case_that_failed_twice() {
    let report = junit(
        "<testsuites><testsuite name='G' failures='1' flaky='1'><testcase name='flaky' classname='G'>
            <failure message='FAILED: retry 1' type='FAILURE'><![CDATA[ first ]]></failure>
            <failure message='FAILED: retry 2' type='FAILURE'><![CDATA[ second ]]></failure></testcase></testsuite></testsuites>",
    );
    assert_eq!(outline(&report["root"]), ["G F", "  flaky F"]);
    let text = report["root"]["steps"][0]["steps"][0]["reportText"].to_string();
    for said in ["retry 1", "first", "retry 2", "second"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// Records may be longer than their fields, and a part whose outcome is said to be unknown has that of its tests.
#[test]
fn records_with_more_than_their_fields() {
    let mut file = vec![2, 0, 0, 10, 2, 4];
    file.extend([4, 0, 5, 10, 1, 1, 0xff, 0xff]); // PIR
    let ptr = [7, 0, 0, 0, 1, 1, 0x80, 0, 0, 0, 128, 63];
    file.extend([12, 0, 15, 10].iter().chain(&ptr));
    let mut prr = vec![
        1, 1, 0x10, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, b'4', b'2', 0, 0,
    ];
    prr.extend([0xaa; 9]);
    file.extend([u8::try_from(prr.len()).unwrap(), 0, 5, 20]);
    file.extend(prr);
    let reports = convert::stdf(&file, &defaults()).unwrap();
    let report = accepted(&reports[0]);
    assert_eq!(
        (&report["sn"], &report["result"]),
        (&json!("42"), &json!("F"))
    );
    assert_eq!(outline(&report["root"]), ["Test 7 F"]);
}
