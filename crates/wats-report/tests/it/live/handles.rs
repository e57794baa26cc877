//! What can be added, by whom, and the times of it.

use std::time::Duration;

use wats_report::builder::PopupAnswer;
use wats_report::live::RunningReport;
use wats_report::model::Axis;
use wats_report::{
    AdditionalData, Attachment, Chart, ChartType, Error, LoopRule, MeasurementLimits, MiscInfo,
    Outcome, Step, StepGroup, StepType, StringLimit, UutReport,
};

use super::{STATION, UNIT, accepted, begun, letter, named};

#[test]
fn steps_get_their_times() {
    let (report, clock) = begun();
    clock.forward(1_000);
    report.boolean("Lid closed", true).unwrap();
    let power = report.sequence("Power");
    clock.forward(250);
    let limits = MeasurementLimits::between(4.75..=5.25);
    power.numeric("+5V", 5.02, "V", limits).unwrap();
    let open = power.step("+3V3");
    clock.forward(500);
    // Another step meanwhile.
    power.boolean("LED", true).unwrap();
    clock.forward(500);
    open.numeric(3.3, "V", MeasurementLimits::log()).unwrap();
    clock.forward(5);
    power
        .action("Told")
        .unwrap()
        .duration(Duration::from_secs(9));
    power.end();
    report.action("After").unwrap();
    clock.forward(45);
    let report = report.finish().unwrap();
    accepted(&report, "P");
    let report = report.report();
    let times = |name| {
        let step = named(report, name);
        let start = step.start.as_ref().unwrap().as_str().to_owned();
        (start, step.total_time.as_ref().unwrap().value())
    };
    let at = |text: &str| format!("2026-01-30T22:01:{text}00000+01:00");
    assert_eq!(times("Lid closed"), (at("41.00"), 1.0));
    assert_eq!(times("Power"), (at("42.00"), 1.255));
    assert_eq!(times("+5V"), (at("42.00"), 0.25));
    assert_eq!(times("+3V3"), (at("42.25"), 1.0));
    assert_eq!(times("LED"), (at("42.25"), 0.5));
    assert_eq!(times("Told"), (at("43.25"), 9.0));
    // From the end of the sequence on.
    assert_eq!(times("After").1, 0.0);
    let names: Vec<_> = report.steps().map(Step::name).collect();
    assert_eq!(
        names[1..],
        ["Lid closed", "Power", "+5V", "+3V3", "LED", "Told", "After"]
    );
    let uut = report.uut.as_ref().unwrap();
    assert_eq!(uut.execution_time.as_ref().unwrap().value(), 2.3);
}

