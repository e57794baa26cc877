//! Whatever is done to a report, its journal says the same, and the linter has nothing against what is left of it.

use std::fs;

use wats_report::builder::DuplicateNames;
use wats_report::live::{Abort, End, RunningLoop, RunningSequence};
use wats_report::{LoopRule, MeasurementLimits, Outcome};

use super::journal::only;
use super::{begun, is_accepted};

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

#[test]
fn the_journal_says_the_same() {
    for seed in 0..150 {
        let mut random = Random(seed);
        let dir = tempfile::tempdir().unwrap();
        let (report, clock) = begun();
        report.duplicate_names(DuplicateNames::Number);
        let first = random.below(30);
        let root = report.sequence("all");
        let mut open: Vec<RunningSequence> = vec![root];
        let mut loops: Vec<RunningLoop<_>> = Vec::new();
        for number in 0..80 {
            if number == first {
                report.journal(dir.path()).unwrap();
            }
            clock.forward(random.below(5) as u64);
            let at = random.below(open.len());
            let name = format!("{}", random.below(40));
            match random.below(14) {
                0 | 1 => open.push(open[at].sequence(name)),
                2 if open.len() > 1 => open.swap_remove(at).end(),
                3 if open.len() > 1 => drop(open.swap_remove(at)),
                4 if open.len() > 1 => open.swap_remove(at).abort(&Abort::error("broken").code(5)),
                5 => loops.push(open[at].open_loop(name, LoopRule::Last)),
                6 if !loops.is_empty() => {
                    let at = random.below(loops.len());
                    open.push(loops[at].iteration());
                }
                7 if !loops.is_empty() => {
                    let ended = loops.swap_remove(random.below(loops.len()));
                    // One without iterations would be refused.
                    ended.iteration().end();
                    ended.end();
                }
                8 => drop(report.comment(name)),
                9 => {
                    let step = open[at].step(name);
                    clock.forward(3);
                    if random.below(2) == 0 {
                        let _ = step
                            .numeric(0.1, "V", MeasurementLimits::at_least(1.0))
                            .map(|step| step.comment("c"));
                    }
                }
                10 => {
                    let limits = MeasurementLimits::log();
                    let _ = open[at].numeric_loop(name, limits, "V", LoopRule::All, |all| {
                        all.add(1.0);
                        all.add(2.0);
                    });
                }
                11 => {
                    let _ = open[at]
                        .details()
                        .map(|step| step.comment("d").outcome(Outcome::Failed));
                }
                _ => drop(open[at].boolean(name, random.below(5) > 0)),
            }
        }
        let path = fs::read_dir(dir.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let length = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        let snapshot = report.snapshot().unwrap();
        is_accepted(&snapshot);
        let ended = if seed % 2 == 0 {
            report.abort(&Abort::error("the end")).unwrap()
        } else {
            loops.drain(..).for_each(|one| {
                one.iteration().end();
                one.end();
            });
            report.finish().unwrap()
        };
        drop((open, loops, report));
        let left = only(dir.path());
        assert_eq!(left.report.as_ref().unwrap(), &ended, "{seed}");
        assert_eq!(left.torn, None);
        drop(left);

        // If the program had been killed before the end.
        let copy = tempfile::tempdir().unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(copy.path().join("copy.wats-journal"), &whole[..length]).unwrap();
        let lost = only(copy.path());
        let lost_report = lost.report.as_ref().unwrap();
        assert_eq!(lost.end, End::Lost);
        is_accepted(lost_report);
        // They differ in the cause, and in the time: the program was killed after the last change.
        let outcomes = |report: &wats_report::UutReport| {
            let steps = report.report().steps();
            steps
                .map(|step| (step.name().to_owned(), step.status.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(outcomes(&snapshot), outcomes(lost_report), "{seed}");
    }
}
