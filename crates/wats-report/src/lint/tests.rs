//! What the builder refuses, and what it makes of outcomes.

use crate::{MeasurementLimits, Station, StringLimit, Unit, UutReport, builder::ReportBuilder};

fn builder() -> ReportBuilder {
    UutReport::builder(
        Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "ST",
        location: "L",
        purpose: "Test",
    })
    .operator("O")
}

fn problems(builder: ReportBuilder) -> String {
    builder.build().expect_err("must be refused").to_string()
}

#[test]
fn a_plain_report_is_fine() {
    let report = builder()
        .sequence("a", |a| {
            a.sequence("b", |b| {
                b.numeric("c", 1.0, "V", MeasurementLimits::log());
            });
            a.sequence("empty", |_| {});
        })
        .build()
        .unwrap();
    assert_eq!(report.report().step_count(), 5);
}

#[test]
fn outcomes_go_up_to_the_report() {
    let report = builder()
        .sequence("good", |s| {
            s.boolean("x", true);
        })
        .sequence("bad", |s| {
            s.sequence("inner", |s| {
                s.string("x", "a", StringLimit::equals("b"));
            });
        })
        .build()
        .unwrap();
    let letters: Vec<_> = report
        .report()
        .root
        .as_ref()
        .unwrap()
        .steps()
        .iter()
        .map(|s| s.status.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(letters, ["P", "F"]);
    assert_eq!(
        report.report().result,
        report.report().root.as_ref().unwrap().status
    );
    assert_eq!(report.report().result.as_ref().unwrap().as_str(), "F");
}

#[test]
fn each_problem_names_its_place() {
    let text = problems(
        builder()
            .sequence("Power", |s| {
                s.numeric("NaN", f64::NAN, "V", MeasurementLimits::log());
                s.numeric("Unitless", 1.0, "", MeasurementLimits::log());
                s.numeric("Twice", 1.0, "V", MeasurementLimits::log());
                s.numeric("Twice", 1.0, "V", MeasurementLimits::between(2.0..=1.0));
            })
            .comment("a\u{1}b"),
    );
    for part in [
        "root → Power → NaN → measurement 1: the value is NaN",
        "root → Power → Unitless → measurement 1: the unit is empty",
        "root → Power: several steps are named `Twice`",
        "root → Power → Twice → measurement 1: the low limit 2 is above the high limit 1",
        "report → uut: comment contains the character '\\u{1}'",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
}

#[test]
fn lengths_are_counted_in_characters() {
    assert!(builder().boolean("ø".repeat(100), true).build().is_ok());
    assert!(problems(builder().boolean("ø".repeat(101), true)).contains("101 characters"));
    assert!(problems(builder().boolean("", true)).contains("the name of the step is empty"));
}

#[test]
fn a_header_with_holes_is_refused() {
    let error = UutReport::builder(
        Unit {
            part_number: "P",
            serial_number: "",
            revision: "A",
        },
        -1,
    )
    .build()
    .unwrap_err();
    assert_eq!(error.findings().len(), 6);
    let text = format!("{:?}", error.findings());
    for part in [
        "serial number is empty",
        "station name is missing",
        "operator is missing",
        "process code",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
}

#[test]
fn software_and_id_are_checked() {
    let text = problems(
        builder()
            .software("")
            .software_version("v".repeat(31))
            .id(uuid::Uuid::nil()),
    );
    for part in [
        "root → sequence call: the path is empty",
        "root → sequence call: the version has 31",
        "the id is missing or nil",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
}

#[test]
fn endless_nesting_is_refused_and_not_followed() {
    fn nest(s: &mut crate::builder::Sequence, depth: usize) {
        if depth > 0 {
            s.sequence("s", |s| nest(s, depth - 1));
        }
    }
    assert!(builder().steps(|s| nest(s, 50)).build().is_ok());
    assert!(problems(builder().steps(|s| nest(s, 60))).contains("nested deeper"));
}

#[test]
fn a_step_that_broke_off_keeps_what_it_measured() {
    use crate::{Outcome, Status};
    let report = builder()
        .steps(|root| {
            root.numeric("Ripple", 0.012, "V", MeasurementLimits::at_most(0.05))
                .broke_off(Outcome::Error)
                .error(-7, "no trigger");
            root.multi_boolean("Lamps", |lamps| {
                lamps.add("red", true);
                lamps.add("green", false);
            })
            .broke_off(Outcome::Terminated);
        })
        .build()
        .unwrap();
    let root = report.report().root.as_ref().unwrap();
    assert_eq!(root.status, Some(Status::Error));
    let [ripple, lamps] = root.steps() else {
        panic!("two steps")
    };
    assert_eq!(
        (ripple.status.as_ref(), ripple.error_code),
        (Some(&Status::Error), Some(-7))
    );
    let [inner] = ripple.steps() else {
        panic!("one step")
    };
    assert_eq!(
        (inner.name(), inner.status.as_ref()),
        ("Ripple", Some(&Status::Passed))
    );
    assert_eq!(inner.numeric()[0].value, Some(0.012.into()));
    assert_eq!(lamps.status, Some(Status::Terminated));
    assert_eq!(lamps.steps()[0].status, Some(Status::Failed));
}
