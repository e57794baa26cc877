//! Mends the numbers and limits of loops.

use super::{Fixer, Mend, before};
use crate::lint::loops::same_limits;
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::wire::Extra;
use crate::{Status, Step, model::LoopInfo};

/// Summaries and the iterations that follow them are numbered as they stand.
pub(super) fn mend(fixer: &mut Fixer<'_>, steps: &mut [Step], place: &Place<'_>) {
    let mut at = 0;
    while at < steps.len() {
        let (Some(LoopInfo { index: None, .. }), name) =
            (steps[at].loop_info.as_deref(), steps[at].name.clone())
        else {
            at += 1;
            continue;
        };
        let is_turn = |step: &&Step| step.name == name && step.is_iteration();
        let turns = steps[at + 1..].iter().take_while(is_turn).count();
        let (head, rest) = steps[at..].split_at_mut(1);
        let place = place.part(name.as_deref().unwrap_or_default());
        if fixer.may(Mend::Loops) {
            one(fixer, &mut head[0], &mut rest[..turns], &place);
        }
        if fixer.may(Mend::LoopLimits) {
            limits(fixer, &mut head[0], &rest[..turns], &place);
        }
        at += turns + 1;
    }
}

fn one(fixer: &mut Fixer<'_>, summary: &mut Step, turns: &mut [Step], place: &Place<'_>) {
    let Some(info) = &mut summary.loop_info else {
        return;
    };
    if ["idx", "num", "endingIndex", "passed", "failed"]
        .iter()
        .any(|name| misread(&info.extra, name))
    {
        return;
    }
    let LoopInfo {
        count: num,
        passed: told_passed,
        failed: told_failed,
        ..
    } = **info;
    if turns.is_empty()
        && num.is_none()
        && info.ending_index.is_none()
        && told_passed.is_none()
        && told_failed.is_none()
    {
        summary.loop_info = None;
        fixer.did(
            rules::SUMMARY_INCOMPLETE,
            place,
            format_args!("loop said nothing, and was left out"),
        );
        return;
    }
    let renumbered = turns
        .iter_mut()
        .zip(0_i32..)
        .filter_map(|(turn, index)| {
            let info = turn.loop_info.as_mut()?;
            (info.index.replace(index) != Some(index)).then_some(())
        })
        .count();
    let count = match i32::try_from(turns.len()) {
        Ok(0) | Err(_) => num
            .or(info.ending_index.and_then(|ending| ending.checked_add(1)))
            .or(told_passed
                .unwrap_or(0)
                .checked_add(told_failed.unwrap_or(0))),
        Ok(turns) => Some(turns),
    };
    if renumbered > 0 || (!turns.is_empty() && num.is_some() && num != count) {
        let n = turns.len();
        let num = num.unwrap_or_default();
        fixer.did(
            rules::ITERATION_INDEX,
            place,
            format_args!("the {n} iterations were numbered from 0; num was {num}"),
        );
    }
    if let Some(count) = count
        && let Some(ending) = count.checked_sub(1)
        && (info.count != Some(count) || info.ending_index != Some(ending))
    {
        let missing = info.count.is_none() || info.ending_index.is_none();
        info.count = Some(count);
        info.ending_index = Some(ending);
        let rule = if missing {
            rules::SUMMARY_INCOMPLETE
        } else {
            rules::SUMMARY_ENDING
        };
        fixer.did(
            rule,
            place,
            format_args!("num is {count} and endingIndex one less now"),
        );
    }
    let outcomes = |status: Status| {
        let same = turns
            .iter()
            .filter(|turn| turn.status.as_ref() == Some(&status))
            .count();
        i32::try_from(same).unwrap_or(i32::MAX)
    };
    let (passed, failed) = (outcomes(Status::Passed), outcomes(Status::Failed));
    // Where only some iterations were recorded, the summary knows of more than can be counted.
    let told = told_passed
        .zip(told_failed)
        .map(|(passed, failed)| i64::from(passed) + i64::from(failed));
    let recorded = told.is_none_or(|told| told <= i64::try_from(turns.len()).unwrap_or(i64::MAX));
    if !turns.is_empty() && recorded && (info.passed != Some(passed) || info.failed != Some(failed))
    {
        (info.passed, info.failed) = (Some(passed), Some(failed));
        fixer.did(
            rules::LOOP_COUNTS,
            place,
            format_args!("passed is {passed} and failed {failed} now, as counted"),
        );
    }
}

/// Operators and limits of the summary, which are those of its iterations or none.
fn limits(fixer: &mut Fixer<'_>, summary: &mut Step, turns: &[Step], place: &Place<'_>) {
    let Some(first) = turns.first() else { return };
    if turns.iter().all(|turn| same_limits(summary, turn))
        || unreadable(summary)
        || turns.iter().any(unreadable)
    {
        return;
    }
    before::keep_limits(summary);
    if turns.iter().all(|turn| same_limits(first, turn)) {
        let mut mended = summary.clone();
        for (index, m) in mended.numeric.iter_mut().flatten().enumerate() {
            let only = first.numeric().len() == 1;
            if let Some(of) = first
                .numeric()
                .iter()
                .enumerate()
                .find(|(at, of)| only && *at == index || of.name == m.name)
                .map(|(_, of)| of)
            {
                (m.comp_op, m.low_limit, m.high_limit) = (
                    of.comp_op.clone(),
                    of.low_limit.clone(),
                    of.high_limit.clone(),
                );
            }
        }
        for (index, m) in mended.strings.iter_mut().flatten().enumerate() {
            let only = first.strings().len() == 1;
            if let Some(of) = first
                .strings()
                .iter()
                .enumerate()
                .find(|(at, of)| only && *at == index || of.name == m.name)
                .map(|(_, of)| of)
            {
                (m.comp_op, m.limit) = (of.comp_op.clone(), of.limit.clone());
            }
        }
        if turns.iter().all(|turn| same_limits(&mended, turn)) {
            *summary = mended;
            fixer.did(
                rules::ITERATION_LIMITS,
                place,
                format_args!("the summary has the limits of its iterations now"),
            );
            return;
        }
    }
    (summary.numeric, summary.strings) = (None, None);
    fixer.did(
        rules::ITERATION_LIMITS,
        place,
        format_args!(
            "the limits of the iterations differ; what the summary measured is free data now"
        ),
    );
}

/// Whether an operator or a limit is there that nobody can read, so that nothing is known of it.
fn unreadable(step: &Step) -> bool {
    let numeric = step.numeric().iter().map(|m| &m.extra);
    let strings = step.strings().iter().map(|m| &m.extra);
    let any = |extra: &Extra| {
        let names = ["compOp", "lowLimit", "highLimit", "limit"];
        names.iter().any(|name| misread(extra, name))
    };
    numeric.chain(strings).any(any)
}
