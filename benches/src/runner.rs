//! Measures row by row: set up all candidates, run them alternately, sum up.
//!
//! Alternating is what makes the ratio hold on a noisy machine: whatever slows it down for a second slows down
//! subject and peers alike. The one that begins changes each round.

use crate::Result;
use crate::row::{Measurement, Row};
use crate::spec::{Candidate, LiveRounds, Metric, RowSpec};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much there is to do, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds of each candidate when time allows; one is always made.
    pub rounds: usize,
    /// Time for all rows together.
    pub budget: Duration,
}

/// What the runner tells while it works.
pub trait Watch {
    /// A candidate is about to run a round; 0 is its set-up.
    fn round(&mut self, row: &str, candidate: &str, round: usize);
    /// These rows are done.
    fn done(&mut self, rows: &[Row]);
}

/// Measures all rows; after `stop` is set, returns with the ones that are done by then.
pub fn run(specs: Vec<RowSpec>, plan: Plan, stop: &AtomicBool, watch: &mut dyn Watch) -> Vec<Row> {
    let start = Instant::now();
    let count = specs.len();
    let mut rows = Vec::new();
    for (index, spec) in specs.into_iter().enumerate() {
        // Each row may use an equal share of what is left, so a short row leaves more to the others.
        let left = plan.budget.saturating_sub(start.elapsed());
        let share = left / u32::try_from(count - index).unwrap_or(u32::MAX);
        let Some(done) = measure(spec, plan.rounds, share, stop, watch) else {
            break;
        };
        watch.done(&done);
        rows.extend(done);
    }
    rows
}

/// A candidate that is set up, with its figures so far.
struct Measured {
    name: String,
    is_subject: bool,
    rounds: Option<LiveRounds>,
    /// One list of figures for each metric.
    figures: Vec<Vec<f64>>,
    error: Option<String>,
}

fn measure(
    spec: RowSpec,
    rounds: usize,
    share: Duration,
    stop: &AtomicBool,
    watch: &mut dyn Watch,
) -> Option<Vec<Row>> {
    let start = Instant::now();
    let id = spec
        .metrics
        .first()
        .map(|metric| metric.id.clone())
        .unwrap_or_default();
    let wanted = spec.most_rounds.unwrap_or(rounds).min(rounds).max(1);
    let mut candidates = Vec::new();
    for candidate in spec.candidates {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        watch.round(&id, &candidate.name, 0);
        candidates.push(Measured::new(candidate, spec.metrics.len()));
    }
    let mut made = 0;
    // A further round begins only if one like the mean of those before still fits.
    while made < wanted && (made == 0 || start.elapsed() * (made as u32 + 1) / made as u32 <= share)
    {
        for offset in 0..candidates.len() {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let index = (offset + made) % candidates.len();
            watch.round(&id, &candidates[index].name, made + 1);
            candidates[index].round();
        }
        made += 1;
    }
    // An interruption may have ended a child process and with it the round: that is no result.
    if stop.load(Ordering::Relaxed) {
        return None;
    }
    let note = spec.note;
    let rows = spec.metrics.iter().enumerate();
    Some(
        rows.map(|(index, metric)| sum_up(metric, index, &note, &candidates, made))
            .collect(),
    )
}

impl Measured {
    fn new(mut candidate: Candidate, metrics: usize) -> Self {
        let (rounds, error) = match guarded(|| candidate.set_up()) {
            Ok(rounds) => (Some(rounds), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            name: candidate.name,
            is_subject: candidate.is_subject,
            rounds,
            figures: vec![Vec::new(); metrics],
            error,
        }
    }

    fn round(&mut self) {
        let Some(rounds) = &mut self.rounds else {
            return;
        };
        let outcome = guarded(rounds).and_then(|round| {
            if round.0.len() == self.figures.len() {
                Ok(round.0)
            } else {
                Err(format!(
                    "{} figures for {} rows",
                    round.0.len(),
                    self.figures.len()
                ))
            }
        });
        match outcome {
            Ok(values) => {
                for (figures, value) in self.figures.iter_mut().zip(values) {
                    figures.push(value);
                }
            }
            Err(error) => {
                self.error = Some(error);
                self.rounds = None;
            }
        }
    }
}

/// Runs foreign code: an error or a panic becomes a text.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| chain(error.as_ref())),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
    }
}

/// An error with its causes, leaving out a cause that the text before already tells.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let part = cause.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        source = cause.source();
    }
    text
}

