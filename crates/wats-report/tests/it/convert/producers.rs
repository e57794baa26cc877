//! What different producers write, and what becomes of what is odd in it.

use serde_json::{Value, json};
use wats_report::convert;

use super::{accepted, outline};
use crate::convert_samples::{PRODUCERS, defaults, odd_records};

fn junit(name: &str) -> Value {
    let (_, text) = PRODUCERS.iter().find(|(of, _)| *of == name).unwrap();
    accepted(&convert::junit(text.as_bytes(), &defaults()).unwrap())
}

fn openhtf(name: &str) -> Value {
    let all = odd_records();
    let (_, text) = all.iter().find(|(of, _)| *of == name).unwrap();
    accepted(&convert::openhtf(text.as_bytes(), &defaults()).unwrap())
}

#[test]
fn what_a_suite_says_as_a_whole_is_not_lost() {
    let report = junit("suite error");
    assert_eq!(report["result"], "E");
    assert_eq!(outline(&report["root"]), ["NoClassDefFoundError E"]);
    assert_eq!(report["root"]["steps"][0]["errorMessage"], "no class");
    let report = junit("counts only");
    assert_eq!(report["result"], "E");
    assert_eq!(outline(&report["root"]), ["pytest F", "other E"]);
    // Of cases that were tried again, the counts may tell the tries.
    let report = junit("surefire");
    assert_eq!(report["result"], "F");
    assert_eq!(report["uut"]["execTime"], 1234.5);
    assert_eq!(outline(&report["root"]), ["now P", "never F"]);
    let steps = &report["root"]["steps"];
    assert_eq!(
        steps[0]["reportText"],
        "t.FlakyTest\nflakyFailure: once\nat line 7\nx"
    );
    let text = steps[1]["reportText"].as_str().unwrap();
    assert!(
        text.contains("[31mred\u{fffd}\nat 8\nrerunFailure: again\nat 9"),
        "{text}"
    );
}

#[test]
fn outcomes_may_be_words() {
    let report = junit("gtest");
    assert_eq!(
        outline(&report["root"]),
        ["T P", "  Runs P", "  DISABLED_Never S", "  Skips S"]
    );
    let runs = &report["root"]["steps"][0]["steps"][0];
    assert_eq!(runs["reportText"], "T\na.cc:12");
    assert_eq!(runs["start"], "2026-01-01T10:00:01.5000000+00:00");
    let report = junit("ctest");
    assert_eq!(outline(&report["root"]), ["good P", "bad F"]);
    let times = [0, 1].map(|at| report["root"]["steps"][at]["totTime"].clone());
    assert_eq!(times, [json!(0.25), json!(62.0)]);
    let report = junit("errors");
    assert_eq!(outline(&report["root"]), ["a E", "b E", "c S", "d P"]);
    assert_eq!(report["root"]["steps"][3]["reportText"], "p = v");
}

#[test]
fn names_and_times_as_they_come() {
    assert_eq!(outline(&junit("namespace")["root"]), ["s F", "  a F"]);
    let report = junit("phpunit");
    assert_eq!(
        outline(&report["root"]),
        [
            "CLI P",
            "  A P",
            "    A::t P",
            "      t with data set \"1\" P"
        ]
    );
    assert_eq!(outline(&junit("control characters")["root"]), ["a b F"]);
    for name in ["times", "mail time"] {
        assert_eq!(junit(name)["startUTC"], "2026-01-01T10:00:00.0000000Z");
    }
    let report = junit("times");
    assert_eq!(
        outline(&report["root"]),
        ["s P", "  unnamed P", "  unnamed (2) P"]
    );
    let steps = &report["root"]["steps"][0]["steps"];
    assert_eq!(
        (&steps[0]["totTime"], &steps[1]["totTime"]),
        (&json!(0.5), &Value::Null)
    );
    // Of the code page that is declared.
    let text = b"<?xml version='1.0' encoding='ISO-8859-1'?><testsuite><testcase name='\xd8'/></testsuite>";
    let report = accepted(&convert::junit(text, &defaults()).unwrap());
    assert_eq!(outline(&report["root"]), ["Ø P"]);
}

#[test]
fn a_phase_that_raised_tells_what() {
    let report = openhtf("broken");
    let phase = &report["root"]["steps"][0];
    assert_eq!(phase["errorMessage"], "RuntimeError: bang");
    // What was not measured because of it has not failed.
    assert_eq!(
        outline(&report["root"]),
        ["measure E", "  ok P", "  unset S"]
    );
    let report = openhtf("diagnosed");
    assert_eq!(report["uut"]["comment"], "diagnosis bad: it is bad");
    let report = openhtf("numbered");
    assert_eq!(
        (&report["sn"], &report["machineName"]),
        (&json!("1234"), &json!("7"))
    );
}

#[test]
fn numbers_that_json_does_not_have_are_told() {
    let report = openhtf("numbers");
    let steps = report["root"]["steps"][0]["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["name"] == name).unwrap();
    for (name, unit) in [("nan", "V"), ("inf", "1")] {
        let m = &step(name)["numericMeas"][0];
        assert_eq!(
            (&m["value"], &m["status"], &m["unit"]),
            (&Value::Null, &json!("F"), &json!(unit)),
            "{name}"
        );
        assert!(step(name)["reportText"].is_string(), "{name}");
    }
    assert_eq!(step("word")["stringMeas"][0]["value"], "nan");
    let limits = |name: &str| {
        let m = &step(name)["numericMeas"][0];
        json!([m["compOp"], m["lowLimit"], m["highLimit"]])
    };
    assert_eq!(limits("within"), json!(["GELE", 9.5, 10.5]));
    assert_eq!(limits("below"), json!(["GELE", -10.25, -9.75]));
    let report = openhtf("bare");
    assert_eq!(
        outline(&report["root"]),
        ["measure F", "  a \"NaN\" \\ F", "  b F"]
    );
}

#[test]
fn values_that_are_no_number_are_whole() {
    let report = openhtf("others");
    let steps = report["root"]["steps"][0]["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["name"] == name).unwrap();
    for (name, status) in [("skipped", "S"), ("allowed", "S"), ("none", "P")] {
        assert_eq!(step(name)["status"], status, "{name}");
    }
    assert_eq!(step("version")["stringMeas"][0]["limit"], "1.4.2");
    assert_eq!(step("pattern")["stringMeas"][0]["compOp"], "LOG");
    assert_eq!(step("list")["stringMeas"][0]["value"], "[1,2,3]");
    for (name, file, length) in [
        ("long", "long.txt", 9_000),
        ("points", "points.json", 145_781),
    ] {
        let attachment = &step(name)["attachment"];
        assert_eq!(attachment["name"], file);
        let data = attachment["data"].as_str().unwrap();
        let padding = data.bytes().filter(|byte| *byte == b'=').count();
        assert_eq!(data.len() / 4 * 3 - padding, length, "{name}");
    }
}
