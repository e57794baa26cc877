//! Mends the numbers of loops.

use super::Fixer;
use crate::lint::place::Place;
use crate::lint::rules;
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
        one(fixer, &mut head[0], &mut rest[..turns], &place);
        at += turns + 1;
    }
}

fn one(fixer: &mut Fixer<'_>, summary: &mut Step, turns: &mut [Step], place: &Place<'_>) {
    let Some(info) = &mut summary.loop_info else {
        return;
    };
    let renumbered = turns
        .iter_mut()
        .zip(0_i32..)
        .filter_map(|(turn, index)| {
            let info = turn.loop_info.as_mut()?;
            (info.index.replace(index) != Some(index)).then_some(())
        })
        .count();
    let count = match i32::try_from(turns.len()) {
        Ok(0) | Err(_) => info
            .count
            .or(info.ending_index.and_then(|ending| ending.checked_add(1))),
        Ok(turns) => Some(turns),
    };
    if renumbered > 0 || (!turns.is_empty() && info.count.is_some() && info.count != count) {
        let n = turns.len();
        fixer.did(
            rules::ITERATION_INDEX,
            place,
            format_args!("the {n} iterations were numbered from 0"),
        );
    }
    if let Some(count) = count
        && (info.count != Some(count) || info.ending_index != count.checked_sub(1))
    {
        let missing = info.count.is_none() || info.ending_index.is_none();
        info.count = Some(count);
        info.ending_index = Some(count.saturating_sub(1));
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
    if !turns.is_empty() && (info.passed != Some(passed) || info.failed != Some(failed)) {
        (info.passed, info.failed) = (Some(passed), Some(failed));
        fixer.did(
            rules::LOOP_COUNTS,
            place,
            format_args!("passed is {passed} and failed {failed} now, as counted"),
        );
    }
}