#[test]
fn it_is_what_the_builder_makes() {
    let chart = || {
        Chart::new(ChartType::Line, "I(t)")
            .x(Axis {
                label: "Time",
                unit: "s",
            })
            .y(Axis {
                label: "Current",
                unit: "A",
            })
            .line("I", [(0.0, 2.4), (0.1, 0.3)])
    };
    let file = || Attachment::new("log.txt", b"all is well");
    let start: wats_report::jiff::ZonedDateTime =
        "2026-01-30T22:01:41+01:00[Europe/Oslo]".parse().unwrap();
    let id = wats_report::uuid::Uuid::from_u128(7);
    // The same steps, by the same names of methods.
    macro_rules! fill {
        ($to:expr, $made:ident) => {
            let over = || MeasurementLimits::at_most(5.25);
            let pop = PopupAnswer {
                text: "yes",
                button: 1,
            };
            $made($to.numeric("+5V", 5.3, "V", over())).comment("warm");
            $made($to.numeric("over", 5.3, "V", over())).overrule(true);
            $made($to.string("Firmware", "1.4", StringLimit::equals("1.4")));
            $made($to.boolean("LED", true))
                .group(StepGroup::Setup)
                .ts_guid("x");
            $made($to.multi_numeric("Ripple", |all| drop(all.add("CH1", 0.01, "V", over()))));
            $made($to.multi_string("Texts", |all| drop(all.add("a", "b", StringLimit::log()))));
            $made($to.multi_boolean("Lamps", |all| drop(all.add("red", false))));
            $made($to.action("Close"))
                .outcome(Outcome::Error)
                .error(3, "no target");
            $made($to.generic("Wait", StepType::from("NI_Wait"))).caused_unit_failure(true);
            $made($to.skipped("Burn in"));
            $made($to.message_popup("Look", pop));
            $made($to.exe_call("Flash", 3)).additional(AdditionalData::new("d").flag("f", true));
            $made($to.chart("Chart", chart()));
            $made($to.attachment("Log", file()));
            $made($to.boolean("With", true)).chart(chart());
            $made($to.numeric_loop("N", over(), "V", LoopRule::Last, |all| {
                all.add(4.0);
                all.add(6.0);
            }));
            $made(
                $to.string_loop("S", StringLimit::equals("a"), LoopRule::All, |all| {
                    all.add("a");
                }),
            );
            $made($to.boolean_loop("B", LoopRule::All, |all| drop(all.add(false)))).comment("b");
            $made($to.sequence_loop("Q", LoopRule::All, |all| {
                all.add(|inner| drop(inner.boolean("in", true)));
            }));
        };
    }
    fn same<T>(made: T) -> T {
        made
    }
    fn sure<T>(made: wats_report::Result<T>) -> T {
        made.unwrap()
    }
    let built = UutReport::builder(UNIT, 100)
        .start(start.clone())
        .id(id)
        .station(STATION)
        .operator("Kari")
        .misc_info(MiscInfo::new("Hall").text("22"))
        .asset("FIX-3", 1)
        .software("main.seq")
        .steps(|root| {
            root.sequence("Power", |power| {
                fill!(power, same);
            });
        })
        .build()
        .unwrap();
    let report = UutReport::start(UNIT, 1);
    report
        .process_code(100)
        .start(start)
        .id(id)
        .station(STATION);
    let power = report.sequence("Power");
    report
        .operator("Kari")
        .asset("FIX-3", 1)
        .software("main.seq");
    fill!(power, sure);
    power.end();
    report.misc_info(MiscInfo::new("Hall").text("22"));
    let mut finished = report.finish().unwrap().into_report();
    // The times are its own.
    fn timeless(step: &mut Step) {
        (step.start, step.total_time) = (None, None);
        step.steps.iter_mut().flatten().for_each(timeless);
    }
    timeless(finished.root.as_mut().unwrap());
    finished.uut.as_mut().unwrap().execution_time = None;
    assert_eq!(&finished, built.report());
}