fn sum_up(metric: &Metric, index: usize, note: &str, candidates: &[Measured], made: usize) -> Row {
    let mut row = Row {
        id: metric.id.clone(),
        area: metric.id.split('.').next().unwrap_or_default().to_owned(),
        unit: metric.unit.clone(),
        better: metric.better,
        subject: None,
        peers: Vec::new(),
        rounds: made,
        note: note.to_owned(),
        goals: metric.goals.clone(),
        error: None,
    };
    let mut errors = Vec::new();
    for candidate in candidates {
        if let Some(error) = &candidate.error {
            errors.push(format!("{}: {error}", candidate.name));
        }
        let measured = Measurement::of(&candidate.name, &candidate.figures[index]);
        if candidate.is_subject {
            row.subject = measured;
        } else {
            row.peers.extend(measured);
        }
    }
    if candidates.is_empty() {
        errors.push("this row has no candidates".to_owned());
    }
    row.error = (!errors.is_empty()).then(|| errors.join("; "));
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Goal;
    use std::cell::RefCell;
    use std::rc::Rc;

    const AMPLE: Plan = Plan {
        rounds: 3,
        budget: Duration::from_secs(3600),
    };

    #[derive(Default)]
    struct Quiet;

    impl Watch for Quiet {
        fn round(&mut self, _: &str, _: &str, _: usize) {}
        fn done(&mut self, _: &[Row]) {}
    }

    fn run_all(specs: Vec<RowSpec>, plan: Plan) -> Vec<Row> {
        run(specs, plan, &AtomicBool::new(false), &mut Quiet)
    }

    #[test]
    fn candidates_alternate_and_the_first_changes() {
        let order = Rc::new(RefCell::new(String::new()));
        let noting = |letter: char| {
            let order = Rc::clone(&order);
            move || {
                order.borrow_mut().push(letter);
                Ok(1.0)
            }
        };
        let spec = RowSpec::new("a.b")
            .subject("s", noting('s'))
            .peer("p", noting('p'));
        let rows = run_all(vec![spec], AMPLE);
        assert_eq!(*order.borrow(), "spps".to_owned() + "sp");
        assert_eq!(rows[0].rounds, 3);
        assert_eq!(rows[0].area, "a");
    }

    #[test]
    fn a_failing_peer_leaves_the_others_and_is_named() {
        let spec = RowSpec::new("a.b")
            .subject("s", || Ok(2.0))
            .peer("broken", || -> Result<f64> { Err("no such thing".into()) })
            .peer("bomb", || -> Result<f64> { panic!("boom") })
            .peer("fine", || Ok(4.0));
        let row = run_all(vec![spec], AMPLE).remove(0);
        assert_eq!(row.subject.unwrap().name, "s");
        assert_eq!(row.peers.len(), 1);
        assert_eq!(
            row.error.unwrap(),
            "broken: no such thing; bomb: panicked: boom"
        );
    }

    #[test]
    fn several_rows_come_out_of_one_round_and_missing_figures_are_left_out() {
        let spec = RowSpec::new("a.time")
            .unit("s")
            .and("a.calls")
            .unit("calls")
            .higher_is_better()
            .goal(Goal::Figure(2.0))
            .subject("s", || Ok([1.0, 2.0]))
            .peer("p", || Ok([3.0, f64::NAN]));
        let rows = run_all(vec![spec], AMPLE);
        assert_eq!(
            rows.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
            ["a.time", "a.calls"]
        );
        assert_eq!(rows[1].unit, "calls");
        assert!(rows[0].goals.is_empty());
        assert_eq!(rows[1].goals, [Goal::Figure(2.0)]);
        assert_eq!(rows[0].peers.len(), 1);
        assert!(rows[1].peers.is_empty());
        assert!(rows[1].error.is_none());
    }

    #[test]
    fn without_time_everybody_still_has_one_round() {
        let spec = RowSpec::new("a.b")
            .subject("s", || Ok(1.0))
            .peer("p", || Ok(1.0));
        let rows = run_all(
            vec![spec],
            Plan {
                rounds: 7,
                budget: Duration::ZERO,
            },
        );
        assert_eq!(rows[0].rounds, 1);
        assert_eq!(rows[0].peers.len(), 1);
    }

    #[test]
    fn stopping_keeps_the_finished_rows_only() {
        let stop = Rc::new(AtomicBool::new(false));
        let setting = Rc::clone(&stop);
        let first = RowSpec::new("a.first").subject("s", || Ok(1.0));
        let second = RowSpec::new("a.second").subject("s", move || {
            setting.store(true, Ordering::Relaxed);
            Ok(1.0)
        });
        let rows = run(vec![first, second], AMPLE, &stop, &mut Quiet);
        assert_eq!(
            rows.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
            ["a.first"]
        );
    }
}
