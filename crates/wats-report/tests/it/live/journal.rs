//! Journals: what is recovered, by whom, and what is told when a journal cannot be written.

use std::fs;
use std::path::Path;

use wats_report::live::{Abort, End, JournalOptions, Recovered, RunningReport, recover};
use wats_report::{Attachment, Error, LoopRule, MeasurementLimits, UutReport};

use super::{accepted, begun, is_accepted, letter, named};

pub(crate) fn only(dir: &Path) -> Recovered {
    let mut all = recover(dir).unwrap();
    assert_eq!(all.len(), 1);
    all.pop().unwrap()
}

/// What the journal said before its report was dropped, whose record is the last: as if the program had been killed. Nobody
/// reads a file that is locked.
pub(crate) fn killed(report: RunningReport, dir: &Path) -> Vec<u8> {
    drop(report);
    let path = fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let mut whole = fs::read(path).unwrap();
    let end = whole.len() - 1;
    let last = whole[..end]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    assert!(String::from_utf8_lossy(&whole[last..]).contains("\"aborted\""));
    whole.truncate(last + 1);
    whole
}

#[test]
fn one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let dir = &dir.path().join("new");
    assert!(recover(dir).unwrap().is_empty());
    let (report, _) = begun();
    report.boolean("before", true).unwrap();
    report.journal(dir).unwrap();
    report.boolean("after", true).unwrap();
    assert!(recover(dir).unwrap().is_empty(), "it is in progress");
    assert!(report.done().is_err());
    let id = report.snapshot().unwrap().id();
    drop(report);

    let left = only(dir);
    assert!(recover(dir).unwrap().is_empty(), "it is being recovered");
    assert!(left.path().starts_with(dir));
    drop(left);
    let left = only(dir);
    let report = left.report.as_ref().unwrap();
    accepted(report, "T");
    assert_eq!((report.id(), report.report().step_count()), (id, 3));
    assert!(matches!(left.end, End::Aborted(_)) && left.torn.is_none());
    left.done().unwrap();
    assert!(recover(dir).unwrap().is_empty());
    assert_eq!(fs::read_dir(dir).unwrap().count(), 0);
}

#[test]
fn finished_and_not_submitted() {
    let dir = tempfile::tempdir().unwrap();
    let (report, clock) = begun();
    report
        .journal_with(dir.path(), JournalOptions::default().sync_each(2))
        .unwrap();
    let power = report.sequence("Power");
    clock.forward(1_500);
    power
        .numeric("+5V", f64::NAN, "V", MeasurementLimits::log())
        .unwrap()
        .comment("cold");
    power.end();
    report.non_finite(wats_report::builder::NonFinitePolicy::LeaveOut);
    report.comment("a\nline").software("main.seq");
    let finished = report.finish().unwrap();
    drop(report);
    let left = only(dir.path());
    assert_eq!(
        (&left.end, left.report.as_ref().unwrap()),
        (&End::Finished, &finished)
    );
    left.done().unwrap();

    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    report.finish().unwrap();
    report.done().unwrap();
    drop(report);
    assert!(recover(dir.path()).unwrap().is_empty());
}

#[test]
fn whoever_gets_the_report_removes_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    report.on_abandoned(|left| left.done().unwrap());
    drop(report);
    assert!(recover(dir.path()).unwrap().is_empty());
}

#[test]
fn aborted_with_its_cause() {
    let dir = tempfile::tempdir().unwrap();
    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    let power = report.sequence("Power");
    let step = power.step("half done");
    let abort = Abort::error("smoke").code(3);
    let aborted = report.abort(&abort).unwrap();
    drop(step);
    drop((power, report));
    let left = only(dir.path());
    assert_eq!(
        (&left.end, left.report.as_ref().unwrap()),
        (&End::Aborted(abort), &aborted)
    );
}