#[test]
fn open_loops_are_those_of_closures() {
    let (report, clock) = begun();
    let before = report.open_loop("Empty", LoopRule::All);
    let settle = report.open_numeric_loop(
        "Settle",
        MeasurementLimits::at_least(4.9),
        "V",
        LoopRule::Last,
    );
    report.boolean("Between", true).unwrap();
    let cycles = report.open_loop("Cycle", LoopRule::All);
    for value in [4.0, 4.8, 5.0] {
        let cycle = cycles.iteration();
        clock.forward(10);
        settle.add(value).unwrap().comment("hot");
        cycle
            .numeric("V", value, "V", MeasurementLimits::at_least(4.5))
            .unwrap();
        cycle.end();
    }
    settle.end();
    cycles.end();
    drop(before);
    let modes = report.open_string_loop("Mode", StringLimit::equals("a"), LoopRule::All);
    modes.add("a").unwrap();
    modes.end();
    let lamps = report.open_boolean_loop("Lamp", LoopRule::Last);
    lamps.add(false).unwrap().overrule(true);
    lamps.end();
    let report = report.finish().unwrap();
    accepted(&report, "T");
    let names: Vec<_> = report
        .report()
        .root
        .as_ref()
        .unwrap()
        .steps()
        .iter()
        .map(|step| {
            let info = step.loop_info.as_deref();
            (
                step.name(),
                letter(step.status.as_ref()),
                info.map(|info| info.index.or(info.count)),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("Empty", "T", None),
            ("Settle", "P", Some(Some(3))),
            ("Settle", "F", Some(Some(0))),
            ("Settle", "F", Some(Some(1))),
            ("Settle", "P", Some(Some(2))),
            ("Between", "P", None),
            ("Cycle", "F", Some(Some(3))),
            ("Cycle", "F", Some(Some(0))),
            ("Cycle", "P", Some(Some(1))),
            ("Cycle", "P", Some(Some(2))),
            ("Mode", "P", Some(Some(1))),
            ("Mode", "P", Some(Some(0))),
            ("Lamp", "P", Some(Some(1))),
            ("Lamp", "P", Some(Some(0))),
        ]
    );
}

#[test]
fn threads_share_it() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let (report, _) = begun();
    shared(&report);
    let both = report.sequence("Both");
    shared(&both);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (own, both) = (report.sequence(format!("Thread {thread}")), both.clone());
            scope.spawn(move || {
                for step in 0..50 {
                    own.boolean(format!("{step}"), true).unwrap();
                    both.boolean(format!("{thread}.{step}"), true).unwrap();
                }
                own.end();
            });
        }
    });
    both.end();
    let report = report.finish().unwrap();
    accepted(&report, "P");
    assert_eq!(report.report().step_count(), 1 + 5 + 400);
    for thread in 0..4 {
        let sequence = named(report.report(), &format!("Thread {thread}"));
        let names: Vec<_> = sequence
            .steps()
            .iter()
            .map(|step| step.name().to_owned())
            .collect();
        assert_eq!(
            names,
            (0..50).map(|step| step.to_string()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn closures_are_sugar() {
    let (report, _) = begun();
    let value = report.with_sequence("Plain", |steps| {
        steps.boolean("a", true).unwrap();
        steps.with_sequence("Inner", |inner| inner.boolean("b", true).is_ok())
    });
    assert!(value);
    let failed = report.try_sequence("Fallible", |steps| {
        steps.boolean("c", true)?;
        Err::<(), _>(Error::Data("no answer".to_owned()))
    });
    assert_eq!(failed.unwrap_err().to_string(), "no answer");
    report
        .steps(|root| {
            root.sequence("Whole", |inner| drop(inner.boolean("d", true)));
        })
        .unwrap();
    let snapshot = report.snapshot().unwrap();
    accepted(&snapshot, "T");
    let report = report.finish().unwrap();
    accepted(&report, "E");
    let fallible = named(report.report(), "Fallible");
    assert_eq!(letter(fallible.status.as_ref()), "E");
    assert_eq!(fallible.error_message.as_deref(), Some("no answer"));
    assert_eq!(fallible.steps().len(), 1);
    assert_eq!(letter(named(report.report(), "Plain").status.as_ref()), "P");
    assert_eq!(snapshot.report().step_count(), report.report().step_count());
}

#[test]
fn sequences_say_more_of_themselves() {
    let (report, _) = begun();
    let power = report.sequence("Power");
    power.boolean("LED", false).unwrap();
    power
        .details()
        .unwrap()
        .comment("cold")
        .group(StepGroup::Setup);
    power.clone().end_with(Outcome::Passed);
    assert!(matches!(power.boolean("late", true), Err(Error::Ended(_))));
    let error = power.sequence("later").boolean("x", true).unwrap_err();
    assert!(error.to_string().contains("`Power`"), "{error}");
    let broken = report.sequence("Broken");
    broken.abort(&wats_report::live::Abort::error("smoke").code(9));
    let report = report.finish().unwrap();
    accepted(&report, "E");
    let power = named(report.report(), "Power");
    assert_eq!(
        (letter(power.status.as_ref()), power.steps().len()),
        ("P", 1)
    );
    assert_eq!(power.group, Some(StepGroup::Setup));
    let broken = named(report.report(), "Broken");
    assert_eq!(
        (broken.error_code, broken.error_message.as_deref()),
        (Some(9), Some("smoke"))
    );
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    let (report, _) = begun();
    let mut all = vec![report.sequence("0")];
    for depth in 1..60 {
        all.push(all[depth - 1].sequence(depth.to_string()));
    }
    let taken = all
        .iter()
        .filter(|steps| steps.boolean("x", true).is_ok())
        .count();
    assert_eq!(taken, 49);
    let report = report.finish().unwrap();
    accepted(&report, "P");
}

#[test]
fn what_cannot_be_finished_goes_on() {
    let (report, _): (RunningReport, _) = begun();
    let power = report.sequence("Power");
    power.boolean("LED", true).unwrap();
    power.boolean("LED", true).unwrap();
    assert!(matches!(report.finish(), Err(Error::Report(_))));
    // The sequences have ended, the report has not.
    assert!(matches!(power.boolean("late", true), Err(Error::Ended(_))));
    report.boolean("More", true).unwrap();
    report.duplicate_names(wats_report::builder::DuplicateNames::Number);
    let finished = report.finish().unwrap();
    accepted(&finished, "P");
    assert_eq!(finished.report().step_count(), 5);
    for again in [
        report.finish(),
        report.abort(&wats_report::live::Abort::terminated("x")),
    ] {
        assert!(matches!(again, Err(Error::Ended(_))));
    }
    assert!(report.snapshot().is_none());
    assert!(matches!(report.boolean("late", true), Err(Error::Ended(_))));
}
