//! A program that is killed loses no step that was finished.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use wats_report::MeasurementLimits;
use wats_report::live::recover;

use super::{accepted, begun};

const DIR: &str = "WATS_TEST_JOURNAL_OF_A_CHILD";

/// The child: tests until it is killed. As a test of its own it does nothing.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let (report, clock) = begun();
    report.journal(dir).unwrap();
    let mut out = std::io::stdout();
    for sequence in 0.. {
        let steps = report.sequence(format!("sequence {sequence}"));
        for step in 0..100 {
            clock.forward(1);
            let number = sequence * 100 + step;
            steps
                .numeric(
                    format!("step {number}"),
                    f64::from(number),
                    "V",
                    MeasurementLimits::log(),
                )
                .unwrap();
            writeln!(out, "step {number}").unwrap();
        }
        steps.end();
    }
}

#[test]
fn killed_at_any_step() {
    let mut random = 7_u64;
    for _ in 0..20 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let most = (random >> 33) % 700;
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "live::kill::child", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let steps = out
            .lines()
            .map(Result::unwrap)
            .filter(|line| line.starts_with("step "));
        let mut told = 0;
        for (at, line) in steps.enumerate() {
            told = line["step ".len()..].parse::<usize>().unwrap() + 1;
            if at as u64 == most {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(told as u64 > most);
        // Some systems take a moment to unlock the files of a program that is gone.
        let left = loop {
            match recover(dir.path()).unwrap().pop() {
                Some(left) => break left,
                None => std::thread::yield_now(),
            }
        };
        let report = left.report.as_ref().unwrap();
        accepted(report, "T");
        let measured = report
            .report()
            .steps()
            .filter(|step| !step.numeric().is_empty());
        let values: Vec<_> = measured
            .map(|step| step.numeric()[0].value.as_ref().unwrap().value())
            .collect();
        assert!(values.len() >= told, "{} of {told}", values.len());
        assert!(
            values
                .iter()
                .enumerate()
                .all(|(at, value)| *value == at as f64)
        );
    }
}
