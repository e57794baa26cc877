//! Mends outcomes: letters that the server does not take, and outcomes that contradict each other.

use super::call::Call;
use super::{Fixer, Mend, OutcomeConflict, split};
use crate::lint::collect::Quoted;
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::{Report, Status, Step};

/// The letter of a step or measurement, from words, too.
fn spelled(status: &Status) -> Status {
    let Status::Other(text) = status else {
        return status.clone();
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "ok" | "true" => Status::Passed,
        "nok" | "ng" | "false" => Status::Failed,
        _ => Status::from_word(text),
    }
}

/// Steps within are mended already.
pub(super) fn mend(fixer: &mut Fixer<'_>, step: &mut Step, place: &Place<'_>) {
    if !fixer.may(Mend::Outcomes) {
        return;
    }
    let whole = step.status.as_ref().map(spelled);
    for (index, m) in step.numeric.iter_mut().flatten().enumerate() {
        let accepted = m
            .limits()
            .zip(m.value.as_ref())
            .map(|(limits, value)| limits.accepts(value.value()));
        if !misread(&m.extra, "status") {
            measured(
                fixer,
                &mut m.status,
                accepted,
                whole.as_ref(),
                &place.item("measurement", index, None),
            );
        }
    }
    for (index, m) in step.strings.iter_mut().flatten().enumerate() {
        let accepted = m
            .limits()
            .zip(m.value.as_deref())
            .map(|(limits, value)| limits.accepts(value));
        if !misread(&m.extra, "status") {
            measured(
                fixer,
                &mut m.status,
                accepted,
                whole.as_ref(),
                &place.item("measurement", index, None),
            );
        }
    }
    for (index, m) in step.booleans.iter_mut().flatten().enumerate() {
        if !misread(&m.extra, "status") {
            measured(
                fixer,
                &mut m.status,
                None,
                whole.as_ref(),
                &place.item("measurement", index, None),
            );
        }
    }
    if misread(&step.extra, "status") {
        return;
    }
    let parts = match &*statuses(step) {
        [only] => Some(only.clone()),
        _ => of_parts(step),
    };
    let mended = match whole {
        Some(Status::Done) => parts.unwrap_or(Status::Passed),
        None | Some(Status::Unknown) => parts.unwrap_or(Status::Skipped),
        Some(Status::Other(_)) => parts.unwrap_or(Status::Error),
        Some(valid) => valid,
    };
    set(fixer, &mut step.status, mended, rules::STATUS_LETTER, place);
}

fn set(
    fixer: &mut Fixer<'_>,
    status: &mut Option<Status>,
    mended: Status,
    rule: &'static rules::Rule,
    place: &Place<'_>,
) {
    if status.as_ref() == Some(&mended) {
        return;
    }
    let letter = mended.as_str().to_owned();
    match status.replace(mended) {
        None => fixer.did(
            rule,
            place,
            format_args!("the status was missing; it is {letter} now"),
        ),
        Some(before) => {
            let before = Quoted(before.as_str());
            fixer.did(
                rule,
                place,
                format_args!("the status was {before}; it is {letter} now"),
            );
        }
    }
}

/// The outcome of a measurement: by its limits, else that of its step. What broke off has not passed.
fn measured(
    fixer: &mut Fixer<'_>,
    status: &mut Option<Status>,
    accepted: Option<bool>,
    step: Option<&Status>,
    place: &Place<'_>,
) {
    let own = status.as_ref().map(spelled);
    let mended = match (own, accepted, step) {
        (Some(own @ (Status::Passed | Status::Failed | Status::Skipped)), ..) => own,
        (Some(Status::Error | Status::Terminated), ..) => Status::Failed,
        (_, Some(accepted), _) => Status::of(accepted),
        (_, _, Some(step @ (Status::Passed | Status::Failed | Status::Skipped))) => step.clone(),
        (Some(Status::Other(_)), ..)
        | (_, _, Some(Status::Error | Status::Terminated | Status::Other(_))) => Status::Failed,
        (Some(Status::Done), ..) | (_, _, Some(Status::Done)) => Status::Passed,
        _ => Status::Skipped,
    };
    set(fixer, status, mended, rules::MEASUREMENT_STATUS, place);
}

/// The outcomes of the measurements of a step.
fn statuses(step: &Step) -> Vec<Status> {
    let numeric = step.numeric().iter().map(|m| m.status.as_ref());
    let strings = step.strings().iter().map(|m| m.status.as_ref());
    let booleans = step.booleans().iter().map(|m| m.status.as_ref());
    numeric
        .chain(strings)
        .chain(booleans)
        .flatten()
        .cloned()
        .collect()
}

/// The gravest outcome of what a step holds, if any of it has one that says something of the whole.
fn of_parts(step: &Step) -> Option<Status> {
    let measured = statuses(step);
    let inner = step.steps().iter().filter(|inner| !inner.is_iteration());
    let all = measured
        .iter()
        .chain(inner.filter_map(|inner| inner.status.as_ref()));
    let weighed: Vec<&Status> = all
        .filter(|status| {
            matches!(
                status,
                Status::Passed | Status::Failed | Status::Error | Status::Terminated
            )
        })
        .collect();
    (!weighed.is_empty()).then(|| Status::of_parts(weighed))
}

