//! Makes sequences of steps that hold more than a step may.

use super::call::Call;
use super::names::Names;
use super::{Fixer, Mend, chart};
use crate::lint::place::Place;
use crate::lint::rules::{self, Rule};
use crate::lint::step::MAX_DEPTH;
use crate::{Status, Step, StepType};

/// Steps that broke off with measurements, and such that hold more than they may.
pub(super) fn mend(
    fixer: &mut Fixer<'_>,
    step: &mut Step,
    place: &Place<'_>,
    depth: usize,
    call: Call<'_>,
) {
    let measured = usize::from(!step.numeric().is_empty())
        + usize::from(!step.strings().is_empty())
        + usize::from(!step.booleans().is_empty());
    let is_sequence = step.sequence_call.is_some() || !step.steps().is_empty();
    let broke_off = matches!(step.status, Some(Status::Error | Status::Terminated));
    let two_files = step.chart.is_some() && step.attachment.is_some();
    let too_large = step.chart.as_deref().is_some_and(chart::is_too_large);
    let rule = if measured + usize::from(is_sequence && measured > 0) > 1 {
        rules::TOO_MUCH_IN_STEP
    } else if two_files {
        rules::CHART_AND_ATTACHMENT
    } else if too_large {
        step.chart
            .as_deref()
            .map_or(rules::SERIES_MANY, chart::too_many)
    } else if broke_off && measured > 0 {
        rules::BROKEN_OFF_WITH_MEASUREMENT
    } else {
        return;
    };
    let mend = if rule == rules::BROKEN_OFF_WITH_MEASUREMENT {
        Mend::BrokenOff
    } else {
        Mend::MixedSteps
    };
    if fixer.may(mend) {
        apart(fixer, step, place, depth, call, rule);
    }
}

/// Puts measurements, chart and file of a step into steps within it.
pub(super) fn apart(
    fixer: &mut Fixer<'_>,
    step: &mut Step,
    place: &Place<'_>,
    depth: usize,
    call: Call<'_>,
    rule: &'static Rule,
) {
    if depth >= MAX_DEPTH {
        return;
    }
    let mut inner = measured(step);
    let mut charts = Vec::new();
    if let Some(one) = step.chart.take() {
        if chart::is_too_large(&one) {
            charts = chart::divided(*one);
        } else {
            charts.push(*one);
        }
    }
    let mut charts = charts.into_iter();
    if let Some(first) = inner.first_mut() {
        first.chart = charts.next().map(Box::new);
    }
    inner.extend(charts.map(|one| Step {
        chart: Some(Box::new(one)),
        ..part(step, " (chart)", StepType::Chart, Status::Passed)
    }));
    if let Some(file) = step.attachment.take() {
        match inner.first_mut().filter(|first| first.chart.is_none()) {
            Some(first) => first.attachment = Some(file),
            None => inner.push(Step {
                attachment: Some(file),
                ..part(step, " (file)", StepType::Attachment, Status::Passed)
            }),
        }
    }
    let mut names = Names::default();
    let within = step.steps.get_or_insert_default();
    names
        .taken
        .extend(within.iter().map(|step| step.name().to_owned()));
    for step in &mut inner {
        step.name = Some(names.free(step.name()));
    }
    let count = inner.len();
    within.splice(0..0, inner);
    call.fill(step);
    step.step_type = Some(StepType::SequenceCall);
    fixer.did(
        rule,
        place,
        format_args!("the step is a sequence now; of what it held {count} became steps within it"),
    );
}

/// A step of each kind of measurement.
fn measured(step: &mut Step) -> Vec<Step> {
    let (numeric, strings, booleans) = (
        step.numeric.take(),
        step.strings.take(),
        step.booleans.take(),
    );
    let mut all = Vec::new();
    if let Some(list) = numeric.filter(|list| !list.is_empty()) {
        let status = outcome(list.iter().map(|m| m.status.as_ref()));
        let kind = if list.len() == 1 {
            StepType::Numeric
        } else {
            StepType::MultiNumeric
        };
        all.push(Step {
            numeric: Some(list),
            ..part(step, " (numeric)", kind, status)
        });
    }
    if let Some(list) = strings.filter(|list| !list.is_empty()) {
        let status = outcome(list.iter().map(|m| m.status.as_ref()));
        let kind = if list.len() == 1 {
            StepType::Text
        } else {
            StepType::MultiText
        };
        all.push(Step {
            strings: Some(list),
            ..part(step, " (text)", kind, status)
        });
    }
    if let Some(list) = booleans.filter(|list| !list.is_empty()) {
        let status = outcome(list.iter().map(|m| m.status.as_ref()));
        let kind = if list.len() == 1 {
            StepType::PassFail
        } else {
            StepType::MultiPassFail
        };
        all.push(Step {
            booleans: Some(list),
            ..part(step, " (pass/fail)", kind, status)
        });
    }
    // One alone needs no name of its own.
    if let [only] = &mut *all {
        only.name = Some(name(step, ""));
    }
    all
}

fn outcome<'a>(measured: impl ExactSizeIterator<Item = Option<&'a Status>>) -> Status {
    let all: Vec<&Status> = measured.flatten().collect();
    match &*all {
        [only] => (*only).clone(),
        all => Status::of_parts(all.iter().copied()),
    }
}

/// A part of a step: of the same group.
fn part(step: &Step, end: &str, step_type: StepType, status: Status) -> Step {
    Step {
        group: step.group.clone(),
        step_type: Some(step_type),
        name: Some(name(step, end)),
        status: Some(status),
        ..Step::default()
    }
}

/// The name of a step and what its part holds.
fn name(step: &Step, end: &str) -> String {
    const LONGEST: usize = 100;
    let kept: String = step.name().chars().take(LONGEST - end.len()).collect();
    let name = kept + end;
    if name.is_empty() {
        "Measurement".to_owned()
    } else {
        name
    }
}
