//! Loops: a step that sums up, then its iterations as siblings, all of one name.

use super::collect::{Collector, misread};
use super::place::Place;
use super::rules;
use crate::wire::Number;
use crate::{
    Status, Step,
    model::{LoopInfo, NumericMeasurement, StringMeasurement},
};

/// A loop whose iterations are being read.
struct Open<'a> {
    step: &'a Step,
    info: &'a LoopInfo,
    /// How many iterations were seen, and how many of them passed and failed.
    seen: i32,
    passed: i32,
    failed: i32,
    /// Whether all of them had the index that was due.
    in_order: bool,
}

/// The loops among the steps of one sequence.
pub(super) fn check(out: &mut Collector, steps: &[Step], place: &Place<'_>) {
    let mut open: Option<Open<'_>> = None;
    for step in steps {
        let Some(info) = step.loop_info.as_deref() else {
            close(out, open.take(), place);
            continue;
        };
        let here = place.part(step.name());
        out.members(info, &here.part("loop"));
        let Some(index) = info.index else {
            close(out, open.take(), place);
            if !misread(&info.extra, "idx") {
                summary(out, info, &here);
            }
            open = Some(Open {
                step,
                info,
                seen: 0,
                passed: 0,
                failed: 0,
                in_order: true,
            });
            continue;
        };
        if let Some(open) = open.as_mut().filter(|open| open.step.name == step.name) {
            open.in_order &= index == open.seen;
            open.seen = open.seen.saturating_add(1);
            open.passed += i32::from(step.status == Some(Status::Passed));
            open.failed += i32::from(step.status == Some(Status::Failed));
            if !same_limits(open.step, step) {
                out.add(
                    rules::ITERATION_LIMITS,
                    &here,
                    format_args!("the limits of iteration {index} are not those of the summary"),
                );
            }
        } else {
            // One finding for all iterations of a loop.
            if index == 0 || open.is_some() {
                out.add(
                    rules::ITERATION_ALONE,
                    &here,
                    format_args!("iteration {index} has no summary before it"),
                );
            }
            close(out, open.take(), place);
        }
    }
    close(out, open.take(), place);
}

fn summary(out: &mut Collector, info: &LoopInfo, place: &Place<'_>) {
    match (info.count, info.ending_index) {
        (Some(count), Some(ending)) if ending.checked_add(1) == Some(count) => {}
        (Some(count), Some(ending)) => out.add(
            rules::SUMMARY_ENDING,
            place,
            format_args!("endingIndex is {ending}, but num is {count}"),
        ),
        _ if misread(&info.extra, "num") || misread(&info.extra, "endingIndex") => {}
        _ => out.add(
            rules::SUMMARY_INCOMPLETE,
            place,
            format_args!("the summary of the loop lacks num or endingIndex"),
        ),
    }
}

/// What can be said when all iterations have been seen.
fn close(out: &mut Collector, open: Option<Open<'_>>, place: &Place<'_>) {
    let Some(open) = open else { return };
    let place = &place.part(open.step.name());
    let Open { info, seen, .. } = &open;
    if *seen > 0 && (!open.in_order || info.count.is_some_and(|count| count != *seen)) {
        let num = info.count.unwrap_or(*seen);
        out.add(
            rules::ITERATION_INDEX,
            place,
            format_args!("the {seen} iterations are not numbered from 0 to num - 1; num is {num}"),
        );
    }
    let (passed, failed) = (info.passed, info.failed);
    let counted = *seen == 0 || (passed == Some(open.passed) && failed == Some(open.failed));
    if passed.is_none() || failed.is_none() || !counted {
        out.add(
            rules::LOOP_COUNTS,
            place,
            format_args!(
                "of {seen} iterations {} passed and {} failed, which passed and failed do not say",
                open.passed, open.failed
            ),
        );
    }
}

/// Measurements that both have, by name or as the only one, have the same operator and limits.
pub(super) fn same_limits(summary: &Step, iteration: &Step) -> bool {
    let value = |number: &Option<Number>| number.as_ref().map(Number::value);
    same(
        summary.numeric(),
        iteration.numeric(),
        |m| m.name.as_deref(),
        |a: &NumericMeasurement, b| {
            a.comp_op == b.comp_op
                && value(&a.low_limit) == value(&b.low_limit)
                && value(&a.high_limit) == value(&b.high_limit)
        },
    ) && same(
        summary.strings(),
        iteration.strings(),
        |m| m.name.as_deref(),
        |a: &StringMeasurement, b| a.comp_op == b.comp_op && a.limit == b.limit,
    )
}

fn same<M>(
    summary: &[M],
    iteration: &[M],
    name: impl Fn(&M) -> Option<&str>,
    equal: impl Fn(&M, &M) -> bool,
) -> bool {
    if let ([a], [b]) = (summary, iteration) {
        return equal(a, b);
    }
    iteration.iter().all(|b| {
        let Some(wanted) = name(b) else { return true };
        let twin = summary.iter().find(|a| name(a) == Some(wanted));
        twin.is_none_or(|a| equal(a, b))
    })
}