/// Outcomes of a step and of its measurements that contradict each other.
pub(super) fn conflict(
    fixer: &mut Fixer<'_>,
    step: &mut Step,
    place: &Place<'_>,
    depth: usize,
    call: Call<'_>,
) {
    let which = fixer.policy.conflict;
    let kinds = usize::from(!step.numeric().is_empty())
        + usize::from(!step.strings().is_empty())
        + usize::from(!step.booleans().is_empty());
    let valid =
        |status: &Status| matches!(status, Status::Passed | Status::Failed | Status::Skipped);
    let all = statuses(step);
    let Some(whole) = step.status.clone().filter(valid) else {
        return;
    };
    if which == OutcomeConflict::Keep || kinds != 1 || !all.iter().all(valid) {
        return;
    }
    let any_failed = all.contains(&Status::Failed);
    match (&*all, &whole) {
        ([only], whole) if only != whole => {
            let counts = match which {
                OutcomeConflict::Step => whole.clone(),
                OutcomeConflict::Measurements => only.clone(),
                _ => Status::of_parts([only, whole]),
            };
            tell(fixer, rules::STATUS_OF_SINGLE, place, only, whole, &counts);
            each(step, |status| *status = Some(counts.clone()));
            step.status = Some(counts);
        }
        ([_, _, ..], Status::Failed) if !any_failed => match which {
            OutcomeConflict::Measurements => {
                tell(
                    fixer,
                    rules::FAILED_WITHOUT_CAUSE,
                    place,
                    &Status::Passed,
                    &whole,
                    &Status::Passed,
                );
                step.status = Some(Status::Passed);
            }
            _ => split::apart(fixer, step, place, depth, call, rules::FAILED_WITHOUT_CAUSE),
        },
        ([_, _, ..], Status::Passed) if any_failed => {
            let counts = match which {
                OutcomeConflict::Step => Status::Passed,
                _ => Status::Failed,
            };
            tell(
                fixer,
                rules::PASSED_WITH_FAILURE,
                place,
                &Status::Failed,
                &whole,
                &counts,
            );
            if counts == Status::Passed {
                each(step, |status| {
                    if *status == Some(Status::Failed) {
                        *status = Some(Status::Passed);
                    }
                });
            }
            step.status = Some(counts);
        }
        _ => {}
    }
}

fn tell(
    fixer: &mut Fixer<'_>,
    rule: &'static rules::Rule,
    place: &Place<'_>,
    measured: &Status,
    step: &Status,
    counts: &Status,
) {
    fixer.did(
        rule,
        place,
        format_args!("the step was {step}, but its measurement {measured}; {counts} counts"),
    );
}

fn each(step: &mut Step, set: impl Fn(&mut Option<Status>)) {
    step.numeric
        .iter_mut()
        .flatten()
        .for_each(|m| set(&mut m.status));
    step.strings
        .iter_mut()
        .flatten()
        .for_each(|m| set(&mut m.status));
    step.booleans
        .iter_mut()
        .flatten()
        .for_each(|m| set(&mut m.status));
}

/// The result of the report and the outcome of the root, which are one.
pub(super) fn result(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    let valid = |status: &Status| {
        matches!(
            status,
            Status::Passed | Status::Failed | Status::Error | Status::Terminated
        )
    };
    let odd = misread(&report.extra, "result")
        || report
            .root
            .as_ref()
            .is_some_and(|root| misread(&root.extra, "status"));
    if odd {
        return;
    }
    let own = report.result.as_ref().map(spelled);
    if fixer.may(Mend::Outcomes) {
        let of_root = report
            .root
            .as_ref()
            .and_then(|root| root.status.clone())
            .filter(valid);
        let below = || report.root.as_ref().and_then(of_parts);
        let mended = match own.filter(valid) {
            Some(own) => own,
            None if of_root.is_some() => of_root.unwrap_or(Status::Error),
            None => below().unwrap_or(match (&report.result, &report.root) {
                (Some(result), None) if spelled(result) == Status::Done => Status::Passed,
                _ => Status::Error,
            }),
        };
        set(
            fixer,
            &mut report.result,
            mended.clone(),
            rules::RESULT_LETTER,
            place,
        );
        if let Some(root) = &mut report.root
            && !root.status.as_ref().is_some_and(valid)
        {
            set(
                fixer,
                &mut root.status,
                mended,
                rules::ROOT_STATUS,
                &Place::ROOT,
            );
        }
    }
    let Some(root) = report
        .root
        .as_mut()
        .filter(|_| fixer.policy.conflict != OutcomeConflict::Keep)
    else {
        return;
    };
    let (Some(of_root), Some(result)) = (root.status.clone(), report.result.clone()) else {
        return;
    };
    if of_root != result && valid(&of_root) && valid(&result) {
        let counts = match fixer.policy.conflict {
            OutcomeConflict::Graver => Status::of_parts([&of_root, &result]),
            _ => of_root.clone(),
        };
        fixer.did(
            rules::ROOT_STATUS,
            &Place::ROOT,
            format_args!("the root was {of_root}, but the result {result}; {counts} counts"),
        );
        (root.status, report.result) = (Some(counts.clone()), Some(counts));
    }
}
