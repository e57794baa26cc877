//! Mends the numbers of loops.

use serde_json::{Map, Value, json};

use super::Fixer;
use crate::report::lint::kept::{LoopInfo, loop_of};
use crate::report::lint::place::Place;
use crate::report::lint::rules;
use crate::report::{Status, Step};

/// Whether a step is the summary or an iteration of a loop.
pub(super) fn is_part(step: &Step) -> bool {
    step.extra.get("loop").is_some_and(|value| !value.is_null())
}

/// Summaries and the iterations that follow them are numbered as they stand.
pub(super) fn mend(fixer: &mut Fixer<'_>, steps: &mut [Step], place: &Place<'_>) {
    let mut at = 0;
    while at < steps.len() {
        let (Some(LoopInfo { index: None, .. }), name) =
            (loop_of(&steps[at]), steps[at].name.clone())
        else {
            at += 1;
            continue;
        };
        let is_turn = |step: &&Step| {
            step.name == name && loop_of(step).is_some_and(|info| info.index.is_some())
        };
        let turns = steps[at + 1..].iter().take_while(is_turn).count();
        let (head, rest) = steps[at..].split_at_mut(1);
        let place = place.part(name.as_deref().unwrap_or_default());
        one(fixer, &mut head[0], &mut rest[..turns], &place);
        at += turns + 1;
    }
}

fn one(fixer: &mut Fixer<'_>, summary: &mut Step, turns: &mut [Step], place: &Place<'_>) {
    let Some(info) = loop_of(summary) else { return };
    let renumbered = turns
        .iter_mut()
        .zip(0_i32..)
        .filter_map(|(turn, index)| {
            let wrong = loop_of(turn).is_some_and(|info| info.index != Some(index));
            wrong.then(|| set(turn, "idx", index))
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
        set(summary, "num", count);
        set(summary, "endingIndex", count.saturating_sub(1));
        let missing = info.count.is_none() || info.ending_index.is_none();
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
        set(summary, "passed", passed);
        set(summary, "failed", failed);
        fixer.did(
            rules::LOOP_COUNTS,
            place,
            format_args!("passed is {passed} and failed {failed} now, as counted"),
        );
    }
}

fn set(step: &mut Step, name: &str, value: i32) {
    if let Some(Value::Object(info)) = step.extra.get_mut("loop") {
        let info: &mut Map<String, Value> = info;
        info.insert(name.to_owned(), json!(value));
    }
}