#[test]
fn killed_in_the_middle() {
    let (dir, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    let power = report.sequence("Power");
    let cycles = power.open_loop("Cycle", LoopRule::All);
    let cycle = cycles.iteration();
    cycle.boolean("LED", true).unwrap();
    let step = cycle.step("half done");
    let done = report.sequence("Done");
    done.end();
    let whole = killed(report, dir.path());
    fs::write(into.path().join("x.wats-journal"), whole).unwrap();
    let left = only(into.path());
    let recovered = left.report.as_ref().unwrap();
    accepted(recovered, "T");
    assert_eq!(left.end, End::Lost);
    for (name, status) in [
        ("Power", "T"),
        ("Cycle", "T"),
        ("LED", "P"),
        ("half done", "T"),
        ("Done", "P"),
    ] {
        assert_eq!(
            letter(named(recovered.report(), name).status.as_ref()),
            status,
            "{name}"
        );
    }
    drop(step);
    drop((cycle, cycles, power));
}

#[test]
fn every_byte_at_which_it_may_be_torn() {
    let (dir, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (report, clock) = begun();
    report.journal(dir.path()).unwrap();
    let path = fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    // How long the journal was when a step was finished.
    let mut finished: Vec<(u64, String)> =
        vec![(fs::metadata(&path).unwrap().len(), String::new())];
    let mut outer = report.sequence("0");
    for step in 0..120 {
        clock.forward(7);
        let name = format!("step {step}");
        match step % 12 {
            3 => {
                let next = outer.sequence(format!("in {step}"));
                next.boolean(&name, true).unwrap();
                std::mem::replace(&mut outer, next).end();
            }
            6 => {
                let half = outer.step(&name);
                outer.boolean(format!("while {step}"), true).unwrap();
                half.numeric(5.0, "V", MeasurementLimits::log())
                    .unwrap()
                    .comment("c");
            }
            9 => {
                let several = outer.open_boolean_loop(&name, LoopRule::Last);
                several.add(false).unwrap();
                several.add(true).unwrap();
                several.end();
            }
            _ => drop(
                outer
                    .numeric(
                        &name,
                        1.0 / f64::from(step + 1),
                        "V",
                        MeasurementLimits::log(),
                    )
                    .unwrap(),
            ),
        }
        finished.push((fs::metadata(&path).unwrap().len(), name));
    }
    let whole = killed(report, dir.path());
    let torn = into.path().join("torn.wats-journal");
    let mut random = 1_u64;
    for _ in 0..1_000 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let first = finished[0].0;
        let end = first + (random >> 33) % (whole.len() as u64 + 1 - first);
        fs::write(&torn, &whole[..usize::try_from(end).unwrap()]).unwrap();
        let left = only(into.path());
        let recovered = left.report.as_ref().unwrap();
        is_accepted(recovered);
        assert_eq!(letter(recovered.report().result.as_ref()), "T");
        let there: std::collections::HashMap<_, _> = recovered
            .report()
            .steps()
            .map(|step| (step.name(), letter(step.status.as_ref())))
            .collect();
        for (length, name) in &finished[1..] {
            if *length <= end {
                assert!(
                    there
                        .get(name.as_str())
                        .is_some_and(|letter| *letter != "T"),
                    "{end}: {name}"
                );
            }
        }
        let at_line_end = whole[..usize::try_from(end).unwrap()].ends_with(b"\n");
        assert_eq!(left.torn.is_some(), !at_line_end, "{end}");
        left.done().unwrap();
    }
    drop(outer);
}

#[test]
fn damaged_in_the_middle() {
    let (dir, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    let power = report.sequence("Power");
    for step in 0..5 {
        power.boolean(format!("step {step}"), true).unwrap();
    }
    power.end();
    report.finish().unwrap();
    drop(report);
    let path = fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for lost in 0..lines.len() {
        let mut left: Vec<&str> = lines.clone();
        left[lost] = "what is this\n";
        fs::write(into.path().join("x.wats-journal"), left.concat()).unwrap();
        let left = only(into.path());
        if lines[lost].contains("\"header\"") {
            let error = left.report.as_ref().unwrap_err().to_string();
            assert!(error.contains("no header"), "{error}");
        } else {
            let report = left.report.as_ref().unwrap();
            is_accepted(report);
            for step in 0..5 {
                let name = format!("step {step}");
                let there = report.report().steps().any(|step| step.name() == name);
                assert!(there || lines[lost].contains(&name), "{lost}: {name}");
            }
        }
        assert_eq!(left.torn.as_ref().unwrap().records, 1, "{lost}");
        left.done().unwrap();
    }
    // Not a journal at all.
    fs::write(into.path().join("x.wats-journal"), [0xff; 3000]).unwrap();
    assert!(only(into.path()).report.is_err());
}

#[test]
fn files_are_not_copied() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (kept, changed) = (
        files.path().join("kept.log"),
        files.path().join("changed.log"),
    );
    for file in [&kept, &changed] {
        fs::write(file, vec![b'x'; 100_000]).unwrap();
    }
    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    report
        .attachment("Kept", Attachment::from_path(&kept).unwrap())
        .unwrap();
    report
        .attachment("Changed", Attachment::from_path(&changed).unwrap())
        .unwrap();
    report
        .attachment("Bytes", Attachment::new("b", vec![7; 9_000]))
        .unwrap();
    let path = fs::read_dir(dir.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    assert!(fs::metadata(path).unwrap().len() < 20_000);
    let snapshot: UutReport = report.snapshot().unwrap();
    drop(report);
    fs::write(&changed, "another").unwrap();
    let left = only(dir.path());
    let report = left.report.as_ref().unwrap();
    accepted(report, "T");
    for name in ["Kept", "Bytes"] {
        let data = |report: &UutReport| {
            named(report.report(), name)
                .attachment
                .clone()
                .unwrap()
                .data
                .unwrap()
        };
        assert_eq!(data(report), data(&snapshot));
    }
    let torn = left.torn.unwrap();
    assert_eq!((torn.records, torn.files.len()), (0, 1));
    assert!(
        torn.files[0].contains("changed.log` of `Changed`"),
        "{torn}"
    );
    assert_eq!(named(report.report(), "Changed").attachment, None);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let (report, _) = begun();
    let error = report.journal(&file).unwrap_err();
    assert!(matches!(error, Error::Journal { .. }));
    let told = format!("{error:#}");
    assert!(
        told.contains("file`: ") && told.starts_with("the journal cannot be written"),
        "{told}"
    );
    // The test goes on.
    report.boolean("LED", true).unwrap();
    accepted(&report.finish().unwrap(), "P");
    assert!(recover(&file).is_err());
}

#[test]
fn a_journal_that_cannot_be_read_keeps_no_other_back() {
    let dir = tempfile::tempdir().unwrap();
    // Before and behind the other in the order of names.
    for name in ["0.wats-journal", "z.wats-journal"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    let (report, _) = begun();
    report.journal(dir.path()).unwrap();
    report.boolean("LED", true).unwrap();
    drop(report);
    let left = recover(dir.path()).unwrap();
    let is_read: Vec<bool> = left.iter().map(|left| left.report.is_ok()).collect();
    assert_eq!(is_read, [false, true, false]);
    for one in left {
        let told = one.report.as_ref().err().map(ToString::to_string);
        assert!(told.is_none_or(|told| told.contains("cannot be read")));
        let (path, is_read) = (one.path().to_owned(), one.report.is_ok());
        assert_eq!(one.done().is_ok(), is_read);
        assert_eq!(path.exists(), !is_read);
    }
}

#[test]
fn what_cannot_be_finished_goes_on_in_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (report, clock) = begun();
    report.journal(dir.path()).unwrap();
    let power = report.sequence("Power");
    power.boolean("LED", true).unwrap();
    power.boolean("LED", true).unwrap();
    assert!(matches!(report.finish(), Err(Error::Report(_))));
    clock.forward(20);
    report.sequence("Late").end();
    report.boolean("LED", true).unwrap();
    report.duplicate_names(wats_report::builder::DuplicateNames::Number);
    // Another journal takes the place of the first.
    report.journal(dir.path()).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    let finished = report.finish().unwrap();
    drop(report);
    let left = only(dir.path());
    assert_eq!(left.report.as_ref().unwrap(), &finished);
    assert_eq!((&left.end, &left.torn), (&End::Finished, &None));
}
